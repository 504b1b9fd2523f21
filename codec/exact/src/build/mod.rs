//! Writing step graphs: a [`GraphBuilder`] collects inputs, constants and nodes and gives the
//! bytes of an ONNX file.
//!
//! Every method that makes a value returns its name, which later calls take. The builder checks
//! nothing but names: [`StepModel::load`](crate::StepModel::load) is the judge.
//!
//! ```
//! use umoec_exact::build::{GraphBuilder, ModelCard};
//!
//! let mut b = GraphBuilder::new(&ModelCard::named("uniform", "1"));
//! let byte = b.byte_input();
//! let zero = b.scalar(0.0);
//! let flat = b.mul(&byte, &zero);
//! let logits = b.expand(&flat, &[1, 256]);
//! b.output("logits", &logits, &[256]);
//! let file = b.finish();
//! umoec_exact::StepModel::load(&file, &Default::default()).unwrap();
//! ```

pub mod attributes;
mod nodes;
mod seal;
mod tensors;

use std::collections::{BTreeMap, HashMap};

use prost::Message;

use crate::interface::{StateRange, keys};
use crate::onnx::{
    AttributeProto, DimensionProto, DimensionValue, GraphProto, IR_VERSION, ModelProto, NodeProto,
    OPSET_VERSION, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto, data_type,
};

pub use seal::seal;

/// The name of the symbolic dimension of all inputs and outputs.
pub const LANES: &str = "lanes";

/// What a model says of itself (`spec/numerics.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCard {
    /// Name: letters, digits, `.`, `_` and `-`, at most 64.
    pub name: String,
    /// Version, as the name.
    pub version: String,
    /// Licence of the weights, an SPDX expression.
    pub licence: String,
    /// Bytes that the model sees at most, 0 where its states reach back without bound.
    pub context: u64,
    /// What it was trained on, in a sentence or two.
    pub training: String,
}

impl ModelCard {
    /// A card for a model that was not trained.
    #[must_use]
    pub fn named(name: &str, version: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            licence: "MIT OR Apache-2.0".into(),
            context: 0,
            training: "none".into(),
        }
    }
}

/// Collects a graph and writes it.
#[derive(Debug, Clone)]
pub struct GraphBuilder {
    graph: GraphProto,
    metadata: BTreeMap<String, String>,
    /// How often a base name was given, to make names unique.
    names: HashMap<String, usize>,
    /// Scalars by their bits, so that each is stored once.
    scalars: HashMap<u32, String>,
    /// Constant integer vectors (shapes, axes), likewise.
    vectors: HashMap<Vec<i64>, String>,
}

impl GraphBuilder {
    /// An empty step graph with the metadata that every model has.
    #[must_use]
    pub fn new(card: &ModelCard) -> Self {
        let mut builder = Self {
            graph: GraphProto {
                name: card.name.clone(),
                ..GraphProto::default()
            },
            metadata: BTreeMap::new(),
            names: HashMap::new(),
            scalars: HashMap::new(),
            vectors: HashMap::new(),
        };
        builder.metadata(keys::FORMAT, "1");
        builder.metadata(keys::ROLE, "step");
        builder.metadata(keys::PATCH, "1");
        builder.metadata(keys::NAME, &card.name);
        builder.metadata(keys::VERSION, &card.version);
        builder.metadata(keys::LICENCE, &card.licence);
        builder.metadata(keys::CONTEXT, &card.context.to_string());
        builder.metadata(keys::TRAINING, &card.training);
        builder
    }

    /// Sets a metadata entry, replacing what it was.
    pub fn metadata(&mut self, key: &str, value: &str) {
        self.metadata.insert(key.into(), value.into());
    }

    /// A float input of shape `[lanes, dims...]`; its value is named `name`.
    pub fn input(&mut self, name: &str, dims: &[usize]) -> String {
        self.names.insert(name.into(), 1);
        self.graph.input.push(float_value(name, dims));
        name.into()
    }

    /// The input `byte`, `[lanes, 1]`.
    pub fn byte_input(&mut self) -> String {
        self.input("byte", &[1])
    }

    /// The input `condition`, `[lanes, size]`, and the metadata that declares it.
    pub fn condition_input(&mut self, size: usize, range: StateRange) -> String {
        self.metadata(keys::CONDITION, &range.to_json());
        self.input("condition", &[size])
    }

    /// The input `state.NAME` of shape `[lanes, dims...]` and the metadata that declares it.
    /// Returns the value's name.
    pub fn state(&mut self, name: &str, dims: &[usize], range: StateRange) -> String {
        self.metadata(&format!("{}{name}", keys::STATE), &range.to_json());
        self.input(&format!("state.{name}"), dims)
    }

    /// The output `next.NAME`, of the state's shape.
    pub fn next_state(&mut self, name: &str, value: &str, dims: &[usize]) {
        self.output(&format!("next.{name}"), value, dims);
    }

    /// A float output of shape `[lanes, dims...]` that carries `value` under `name`.
    pub fn output(&mut self, name: &str, value: &str, dims: &[usize]) {
        self.names.insert(name.into(), 1);
        self.push("Identity", &[value], vec![name.into()], Vec::new());
        self.graph.output.push(float_value(name, dims));
    }

    /// A node of any operator with one output, which is named after the operator.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let output = self.unique(&operator.to_lowercase());
        self.push(operator, inputs, vec![output.clone()], attributes);
        output
    }

    /// As [`node`](Self::node), with several outputs.
    pub fn node_outputs(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        outputs: usize,
    ) -> Vec<String> {
        let base = operator.to_lowercase();
        let names: Vec<String> = (0..outputs).map(|_| self.unique(&base)).collect();
        self.push(operator, inputs, names.clone(), attributes);
        names
    }

    /// A name that no value or node has yet.
    pub fn unique(&mut self, base: &str) -> String {
        loop {
            let count = self.names.entry(base.to_owned()).or_insert(0);
            *count += 1;
            let name = match *count {
                1 => return base.to_owned(),
                n => format!("{base}_{n}"),
            };
            if self.names.insert(name.clone(), 1).is_none() {
                return name;
            }
        }
    }

    fn push(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: Vec<String>,
        attribute: Vec<AttributeProto>,
    ) {
        // A value has one maker, so its name with a mark is unique among nodes.
        let name = format!("{}/{operator}", output.first().map_or("", String::as_str));
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output,
            name,
            op_type: operator.into(),
            attribute,
            ..NodeProto::default()
        });
    }

    /// The file's bytes. The same calls give the same bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let entry = |(key, value)| StringStringEntryProto { key, value };
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: "umoec".into(),
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: OPSET_VERSION,
            }],
            metadata_props: self.metadata.into_iter().map(entry).collect(),
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }
}

fn float_value(name: &str, dims: &[usize]) -> ValueInfoProto {
    let lanes = DimensionValue::Name(LANES.into());
    let sizes = dims.iter().map(|&size| DimensionValue::Size(size as i64));
    let dim = std::iter::once(lanes)
        .chain(sizes)
        .map(|value| DimensionProto {
            value: Some(value),
            denotation: String::new(),
        });
    let tensor = TensorTypeProto {
        elem_type: data_type::FLOAT,
        shape: Some(TensorShapeProto { dim: dim.collect() }),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            tensor_type: Some(tensor),
            denotation: String::new(),
        }),
        doc_string: String::new(),
    }
}
