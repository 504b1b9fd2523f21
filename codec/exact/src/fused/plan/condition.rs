//! What a `Where` asks.

use crate::graph::movement::Movement;
use crate::graph::{Graph, Node, Op};

use super::regions::Key;

/// The condition under which a `Where` takes its first choice, if that is one truth value for each
/// lane. Other shapes and negations of a value are known as that value.
pub(super) fn key(
    graph: &Graph,
    nodes: &[Node],
    makers: &[Option<usize>],
    node: &Node,
) -> Option<Key> {
    if node.op != Op::Where {
        return None;
    }
    let mut key = Key {
        value: node.inputs[0],
        truth: true,
    };
    while let Some(maker) = makers[key.value].map(|at| &nodes[at]) {
        match maker.op {
            Op::Not => key.truth = !key.truth,
            Op::Move(Movement::Same(_) | Movement::Expand | Movement::Transpose { .. }) => {}
            _ => break,
        }
        key.value = maker.inputs[0];
    }
    let shape = &graph.values[key.value].shape;
    (shape.has_lanes() && shape.elements() == Some(1)).then_some(key)
}

impl Key {
    /// The condition under which the choices of a `Where` with this one are taken, each with its
    /// place among the inputs.
    pub(in super::super) fn choices(self) -> [(Self, usize); 2] {
        let not = Self {
            truth: !self.truth,
            ..self
        };
        [(self, 1), (not, 2)]
    }
}
