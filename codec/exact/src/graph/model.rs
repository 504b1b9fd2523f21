//! A whole file taken apart.

use std::collections::{BTreeMap, HashSet};

use prost::Message;

use crate::build::LANES;
use crate::error::{ExactError, Result, shown};
use crate::limits::ModelLimits;
use crate::onnx::{
    DimensionValue, GraphProto, IR_VERSION, ModelProto, NodeProto, OPSET_VERSION, ValueInfoProto,
    scan,
};

use super::constant::{describe, element_type};
use super::node::Reading;
use super::shape::Dim;
use super::{Constant, ElementType, Graph, Shape, Value, order};

/// Reads the bytes of an ONNX file (spec numerics §2).
///
/// # Errors
///
/// What is ill-formed, outside the subset or beyond the limits, with its place.
pub fn parse(file: &[u8], limits: &ModelLimits) -> Result<Graph> {
    scan::scan(file, limits)?;
    let model = ModelProto::decode(file).map_err(|error| ExactError::Malformed {
        offset: 0,
        reason: error.to_string(),
    })?;
    versions(&model)?;
    let metadata = metadata(&model)?;
    let proto = model.graph.ok_or_else(|| malformed("it has no graph"))?;
    graph(proto, metadata, limits)
}

fn malformed(reason: &str) -> ExactError {
    ExactError::Malformed {
        offset: 0,
        reason: reason.into(),
    }
}

fn versions(model: &ModelProto) -> Result<()> {
    if model.ir_version != IR_VERSION {
        let text = format!("IR version {} is not {IR_VERSION}", model.ir_version);
        return Err(ExactError::Unsupported(text));
    }
    match &model.opset_import[..] {
        [set] if matches!(set.domain.as_str(), "" | "ai.onnx") && set.version == OPSET_VERSION => {
            Ok(())
        }
        sets => {
            let mut names = sets.iter().take(4).map(|set| {
                let domain = if set.domain.is_empty() {
                    "ai.onnx"
                } else {
                    &set.domain
                };
                format!("{} {}", shown(domain), set.version)
            });
            let first = names.next().unwrap_or_else(|| "none".into());
            let names = names.fold(first, |all, name| all + ", " + &name);
            let text = format!("operator sets: {names}; only ai.onnx {OPSET_VERSION} is exact");
            Err(ExactError::Unsupported(text))
        }
    }
}

fn metadata(model: &ModelProto) -> Result<BTreeMap<String, String>> {
    let mut metadata = BTreeMap::new();
    for entry in &model.metadata_props {
        let before = metadata.insert(entry.key.clone(), entry.value.clone());
        if before.is_some() {
            let text = format!("the metadata {} is there twice", shown(&entry.key));
            return Err(ExactError::Graph(text));
        }
    }
    Ok(metadata)
}

fn graph(
    proto: GraphProto,
    metadata: BTreeMap<String, String>,
    limits: &ModelLimits,
) -> Result<Graph> {
    let empty = Graph {
        values: Vec::new(),
        nodes: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        metadata,
        limits: *limits,
    };
    node_names(&proto.node)?;
    order::check(&proto.node)?;
    let mut reading = Reading::new(empty, limits);
    for info in &proto.input {
        let (element, shape) = described(info, "input")?;
        port(&info.name, "input", element, &shape)?;
        let value = Value {
            name: info.name.clone(),
            element,
            shape,
            constant: None,
        };
        let id = reading.define(value)?;
        reading.graph.inputs.push(id);
    }
    for mut tensor in proto.initializer {
        let name = std::mem::take(&mut tensor.name);
        let constant = Constant::read(tensor, limits)
            .map_err(|reason| ExactError::Graph(describe(&name, &reason)))?;
        reading.constant(name, constant)?;
    }
    for node in proto.node {
        reading.node(node)?;
    }
    let mut seen = HashSet::new();
    for info in &proto.output {
        let (element, shape) = described(info, "output")?;
        port(&info.name, "output", element, &shape)?;
        let id = known(&reading, info, element, &shape, "output")?;
        if !seen.insert(id) {
            let text = format!("the output {} is there twice", shown(&info.name));
            return Err(ExactError::Graph(text));
        }
        reading.graph.outputs.push(id);
    }
    for info in &proto.value_info {
        let (element, shape) = described(info, "value")?;
        known(&reading, info, element, &shape, "value")?;
    }
    Ok(reading.graph)
}

/// Names of nodes are for messages, so they must tell nodes apart.
fn node_names(nodes: &[NodeProto]) -> Result<()> {
    let mut names = HashSet::new();
    for name in nodes.iter().map(|node| &node.name) {
        if !name.is_empty() && !names.insert(name) {
            let text = format!("two nodes have the name {}", shown(name));
            return Err(ExactError::Graph(text));
        }
    }
    Ok(())
}

/// What a value's description says.
fn described(info: &ValueInfoProto, what: &str) -> Result<(ElementType, Shape)> {
    let fail = |reason: &str| ExactError::Graph(format!("{what} {}: {reason}", shown(&info.name)));
    let tensor = info
        .r#type
        .as_ref()
        .and_then(|kind| kind.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| fail("it has no tensor type"))?;
    let element = element_type(tensor.elem_type).map_err(|reason| fail(&reason))?;
    let shape = tensor
        .shape
        .as_ref()
        .ok_or_else(|| fail("it has no shape"))?;
    if shape.dim.len() > ModelLimits::RANK {
        return Err(fail("it has too many axes"));
    }
    let dims = shape.dim.iter().map(|dim| match &dim.value {
        Some(DimensionValue::Size(size @ 1..)) => usize::try_from(*size).ok().map(Dim::Size),
        Some(DimensionValue::Name(name)) if name == LANES => Some(Dim::Lanes),
        _ => None,
    });
    let dims: Option<Vec<Dim>> = dims.collect();
    let dims = dims.ok_or_else(|| fail("an axis is neither a positive size nor \"lanes\""))?;
    Ok((element, Shape(dims)))
}

/// Inputs and outputs are floats with lanes in front.
fn port(name: &str, what: &str, element: ElementType, shape: &Shape) -> Result<()> {
    let inner = shape.0.iter().skip(1).any(|&dim| dim == Dim::Lanes);
    if element == ElementType::F32 && shape.has_lanes() && !inner {
        return Ok(());
    }
    let text = format!(
        "{what} {} is {} {shape}, not float32 with lanes on the first axis alone",
        shown(name),
        element.name()
    );
    Err(ExactError::Graph(text))
}

/// The value that a description is of, which must be as described.
fn known(
    reading: &Reading<'_>,
    info: &ValueInfoProto,
    element: ElementType,
    shape: &Shape,
    what: &str,
) -> Result<super::ValueId> {
    let name = shown(&info.name);
    let Some(&id) = reading.ids.get(&info.name) else {
        return Err(ExactError::Graph(format!(
            "nothing makes the {what} {name}"
        )));
    };
    let value = &reading.graph.values[id];
    if (value.element, &value.shape) == (element, shape) {
        return Ok(id);
    }
    let (is, says) = (value.element.name(), element.name());
    let text = format!(
        "{what} {name} is said to be {says} {shape} and is {is} {}",
        value.shape
    );
    Err(ExactError::Graph(text))
}
