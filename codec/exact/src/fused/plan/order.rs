//! An order of the nodes in which those of a region stand together.

use std::collections::BTreeSet;

use crate::graph::{Graph, Node, ValueId};

use super::regions::{ALWAYS, Regions};

/// The nodes that have a place, each behind what it reads and behind the conditions of its region.
/// All that can stand before a region does. Without regions the order is the graph's.
pub(super) fn order(
    graph: &Graph,
    nodes: &[Node],
    places: &[Option<usize>],
    regions: &Regions,
) -> Vec<usize> {
    let mut made = vec![true; graph.values.len()];
    let placed = || nodes.iter().zip(places).enumerate();
    for (_, (node, place)) in placed() {
        if place.is_some() {
            node.outputs.iter().for_each(|&id| made[id] = false);
        }
    }
    let mut waiting = vec![0; nodes.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); graph.values.len()];
    let mut ready = vec![BTreeSet::new(); regions.len()];
    for (at, (node, place)) in placed() {
        let Some(place) = *place else { continue };
        let conditions = regions.path(place).map(|region| regions.key(region).value);
        let needed: BTreeSet<ValueId> = node.inputs.iter().copied().chain(conditions).collect();
        for id in needed {
            if !made[id] {
                waiting[at] += 1;
                readers[id].push(at);
            }
        }
        if waiting[at] == 0 {
            ready[place].insert(at);
        }
    }
    let mut order = Vec::with_capacity(nodes.len());
    let mut region = ALWAYS;
    loop {
        while let Some(at) = ready[region].pop_first() {
            order.push(at);
            for id in &nodes[at].outputs {
                for &reader in &readers[*id] {
                    waiting[reader] -= 1;
                    if let (0, Some(place)) = (waiting[reader], places[reader]) {
                        ready[place].insert(reader);
                    }
                }
            }
        }
        // The next region with something to do: within this one if there is any, else around it.
        let within = |around: usize| {
            let mut all = ready.iter().enumerate();
            all.find(|(other, ready)| !ready.is_empty() && regions.around(*other, around) == around)
        };
        let mut around = region;
        region = loop {
            if let Some((next, _)) = within(around) {
                break next;
            }
            if around == ALWAYS {
                return order;
            }
            around = regions.parent(around);
        };
    }
}
