//! One node of the file, made part of the graph.

use std::collections::HashMap;

use crate::error::{ExactError, Result, shown};
use crate::limits::ModelLimits;
use crate::onnx::NodeProto;

use super::attributes::Attributes;
use super::cost;
use super::operators::{Call, Resolved, resolve};
use super::shape::Dim;
use super::{Graph, Node, Shape, Value, ValueId};

/// The graph while it is read.
pub(super) struct Reading<'a> {
    pub(super) graph: Graph,
    pub(super) ids: HashMap<String, ValueId>,
    pub(super) limits: &'a ModelLimits,
    /// Elements of all values so far, for one lane.
    elements: usize,
    operations: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(graph: Graph, limits: &'a ModelLimits) -> Self {
        Self {
            graph,
            ids: HashMap::new(),
            limits,
            elements: 0,
            operations: 0,
        }
    }

    /// Adds a value under a new name.
    pub(super) fn define(&mut self, value: Value) -> Result<ValueId> {
        let name = &value.name;
        if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
            return Err(ExactError::Graph(format!(
                "a value's name is {:?}",
                shown(name)
            )));
        }
        let elements = value.shape.elements().unwrap_or(usize::MAX);
        if elements > self.limits.tensor_elements {
            let limit = self.limits.tensor_elements;
            return Err(ExactError::limit("elements of one tensor", elements, limit));
        }
        self.elements = self.elements.saturating_add(elements);
        if self.elements > self.limits.elements {
            let limit = self.limits.elements;
            return Err(ExactError::limit(
                "elements of all tensors",
                self.elements,
                limit,
            ));
        }
        let id = self.graph.values.len();
        if self.ids.insert(name.clone(), id).is_some() {
            return Err(ExactError::Graph(format!(
                "the value {} is made twice",
                shown(name)
            )));
        }
        self.graph.values.push(value);
        Ok(id)
    }

    /// Adds a node whose inputs are all known.
    pub(super) fn node(&mut self, node: NodeProto) -> Result<()> {
        let NodeProto {
            input,
            output,
            name,
            op_type,
            attribute,
            domain,
            ..
        } = node;
        let name = match (name.is_empty(), output.first()) {
            (true, Some(output)) => output.clone(),
            _ => name,
        };
        let fail = |reason: String| ExactError::Node {
            node: shown(&name),
            operator: shown(&op_type),
            reason,
        };
        if !matches!(domain.as_str(), "" | "ai.onnx") {
            return Err(fail(format!(
                "the domain {} is outside the exact subset",
                shown(&domain)
            )));
        }
        let mut inputs = Vec::with_capacity(input.len());
        for name in &input {
            inputs.push(match name.is_empty() {
                true => None,
                false => Some(*self.ids.get(name).ok_or_else(|| {
                    fail(format!("it reads {}, which nothing makes", shown(name)))
                })?),
            });
        }
        // Optional inputs at the end may be given as empty names.
        while inputs.last() == Some(&None) {
            inputs.pop();
        }
        let mut call = Call {
            values: &self.graph.values,
            inputs,
            attributes: Attributes::new(attribute).map_err(fail)?,
            outputs: output.len(),
            limits: self.limits,
        };
        let resolved = resolve(&op_type, &mut call).map_err(fail)?;
        call.attributes.finish().map_err(fail)?;
        let (op, inputs, made) = match resolved {
            Resolved::Constant(constant) => {
                let [name] = <[String; 1]>::try_from(output)
                    .map_err(|output| fail(format!("it has {} outputs", output.len())))?;
                return self.constant(name, constant).map(drop);
            }
            Resolved::Node {
                op,
                inputs,
                outputs,
            } => (op, inputs, outputs),
        };
        if made.len() != output.len() {
            return Err(fail(format!("it has {} outputs", output.len())));
        }
        let mut outputs = Vec::with_capacity(made.len());
        for (output, (element, shape)) in output.into_iter().zip(made) {
            check(&shape).map_err(fail)?;
            let value = Value {
                name: output,
                element,
                shape,
                constant: None,
            };
            outputs.push(self.define(value)?);
        }
        self.graph.nodes.push(Node {
            name: name.clone(),
            op,
            inputs,
            outputs,
        });
        self.count()
    }

    /// Adds a constant.
    pub(super) fn constant(&mut self, name: String, constant: super::Constant) -> Result<ValueId> {
        self.define(Value {
            name,
            element: constant.data.element(),
            shape: Shape::fixed(&constant.dims),
            constant: Some(constant),
        })
    }

    /// Counts the operations of the last node.
    fn count(&mut self) -> Result<()> {
        if let Some(node) = self.graph.nodes.last() {
            let operations = cost::operations(&self.graph, node);
            self.operations = self.operations.saturating_add(operations);
        }
        if self.operations > self.limits.operations {
            return Err(ExactError::Limit {
                what: "operations per step",
                needed: self.operations,
                limit: self.limits.operations,
            });
        }
        Ok(())
    }
}

/// What holds for every shape: few axes, and the lane axis only in front, so that no lane meets
/// another.
fn check(shape: &Shape) -> Result<(), String> {
    if shape.rank() > ModelLimits::RANK {
        return Err(format!("the result {shape} has {} axes", shape.rank()));
    }
    if shape.0.contains(&Dim::Size(0)) {
        return Err(format!("the result {shape} has no elements"));
    }
    if shape.0.iter().skip(1).any(|&dim| dim == Dim::Lanes) {
        return Err(format!(
            "the result {shape} does not have the lane axis in front"
        ));
    }
    Ok(())
}
