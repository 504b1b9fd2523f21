//! Why the nodes of a file are not in order.

use std::collections::HashMap;

use crate::error::{ExactError, Result, shown};
use crate::onnx::NodeProto;

/// Checks that no node reads what is made at its place or later. Says whether it is a cycle or
/// merely a wrong order: neither is ONNX, but the one can be mended.
pub(super) fn check(nodes: &[NodeProto]) -> Result<()> {
    let mut makers: HashMap<&str, usize> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        for output in &node.output {
            makers.entry(output).or_insert(at);
        }
    }
    let reads = |at: usize| {
        let inputs = nodes[at].input.iter();
        inputs.filter_map(|input| makers.get(input.as_str()).copied())
    };
    let late = (0..nodes.len()).find(|&at| reads(at).any(|maker| maker >= at));
    let Some(late) = late else {
        return Ok(());
    };

    // Kahn's algorithm: what is left when nothing more can run is on a cycle or behind one.
    let mut open: Vec<usize> = (0..nodes.len()).map(|at| reads(at).count()).collect();
    let mut readers = vec![Vec::new(); nodes.len()];
    for at in 0..nodes.len() {
        for maker in reads(at) {
            readers[maker].push(at);
        }
    }
    let mut ready: Vec<usize> = (0..nodes.len()).filter(|&at| open[at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &reader in &readers[at] {
            open[reader] -= 1;
            if open[reader] == 0 {
                ready.push(reader);
            }
        }
    }
    let Some(mut at) = open.iter().position(|&inputs| inputs > 0) else {
        let name = label(&nodes[late]);
        return Err(ExactError::Graph(format!(
            "the nodes are not in topological order: {name} reads what is made after it"
        )));
    };
    // Backwards along open inputs one comes to a node for the second time: it is on the cycle.
    let mut seen = vec![false; nodes.len()];
    while !seen[at] {
        seen[at] = true;
        at = reads(at).find(|&maker| open[maker] > 0).unwrap_or(at);
    }
    let name = label(&nodes[at]);
    Err(ExactError::Graph(format!(
        "the graph has a cycle through node {name}"
    )))
}

fn label(node: &NodeProto) -> String {
    let output = node.output.first().map_or("", String::as_str);
    shown(if node.name.is_empty() {
        output
    } else {
        &node.name
    })
}
