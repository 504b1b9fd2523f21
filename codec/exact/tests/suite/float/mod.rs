//! A float32 evaluator as adverse as a runtime may be: sums in any order, with and without fused
//! multiply-add, linear operators reassociated across nodes, operands rounded to what a matrix
//! unit reads, zeros of either sign.

mod element;
mod ops;
mod style;

use std::collections::HashMap;

use umoec_exact::Graph;
use umoec_exact::graph::{Data, Node, Op};

pub(crate) use element::Element;
pub(crate) use style::{Order, Rounding, Style};

/// A tensor whose elements may still be sums that nobody computed.
#[derive(Debug, Clone)]
pub(crate) struct Floats {
    pub(crate) sizes: Vec<usize>,
    pub(crate) elements: Vec<Element>,
    /// Whether it depends on no input.
    pub(crate) constant: bool,
}

impl Floats {
    pub(crate) fn plain(sizes: Vec<usize>, values: Vec<f32>, constant: bool) -> Self {
        let elements = values.into_iter().map(Element::plain).collect();
        Self {
            sizes,
            elements,
            constant,
        }
    }
}

/// Runs one lane of a graph on those inputs and gives every value as floats, but not those of more
/// than `widest` elements, which no other may read.
pub(crate) fn run(
    graph: &Graph,
    inputs: &HashMap<String, Vec<f32>>,
    widest: usize,
    style: &mut Style,
) -> HashMap<String, Vec<f32>> {
    let mut values: Vec<Option<Floats>> = vec![None; graph.values.len()];
    for (value, slot) in graph.values.iter().zip(&mut values) {
        if let Some(constant) = &value.constant {
            let floats = match &constant.data {
                Data::F32(floats) => floats.clone(),
                data => data.integers().unwrap().iter().map(|&n| n as f32).collect(),
            };
            *slot = Some(Floats::plain(constant.dims.clone(), floats, true));
        }
    }
    for &id in &graph.inputs {
        let value = &graph.values[id];
        let floats = inputs[&value.name].clone();
        values[id] = Some(Floats::plain(value.shape.sizes(1), floats, false));
    }
    let narrow = |node: &&Node| {
        let made = node.outputs.iter().chain(&node.inputs);
        let mut elements = made.filter_map(|&id| graph.values[id].shape.elements());
        elements.all(|elements| elements <= widest)
    };
    for node in graph.nodes.iter().filter(narrow) {
        let outputs = step(graph, node, &values, style);
        for (&id, output) in node.outputs.iter().zip(outputs) {
            values[id] = Some(output);
        }
    }
    let named = graph.values.iter().zip(values);
    let forced = named.filter_map(|(value, floats)| {
        let elements = floats?.elements;
        let floats = elements
            .iter()
            .map(|element| element.force(style))
            .collect();
        Some((value.name.clone(), floats))
    });
    forced.collect()
}

fn step(graph: &Graph, node: &Node, values: &[Option<Floats>], style: &mut Style) -> Vec<Floats> {
    let sizes: Vec<Vec<usize>> = node
        .outputs
        .iter()
        .map(|&id| graph.values[id].shape.sizes(1))
        .collect();
    let keep = style.lazy() && ops::is_linear(&node.op);
    let mut inputs: Vec<Floats> = Vec::new();
    for &id in &node.inputs {
        let mut floats = values[id].clone().unwrap();
        if !keep || floats.constant {
            for element in &mut floats.elements {
                *element = Element::plain(element.force(style));
            }
        }
        inputs.push(floats);
    }
    let mut outputs = ops::apply(&node.op, &inputs, &sizes, style);
    if node.op == Op::MatMul && !keep {
        force(&mut outputs, style);
    }
    for output in &mut outputs {
        if output.elements.iter().any(|element| element.terms() > 256) {
            for element in &mut output.elements {
                *element = Element::plain(element.force(style));
            }
        }
    }
    outputs
}

fn force(outputs: &mut [Floats], style: &mut Style) {
    for element in outputs.iter_mut().flat_map(|output| &mut output.elements) {
        *element = Element::plain(element.force(style));
    }
}
