//! A parsed graph: typed nodes in topological order over values of known type and shape.
//!
//! [`parse`] takes a file apart and refuses all that is outside the exact subset or ill-formed
//! (spec numerics §2 and §3). Whether the graph is *exact* is the verifier's question.

mod attributes;
mod broadcast;
pub mod constant;
mod cost;
mod model;
pub mod movement;
mod node;
pub mod op;
mod operators;
mod order;
pub mod shape;

pub use constant::{Constant, Data};
pub use model::parse;
pub use op::{Comparison, Op};
pub use shape::{Dim, Shape};

use std::collections::BTreeMap;

use crate::limits::ModelLimits;

/// The place of a value in [`Graph::values`].
pub type ValueId = usize;

/// Type of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// 32-bit float, the carrier of all arithmetic.
    F32,
    /// Signed byte, for constants.
    I8,
    /// Byte, for constants.
    U8,
    /// 32-bit integer, for indices.
    I32,
    /// 64-bit integer, for indices.
    I64,
    /// Truth value.
    Bool,
}

impl ElementType {
    /// The name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::Bool => "bool",
        }
    }

    /// Whether it is one of the integer types.
    #[must_use]
    pub const fn is_integer(self) -> bool {
        matches!(self, Self::I8 | Self::U8 | Self::I32 | Self::I64)
    }
}

/// A named tensor of the graph.
#[derive(Debug, Clone)]
pub struct Value {
    /// The name.
    pub name: String,
    /// Type of its elements.
    pub element: ElementType,
    /// Its shape.
    pub shape: Shape,
    /// The elements, where they stand in the file.
    pub constant: Option<Constant>,
}

/// An application of an operator.
#[derive(Debug, Clone)]
pub struct Node {
    /// The node's name, its first output's where it has none.
    pub name: String,
    /// The operator with its static parameters.
    pub op: Op,
    /// Values read, without those that became static parameters.
    pub inputs: Vec<ValueId>,
    /// Values made.
    pub outputs: Vec<ValueId>,
}

/// A whole graph.
#[derive(Debug, Clone)]
pub struct Graph {
    /// All values: inputs, constants, and what nodes make.
    pub values: Vec<Value>,
    /// The nodes in an order in which each reads only what was made before.
    pub nodes: Vec<Node>,
    /// The inputs, float tensors with a lane axis.
    pub inputs: Vec<ValueId>,
    /// The outputs, likewise.
    pub outputs: Vec<ValueId>,
    /// The model's metadata.
    pub metadata: BTreeMap<String, String>,
    /// The limits that it was read under; they hold for its proof too.
    pub limits: ModelLimits,
}

impl Graph {
    /// Multiplications of one step and lane in matrix products.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.nodes.iter().map(|node| cost::macs(self, node)).sum()
    }

    /// Elements of all constants that are weights or tables, not shapes, axes or clip bounds.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let mut read = vec![false; self.values.len()];
        for &input in self.nodes.iter().flat_map(|node| &node.inputs) {
            read[input] = true;
        }
        let constants = self.values.iter().zip(read).filter(|(_, read)| *read);
        constants
            .filter_map(|(value, _)| value.constant.as_ref())
            .map(|constant| constant.data.len() as u64)
            .sum()
    }
}
