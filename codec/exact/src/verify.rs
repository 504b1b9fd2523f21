//! The proof that a graph is exact, by abstract interpretation (spec numerics §4).
//!
//! Each element of each tensor is followed as a [`Cell`]: the set of values it may take, as
//! multiples of a unit `2^e` within an interval, and a bound on every sum that may stand for it
//! while it is computed. One lane stands for all, since no operator of the subset lets lanes meet.
//! A model that passes gives the same bits on every runtime that has IEEE 754 float32, in
//! whatever order it adds.

mod bounds;
mod cell;
mod certificate;
mod elementwise;
mod fault;
mod linear;
mod lookup;
mod modes;
mod states;
mod tensor;

pub use cell::{EXPONENT_MAX, EXPONENT_MIN, SPAN_MAX, SUM_MAX};
pub use certificate::{Certificate, MatMulFact, TensorFact, Worst};
pub use modes::Modes;

use std::rc::Rc;

use crate::error::Result;
use crate::graph::{ElementType, Graph, Node, Op, ValueId};
use crate::interface::Interface;

use fault::{Fault, at_node};
use lookup::Bytes;
use tensor::Tensor;

/// Proves that the graph, a step graph, is exact.
///
/// # Errors
///
/// [`ExactError::Inexact`](crate::ExactError::Inexact) or
/// [`ExactError::Unproved`](crate::ExactError::Unproved) with the node at fault,
/// [`ExactError::Interface`](crate::ExactError::Interface) where states, logits or metadata break
/// the step-graph contract.
pub fn verify(graph: &Graph) -> Result<Certificate> {
    let interface = Interface::of(graph)?;
    let mut proof = Proof::new(graph);
    for &input in &graph.inputs {
        let value = &graph.values[input];
        let tensor = states::input(value, &interface);
        proof.facts[input] = Some(tensor.fact(&value.name));
        proof.tensors[input] = Some(Rc::new(tensor));
    }
    for node in &graph.nodes {
        proof.node(node)?;
    }
    for &output in &graph.outputs {
        let tensor = proof
            .read(output)
            .map_err(|fault| fault.of_value(graph, output))?;
        states::output(graph, output, &tensor, &interface)?;
    }
    Ok(proof.certificate())
}

struct Proof<'a> {
    graph: &'a Graph,
    /// What is known of each value, while a node may still read it.
    tensors: Vec<Option<Rc<Tensor>>>,
    /// How many more times each value is read.
    readers: Vec<usize>,
    facts: Vec<Option<TensorFact>>,
    matmuls: Vec<MatMulFact>,
    worst: Option<Worst>,
    /// Elementary operations that the proof may still spend.
    budget: u64,
}

impl<'a> Proof<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut readers = vec![0; graph.values.len()];
        let reads = graph.nodes.iter().flat_map(|node| &node.inputs);
        for &value in reads.chain(&graph.outputs) {
            readers[value] += 1;
        }
        Self {
            graph,
            tensors: vec![None; graph.values.len()],
            readers,
            facts: vec![None; graph.values.len()],
            matmuls: Vec::new(),
            worst: None,
            budget: graph.limits.operations.saturating_mul(4),
        }
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        let outputs = self.run(node).map_err(|fault| at_node(fault, node))?;
        for (&id, tensor) in node.outputs.iter().zip(outputs) {
            let value = &self.graph.values[id];
            let fact = tensor.fact(&value.name);
            if self
                .worst
                .as_ref()
                .is_none_or(|worst| worst.bound < fact.sum)
            {
                self.worst = Some(Worst::new(node, fact.sum));
            }
            self.facts[id] = Some(fact);
            if self.readers[id] > 0 {
                self.tensors[id] = Some(Rc::new(tensor));
            }
        }
        Ok(())
    }

    /// The table of bytes that a node looks up in, if it does.
    fn table(&self, node: &Node) -> Option<(usize, Bytes<'a>)> {
        let Op::Gather { axis } = node.op else {
            return None;
        };
        let constant = self.graph.values[node.inputs[0]].constant.as_ref();
        constant.and_then(Bytes::of).map(|table| (axis, table))
    }

    fn run(&mut self, node: &Node) -> Result<Vec<Tensor>, Fault> {
        if let Some((axis, table)) = self.table(node) {
            let (id, indices) = (node.inputs[0], self.read(node.inputs[1])?);
            let sizes = self.graph.values[node.outputs[0]].shape.sizes(1);
            self.release(id);
            self.facts[id] = Some(table.fact(&self.graph.values[id].name));
            let gathered = lookup::gather(&table, &indices, axis, sizes, &mut self.budget)?;
            return Ok(vec![gathered]);
        }
        if let Op::Cast(ElementType::F32) = node.op {
            // It changes nothing, and most weights of a model pass it.
            let input = self.read(node.inputs[0])?;
            return Ok(vec![Rc::unwrap_or_clone(input)]);
        }
        let inputs: Vec<Rc<Tensor>> = node
            .inputs
            .iter()
            .map(|&id| self.read(id))
            .collect::<Result<_, _>>()?;
        let inputs: Vec<&Tensor> = inputs.iter().map(Rc::as_ref).collect();
        let sizes = self.graph.values[node.outputs[0]].shape.sizes(1);
        let outputs = match &node.op {
            Op::MatMul => {
                self.matmuls
                    .push(MatMulFact::new(node, inputs[0], inputs[1]));
                vec![linear::matmul(inputs[0], inputs[1], sizes)?]
            }
            Op::ReduceSum { axes, .. } => vec![linear::reduce_sum(inputs[0], axes, sizes)?],
            Op::ReduceMax { axes, .. } => vec![linear::reduce_max(inputs[0], axes, sizes)?],
            Op::TopK { axis, .. } => lookup::top_k(inputs[0], *axis, &sizes)?,
            Op::Gather { axis } => {
                vec![lookup::gather(
                    inputs[0],
                    inputs[1],
                    *axis,
                    sizes,
                    &mut self.budget,
                )?]
            }
            Op::GatherElements { axis } => {
                let budget = &mut self.budget;
                vec![lookup::gather_elements(
                    inputs[0], inputs[1], *axis, sizes, budget,
                )?]
            }
            Op::Move(movement) => {
                let outputs = node.outputs.iter().enumerate();
                let sizes = outputs.map(|(at, &id)| (at, self.graph.values[id].shape.sizes(1)));
                sizes
                    .map(|(at, sizes)| Tensor::moved(&inputs, movement, at, sizes))
                    .collect()
            }
            op => vec![elementwise::apply(op, &inputs, sizes)?],
        };
        for output in &outputs {
            output.check_span()?;
        }
        Ok(outputs)
    }

    /// What is known of a value that is about to be read, once more.
    fn read(&mut self, id: ValueId) -> Result<Rc<Tensor>, Fault> {
        let tensor = match (&self.tensors[id], &self.graph.values[id].constant) {
            (Some(tensor), _) => Rc::clone(tensor),
            (None, Some(constant)) => {
                let tensor = Rc::new(Tensor::constant(constant)?);
                self.facts[id] = Some(tensor.fact(&self.graph.values[id].name));
                self.tensors[id] = Some(Rc::clone(&tensor));
                tensor
            }
            (None, None) => return Err(Fault::unproved("it reads what was not computed")),
        };
        self.release(id);
        Ok(tensor)
    }

    /// Counts a read, and forgets what nobody reads any more.
    fn release(&mut self, id: ValueId) {
        self.readers[id] -= 1;
        if self.readers[id] == 0 {
            self.tensors[id] = None;
        }
    }

    fn certificate(self) -> Certificate {
        Certificate {
            tensors: self.facts.into_iter().flatten().collect(),
            modes: Modes::all(self.matmuls.iter().map(|fact| fact.modes)),
            matmuls: self.matmuls,
            worst: self.worst,
        }
    }
}
