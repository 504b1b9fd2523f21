//! Under which conditions each node's result counts.

use crate::graph::{Graph, Node, Op};

use super::condition;
use super::regions::{ALWAYS, Regions};

/// The region of each node; `None` for nodes that no output depends on.
///
/// From the outputs backward, a value counts where any of its readers does, and for a choice of a
/// `Where` where that chooses it. A region without a product of matrices would save less than it
/// costs, which are passes over memory that are cut in two: it is part of the one around it.
pub(super) fn places(
    graph: &Graph,
    nodes: &[Node],
    makers: &[Option<usize>],
    regions: &mut Regions,
) -> Vec<Option<usize>> {
    let mut of_values: Vec<Option<usize>> = vec![None; graph.values.len()];
    for &output in &graph.outputs {
        of_values[output] = Some(ALWAYS);
    }
    let mut places = vec![None; nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        let made = node.outputs.iter().filter_map(|&id| of_values[id]);
        let Some(place) = made.reduce(|a, b| regions.around(a, b)) else {
            continue;
        };
        places[at] = Some(place);
        let mut read = vec![place; node.inputs.len()];
        if let Some(key) = condition::key(graph, nodes, makers, node) {
            for (key, choice) in key.choices() {
                read[choice] = regions.inner(place, key);
            }
        }
        for (&input, read) in node.inputs.iter().zip(read) {
            let so_far = of_values[input];
            of_values[input] = Some(so_far.map_or(read, |other| regions.around(read, other)));
        }
    }
    let kept = worthwhile(graph, nodes, &places, regions);
    for place in places.iter_mut().flatten() {
        *place = kept[*place];
    }
    places
}

/// For each region itself or the innermost around it that holds a product of matrices.
fn worthwhile(
    graph: &Graph,
    nodes: &[Node],
    places: &[Option<usize>],
    regions: &Regions,
) -> Vec<usize> {
    let mut products = vec![false; regions.len()];
    for (node, place) in nodes.iter().zip(places) {
        let varies = || graph.values[node.outputs[0]].shape.has_lanes();
        if let (Op::MatMul, Some(place)) = (&node.op, *place)
            && varies()
        {
            for region in regions.path(place) {
                products[region] = true;
            }
        }
    }
    // Regions come behind those around them.
    let mut kept: Vec<usize> = (0..regions.len()).collect();
    for region in 1..regions.len() {
        if !products[region] {
            kept[region] = kept[regions.parent(region)];
        }
    }
    kept
}

/// Within a region a `Where` under its condition is as good as its choice: what reads it there
/// reads the choice.
pub(super) fn shorten(
    graph: &Graph,
    nodes: &mut [Node],
    makers: &[Option<usize>],
    places: &[Option<usize>],
    regions: &Regions,
) {
    let keys: Vec<_> = nodes
        .iter()
        .map(|node| condition::key(graph, nodes, makers, node))
        .collect();
    // Nodes in order: what they read is shortened already.
    for at in 0..nodes.len() {
        let Some(place) = places[at] else { continue };
        if place == ALWAYS {
            continue;
        }
        for input in 0..nodes[at].inputs.len() {
            let chosen = |id: usize| {
                let maker = makers[id]?;
                let around = places[maker]?;
                let choices = keys[maker]?.choices().into_iter();
                let inner = choices.map(|(key, choice)| (regions.find(around, key), choice));
                let mut known = inner.filter(|(inner, _)| {
                    inner.is_some_and(|inner| regions.around(inner, place) == inner)
                });
                let choice = nodes[maker].inputs[known.next()?.1];
                let same = graph.values[choice].shape == graph.values[id].shape;
                same.then_some(choice)
            };
            let mut id = nodes[at].inputs[input];
            while let Some(choice) = chosen(id) {
                id = choice;
            }
            nodes[at].inputs[input] = id;
        }
    }
}
