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

/// Finds such states and puts the `Where`s into the regions.
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
        let Some(maker) = makers[value] else { continue };
        let node = &nodes[maker];
        let Some(key) = condition::key(graph, nodes, makers, node) else {
            continue;
        };
        // The choice that keeps the state, and the region of the other one.
        let kept = |(_, choice): &(_, usize)| {
            let other = node.inputs[3 - choice];
            let whole = graph.values[other].shape == graph.values[value].shape;
            whole && origin(nodes, makers, other) == input
        };
        let Some((key, _)) = key.choices().into_iter().find(kept) else {
            continue;
        };
        let same = scales[value].is_some_and(|scale| scale.exponent == declared.range.exponent);
        let region = regions.find(ALWAYS, key);
        let holds = |region: &usize| places.contains(&Some(*region));
        if let Some(region) = region.filter(holds)
            && same
            && places[maker] == Some(ALWAYS)
        {
            places[maker] = Some(region);
            all.push(Carried {
                state,
                value,
                region,
            });
        }
    }
    all
}
