//! States that only change where a condition holds.

use crate::graph::{Graph, Node, ValueId};
use crate::interface::Interface;

use super::super::scale::Scale;
use super::regions::{ALWAYS, Regions};
use super::{condition, origin};

/// A state whose next value is a `Where` that else keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Carried {
    /// The number of the state in the interface.
    pub(in super::super) state: usize,
    /// What the `Where` makes.
    pub(in super::super) value: ValueId,
    /// Where the condition holds.
    pub(in super::super) region: usize,
}

/// Finds such states and puts the `Where`s into the regions: several in one another, as of a network with several early exits,
/// into that of all their conditions.
///
/// A `Where` that is skipped leaves its result as it was in the step before, which is the state it
/// would keep: its memory starts, and is reset, as the state's.
pub(super) fn carried(
    graph: &Graph,
    interface: &Interface,
    scales: &[Option<Scale>],
    (nodes, makers): (&[Node], &[Option<usize>]),
    (places, regions): (&mut [Option<usize>], &Regions),
) -> Vec<Carried> {
    let reads = nodes.iter().flat_map(|node| &node.inputs);
    let mut uses = vec![0; graph.values.len()];
    reads.chain(&graph.outputs).for_each(|&id| uses[id] += 1);
    let mut all = Vec::new();
    for (state, declared) in interface.states.iter().enumerate() {
        let find = |ids: &[ValueId], name: &str| {
            let mut ids = ids.iter();
            ids.find(|&&id| graph.values[id].name == name).copied()
        };
        let input = find(&graph.inputs, &declared.input());
        let output = find(&graph.outputs, &declared.output());
        let (Some(input), Some(output)) = (input, output) else {
            continue;
        };
        let value = origin(nodes, makers, output);
        let same = scales[value].is_some_and(|scale| scale.exponent == declared.range.exponent);
        if !same {
            continue;
        }
        // The `Where` that makes a value and else keeps the state, the region of its condition, and its other choice.
        let keeping = |value: ValueId, around: usize| {
            let maker = makers[value].filter(|&at| places[at] == Some(around))?;
            let node = &nodes[maker];
            let kept = |(_, choice): &(_, usize)| {
                let other = node.inputs[3 - choice];
                let whole = graph.values[other].shape == graph.values[value].shape;
                whole && origin(nodes, makers, other) == input
            };
            let key = condition::key(graph, nodes, makers, node)?;
            let (key, choice) = key.choices().into_iter().find(kept)?;
            let region = regions.find(around, key)?;
            places
                .contains(&Some(region))
                .then_some((maker, region, node.inputs[choice]))
        };
        let mut found = Vec::new();
        let (mut next, mut region) = (value, ALWAYS);
        while let Some((maker, inner, choice)) = keeping(next, region) {
            found.push(maker);
            (next, region) = (choice, inner);
            // What others read has to be there where this region is skipped.
            if uses[next] > 1 {
                break;
            }
        }
        if found.is_empty() {
            continue;
        }
        for maker in found {
            places[maker] = Some(region);
        }
        all.push(Carried {
            state,
            value,
            region,
        });
    }
    all
}
