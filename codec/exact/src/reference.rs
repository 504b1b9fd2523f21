//! The truth: a step graph run in plain integers, slow and obvious (spec numerics §3).
//!
//! A tensor is a list of integers and one exponent; there is no float and no rounding here, and
//! nothing is taken from the verifier. Each operator is written as the specification says it.

mod number;
mod operators;
mod tensor;

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{ExactError, Result, shown};
use crate::graph::{Graph, Node, Op, ValueId};
use crate::model::StepModel;
use crate::stepper::Stepper;

pub use number::Number;
pub use tensor::Tensor;

/// Runs a step graph in integers.
#[derive(Debug, Clone)]
pub struct Reference {
    model: Arc<StepModel>,
    lanes: usize,
    /// What depends on no input, computed once.
    constants: HashMap<ValueId, Arc<Tensor>>,
    /// The states, in the order of the interface.
    states: Vec<Tensor>,
    condition: Option<Tensor>,
}

impl Reference {
    /// Prepares `lanes` lanes at the initial states.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] for no lanes, or if an integer has no room, which the verifier
    /// excludes.
    pub fn new(model: Arc<StepModel>, lanes: usize) -> Result<Self> {
        if lanes == 0 {
            return Err(failed("there must be a lane".into()));
        }
        let graph = model.graph();
        let mut constants = HashMap::new();
        for (id, value) in graph.values.iter().enumerate() {
            if let Some(tensor) = value.constant.as_ref().and_then(Tensor::constant) {
                constants.insert(id, Arc::new(tensor));
            }
        }
        for node in graph.nodes.iter().filter(|node| is_constant(graph, node)) {
            run(graph, node, lanes, &mut constants)?;
        }
        let mut reference = Self {
            lanes,
            constants,
            states: Vec::new(),
            condition: None,
            model,
        };
        reference.reset();
        Ok(reference)
    }

    /// Runs one step and returns every value that it computes or reads, by name; the states kept
    /// are not touched.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] if the bytes are not one per lane.
    pub fn trace(&self, bytes: &[u8]) -> Result<HashMap<&str, Arc<Tensor>>> {
        if bytes.len() != self.lanes {
            let text = format!("{} bytes for {} lanes", bytes.len(), self.lanes);
            return Err(failed(text));
        }
        let graph = self.model.graph();
        let mut values = self.constants.clone();
        for &id in &graph.inputs {
            values.insert(id, Arc::new(self.input(&graph.values[id].name, bytes)?));
        }
        for node in graph.nodes.iter().filter(|node| !is_constant(graph, node)) {
            run(graph, node, self.lanes, &mut values)?;
        }
        let named = values.into_iter();
        Ok(named
            .map(|(id, tensor)| (&*graph.values[id].name, tensor))
            .collect())
    }

    /// Sets a state of all lanes, integers in its declared unit, lane by lane.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] where there is no such state or the numbers do not fit it.
    pub fn set_state(&mut self, name: &str, numbers: &[i64]) -> Result<()> {
        let states = &self.model.interface().states;
        let at = states.iter().position(|state| state.name == name);
        let fits = at.filter(|&at| {
            let range = states[at].range;
            numbers.len() == self.lanes * states[at].elements()
                && numbers
                    .iter()
                    .all(|n| (range.low.into()..=range.high.into()).contains(n))
        });
        let at = fits.ok_or_else(|| failed(format!("the state {} does not fit", shown(name))))?;
        let sizes = [&[self.lanes], &states[at].dims[..]].concat();
        self.states[at] = Tensor::new(sizes, states[at].range.exponent, numbers.to_vec());
        Ok(())
    }

    fn input(&self, name: &str, bytes: &[u8]) -> Result<Tensor> {
        if name == "byte" {
            let numbers = bytes.iter().map(|&byte| i64::from(byte)).collect();
            return Ok(Tensor::new(vec![self.lanes, 1], 0, numbers));
        }
        let states = &self.model.interface().states;
        let state = states.iter().position(|state| state.input() == name);
        let held = match state {
            Some(at) => self.states.get(at),
            None => self.condition.as_ref(),
        };
        held.cloned()
            .ok_or_else(|| failed(format!("the input {} is unknown", shown(name))))
    }
}

impl Stepper for Reference {
    fn lanes(&self) -> usize {
        self.lanes
    }

    fn step(&mut self, bytes: &[u8], logits: &mut [i32]) -> Result<()> {
        if logits.len() != self.lanes * 256 {
            return Err(failed(format!(
                "{} logits for {} lanes",
                logits.len(),
                self.lanes
            )));
        }
        let values = self.trace(bytes)?;
        let taken = |name: &str| {
            let tensor = values.get(name).map(|tensor| Tensor::clone(tensor));
            tensor.ok_or_else(|| failed(format!("the output {} is missing", shown(name))))
        };
        for (at, logit) in taken("logits")?.integers()?.into_iter().enumerate() {
            logits[at] = i32::try_from(logit).map_err(|_| failed("a logit is too large".into()))?;
        }
        let states = &self.model.interface().states;
        let next = states.iter().map(|state| taken(&state.output()));
        self.states = next.collect::<Result<_>>()?;
        Ok(())
    }

    fn reset(&mut self) {
        let interface = self.model.interface();
        let filled = |dims: &[usize], n: i32, exponent: i32| {
            let sizes = [&[self.lanes], dims].concat();
            let elements = sizes.iter().product();
            Tensor::new(sizes, exponent, vec![i64::from(n); elements])
        };
        let states = interface.states.iter();
        let states =
            states.map(|state| filled(&state.dims, state.range.initial, state.range.exponent));
        self.states = states.collect();
        if self.condition.is_none() {
            let condition = interface.condition.as_ref();
            self.condition = condition.map(|condition| {
                filled(
                    &[condition.size],
                    condition.range.low,
                    condition.range.exponent,
                )
            });
        }
    }

    fn broadcast(&mut self, from_lane: usize) {
        for state in &mut self.states {
            state.broadcast(from_lane);
        }
    }

    fn set_condition(&mut self, condition: &[i32]) -> Result<()> {
        let declared = self.model.interface().condition.as_ref();
        let fits = declared.filter(|declared| {
            let range = declared.range.low..=declared.range.high;
            condition.len() == self.lanes * declared.size
                && condition.iter().all(|n| range.contains(n))
        });
        let declared = fits.ok_or_else(|| failed("the condition does not fit".into()))?;
        let numbers = condition.iter().map(|&n| i64::from(n)).collect();
        let sizes = vec![self.lanes, declared.size];
        self.condition = Some(Tensor::new(sizes, declared.range.exponent, numbers));
        Ok(())
    }
}

/// Whether a node depends on no input: everything that does has the lane axis.
fn is_constant(graph: &Graph, node: &Node) -> bool {
    node.outputs
        .iter()
        .all(|&id| !graph.values[id].shape.has_lanes())
}

fn run(
    graph: &Graph,
    node: &Node,
    lanes: usize,
    values: &mut HashMap<ValueId, Arc<Tensor>>,
) -> Result<()> {
    let inputs: Option<Vec<&Tensor>> = node
        .inputs
        .iter()
        .map(|id| values.get(id).map(Arc::as_ref))
        .collect();
    let inputs = inputs.ok_or_else(|| failed("an input is missing".into()))?;
    let sizes: Vec<Vec<usize>> = node
        .outputs
        .iter()
        .map(|&id| graph.values[id].shape.sizes(lanes))
        .collect();
    let outputs = operators::run(&node.op, &inputs, &sizes).ok_or_else(|| {
        failed(format!(
            "node {}: an integer has no room",
            shown(&node.name)
        ))
    })?;
    for (&id, output) in node.outputs.iter().zip(outputs) {
        values.insert(id, Arc::new(output));
    }
    Ok(())
}

/// Computes one operator; `None` where an integer has no room or an index no element.
pub(crate) fn compute(op: &Op, inputs: &[&Tensor], sizes: &[Vec<usize>]) -> Option<Vec<Tensor>> {
    operators::run(op, inputs, sizes)
}

fn failed(reason: String) -> ExactError {
    ExactError::Backend {
        backend: "reference".into(),
        reason,
    }
}
