//! The result of a proof.

use std::fmt;

use crate::error::shown;
use crate::graph::Node;

use super::cell::SUM_MAX;
use super::modes::Modes;
use super::tensor::Tensor;

/// What is proved of a tensor: its elements are integers `low..=high` times `2^exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorFact {
    /// The value's name.
    pub name: String,
    /// The common unit of all elements is 2 to this power.
    pub exponent: i32,
    /// Least integer of any element.
    pub low: i64,
    /// Greatest integer of any element.
    pub high: i64,
    /// Largest bound of any partial sum, each element in its own unit; below 2^24.
    pub sum: u32,
}

/// What is proved of a matrix product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatMulFact {
    /// The node's name.
    pub node: String,
    /// Formats that hold its operands.
    pub modes: Modes,
}

impl MatMulFact {
    pub(super) fn new(node: &Node, a: &Tensor, b: &Tensor) -> Self {
        Self {
            node: node.name.clone(),
            modes: Modes::of(a, b),
        }
    }
}

/// The node that comes nearest to the bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worst {
    /// The node's name.
    pub node: String,
    /// Its operator.
    pub operator: &'static str,
    /// Its bound, below 2^24.
    pub bound: u32,
}

impl Worst {
    pub(super) fn new(node: &Node, bound: u32) -> Self {
        Self {
            node: node.name.clone(),
            operator: node.op.name(),
            bound,
        }
    }
}

/// A graph's proof of exactness, summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Every value that is read or made, in the graph's order.
    pub tensors: Vec<TensorFact>,
    /// Every matrix product, in the graph's order.
    pub matmuls: Vec<MatMulFact>,
    /// Formats that a runtime may use for all matrix products.
    pub modes: Modes,
    /// The node nearest to the bound; `None` for a graph without nodes.
    pub worst: Option<Worst>,
}

impl Certificate {
    /// One line: worst bound, node, formats.
    #[must_use]
    pub fn summary(&self) -> String {
        let worst = self.worst.as_ref().map_or("no nodes".to_owned(), |worst| {
            let (bound, node, operator) = (worst.bound, shown(&worst.node), worst.operator);
            format!("largest sum {bound} of {SUM_MAX} at {node} ({operator})")
        });
        format!("{worst}; matrix products exact in {}", self.modes)
    }
}

impl fmt::Display for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fp32")?;
        for (allowed, name) in [
            (self.tf32, "tf32"),
            (self.bf16, "bf16"),
            (self.fp16, "fp16"),
        ] {
            if allowed {
                write!(f, ", {name}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Certificate {
    /// The summary, then one line for each tensor and each matrix product.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        for fact in &self.tensors {
            let TensorFact {
                name,
                exponent,
                low,
                high,
                sum,
            } = fact;
            writeln!(
                f,
                "{}: {low}..={high} * 2^{exponent}, sums {sum}",
                shown(name)
            )?;
        }
        for fact in &self.matmuls {
            writeln!(f, "{}: exact in {}", shown(&fact.node), fact.modes)?;
        }
        Ok(())
    }
}
