//! Why a step of the proof fails, before it is known at which node.

use crate::error::{ExactError, shown};
use crate::graph::{Graph, Node, ValueId};

/// A failed step of the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A bound is too large.
    Bound {
        reason: String,
        bound: u64,
        allowed: u64,
    },
    /// Something is not proved.
    Unproved(String),
    /// The proof takes too long.
    Budget,
}

impl Fault {
    pub(super) fn bound(reason: impl Into<String>, bound: u64, allowed: u64) -> Self {
        Self::Bound {
            reason: reason.into(),
            bound,
            allowed,
        }
    }

    pub(super) fn unproved(reason: impl Into<String>) -> Self {
        Self::Unproved(reason.into())
    }

    /// As the fault of a value that no node makes.
    pub(super) fn of_value(self, graph: &Graph, id: ValueId) -> ExactError {
        self.named(&graph.values[id].name, "constant")
    }

    fn named(self, node: &str, operator: &str) -> ExactError {
        let (node, operator) = (shown(node), operator.to_owned());
        match self {
            Self::Bound {
                reason,
                bound,
                allowed,
            } => ExactError::Inexact {
                node,
                operator,
                reason,
                bound,
                allowed,
            },
            Self::Unproved(reason) => ExactError::Unproved {
                node,
                operator,
                reason,
            },
            Self::Budget => ExactError::Unproved {
                node,
                operator,
                reason: "the proof takes more operations than the limits allow".into(),
            },
        }
    }
}

pub(super) fn at_node(fault: Fault, node: &Node) -> ExactError {
    fault.named(&node.name, node.op.name())
}
