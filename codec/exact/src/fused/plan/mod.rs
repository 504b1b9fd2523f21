//! The order in which nodes are lowered, and what may be left out when it is switched off.
//!
//! A node whose result is only ever chosen by `Where`s under one condition need not run in a step
//! where the condition holds in no lane: a layer of a mixture of depths (Raposo et al.,
//! Mixture-of-Depths, 2024), or a network that runs once for each patch of bytes. Such nodes are
//! put behind one another in a *region* that is skipped as a whole. `Where` still selects lane by
//! lane, so that what was skipped, or was computed for a lane that does not want it, is never seen.
//!
//! A state that becomes `Where(condition, new, state)` stays as it is where its region is skipped:
//! nothing is copied.

mod carried;
mod condition;
mod guards;
mod order;
mod regions;

use crate::graph::movement::Movement;
use crate::graph::{Graph, Node, Op, ValueId};
use crate::interface::Interface;

use super::scale::Scale;

pub(super) use carried::Carried;
pub(super) use regions::{ALWAYS, Key, Regions};

/// A graph's nodes as they are lowered.
#[derive(Debug)]
pub(super) struct Plan {
    /// The nodes that an output depends on, in order.
    pub(super) nodes: Vec<Node>,
    /// The region of each.
    pub(super) places: Vec<usize>,
    pub(super) regions: Regions,
    /// States that are written in a region only.
    pub(super) carried: Vec<Carried>,
}

impl Plan {
    pub(super) fn new(graph: &Graph, interface: &Interface, scales: &[Option<Scale>]) -> Self {
        let mut nodes = graph.nodes.clone();
        let mut regions = Regions::new();
        let makers = makers(graph, &nodes);
        let places = guards::places(graph, &nodes, &makers, &mut regions);
        guards::shorten(graph, &mut nodes, &makers, &places, &regions);
        let mut regions = Regions::new();
        let mut places = guards::places(graph, &nodes, &makers, &mut regions);
        let carried = carried::carried(
            graph,
            interface,
            scales,
            (&nodes, &makers),
            (&mut places, &regions),
        );
        let order = order::order(graph, &nodes, &places, &regions);
        Self {
            places: order.iter().filter_map(|&at| places[at]).collect(),
            nodes: order.iter().map(|&at| nodes[at].clone()).collect(),
            regions,
            carried,
        }
    }

    /// The condition of a `Where`, if it is one truth value for each lane.
    pub(super) fn condition(
        &self,
        graph: &Graph,
        makers: &[Option<usize>],
        node: &Node,
    ) -> Option<Key> {
        condition::key(graph, &self.nodes, makers, node)
    }
}

/// For each value the node that makes it.
pub(super) fn makers(graph: &Graph, nodes: &[Node]) -> Vec<Option<usize>> {
    let mut makers = vec![None; graph.values.len()];
    for (at, node) in nodes.iter().enumerate() {
        for &output in &node.outputs {
            makers[output] = Some(at);
        }
    }
    makers
}

/// The value whose elements another one has, in the same order.
pub(super) fn origin(nodes: &[Node], makers: &[Option<usize>], mut id: ValueId) -> ValueId {
    while let Some(node) = makers[id].map(|at| &nodes[at]) {
        match node.op {
            Op::Move(Movement::Same(_)) => id = node.inputs[0],
            _ => break,
        }
    }
    id
}

#[cfg(test)]
mod tests;
