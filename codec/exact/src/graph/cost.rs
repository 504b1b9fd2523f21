//! What a node costs in one step of one lane.

use super::{Graph, Node, Op};

/// Multiplications of a matrix product that depends on the input; others are done once.
pub(super) fn macs(graph: &Graph, node: &Node) -> u64 {
    let varies = node
        .inputs
        .iter()
        .any(|&input| graph.values[input].shape.has_lanes());
    match node.op {
        Op::MatMul if varies => operations(graph, node),
        _ => 0,
    }
}

/// Elementary operations of a node: what a plain interpreter would do.
pub(super) fn operations(graph: &Graph, node: &Node) -> u64 {
    let elements = |id: &usize| graph.values[*id].shape.elements().unwrap_or(usize::MAX) as u64;
    let made: u64 = node
        .outputs
        .iter()
        .map(elements)
        .fold(0, u64::saturating_add);
    let read: u64 = node
        .inputs
        .iter()
        .map(elements)
        .fold(0, u64::saturating_add);
    match node.op {
        Op::MatMul => {
            let inner = graph.values[node.inputs[0]].shape.0.last();
            let inner = inner.and_then(|dim| dim.size()).unwrap_or(1);
            made.saturating_mul(inner as u64)
        }
        // A sort, however it is done.
        Op::TopK { .. } => read.saturating_mul(1 + u64::from(read.ilog2())),
        // A small input may be read again and again.
        _ => made
            .saturating_mul(node.inputs.len() as u64)
            .saturating_add(read),
    }
}
