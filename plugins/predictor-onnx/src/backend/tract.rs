//! tract: pure Rust, always there.

mod floor;

use std::iter;
use std::sync::Arc;

use tract_onnx::prelude::*;
use umoec_exact::{ExactError, Interface, Stepper};

use super::{Backend, Input, Prepared};
use super::{broadcast_lane, carry_bytes, check_slices, failed, input_named, read_logits};

/// A graph optimised for one number of lanes.
pub(super) struct Tract {
    plan: Arc<TypedSimplePlan>,
    interface: Arc<Interface>,
    /// What each of the graph's inputs is.
    inputs: Vec<Input>,
    lanes: usize,
}

impl Tract {
    /// Optimises the graph in `file` with the lane axis fixed: a symbolic one costs a multiple
    /// of the time.
    pub(super) fn new(
        interface: Arc<Interface>,
        file: &[u8],
        lanes: usize,
    ) -> Result<Self, ExactError> {
        let (plan, inputs) = optimise(&interface, file, lanes).map_err(refused)?;
        Ok(Self {
            plan,
            interface,
            inputs,
            lanes,
        })
    }
}

fn refused(error: TractError) -> ExactError {
    failed(Backend::Tract, format!("{error:#}"))
}

fn optimise(
    interface: &Interface,
    mut file: &[u8],
    lanes: usize,
) -> TractResult<(Arc<TypedSimplePlan>, Vec<Input>)> {
    let mut graph = tract_onnx::onnx().model_for_read(&mut file)?;
    let mut inputs = Vec::new();
    for place in 0..graph.input_outlets()?.len() {
        let node = graph.input_outlets()?[place].node;
        let name = graph.node(node).name.clone();
        let Some((input, dims)) = input_named(interface, &name) else {
            return Err(TractError::msg(format!("the graph has an input {name}")));
        };
        let shape: TVec<usize> = iter::once(lanes).chain(dims).collect();
        graph.set_input_fact(place, f32::fact(shape).into())?;
        inputs.push(input);
    }
    let states = interface.states.iter().map(|s| format!("next.{}", s.name));
    let outputs: Vec<String> = iter::once("logits".to_owned()).chain(states).collect();
    graph.select_outputs_by_name(&outputs)?;
    let mut graph = graph.into_optimized()?;
    floor::replace(&mut graph);
    Ok((graph.into_runnable()?, inputs))
}

impl Prepared for Tract {
    fn start(&self) -> Result<Box<dyn Stepper>, ExactError> {
        let condition = super::first_condition(&self.interface, self.lanes);
        let mut stepper = TractStepper {
            running: self.plan.spawn().map_err(refused)?,
            interface: Arc::clone(&self.interface),
            inputs: self.inputs.clone(),
            lanes: self.lanes,
            states: Vec::new(),
            condition: tensor(self.lanes, &condition).map_err(refused)?,
        };
        stepper.reset();
        Ok(Box::new(stepper))
    }
}

/// A tensor `[lanes, ...]` with one axis behind the lanes.
fn tensor(lanes: usize, values: &[f32]) -> TractResult<TValue> {
    Ok(Tensor::from_shape(&[lanes, values.len() / lanes], values)?.into())
}

/// One running state of the plan; a plan's own `run` would make a new one each step.
struct TractStepper {
    running: TypedSimpleState,
    interface: Arc<Interface>,
    inputs: Vec<Input>,
    lanes: usize,
    /// In the order of the interface; empty after a failure.
    states: Vec<TValue>,
    condition: TValue,
}

impl TractStepper {
    /// Returns the logits, `[lanes, 256]`.
    fn run(&mut self, bytes: &[u8]) -> TractResult<TValue> {
        let byte = tensor(self.lanes, &carry_bytes(bytes))?;
        let mut states: Vec<Option<TValue>> = self.states.drain(..).map(Some).collect();
        let inputs = self.inputs.iter().map(|input| match *input {
            Input::Byte => Some(byte.clone()),
            Input::Condition => Some(self.condition.clone()),
            Input::State(number) => states.get_mut(number)?.take(),
        });
        let inputs: Option<TVec<TValue>> = inputs.collect();
        let inputs = inputs.ok_or_else(|| TractError::msg("it failed before"))?;
        let mut outputs = self.running.run(inputs)?.into_iter();
        let logits = outputs.next();
        self.states = outputs.collect();
        logits.ok_or_else(|| TractError::msg("it gave nothing"))
    }
}

impl Stepper for TractStepper {
    fn lanes(&self) -> usize {
        self.lanes
    }

    fn step(&mut self, bytes: &[u8], logits: &mut [i32]) -> Result<(), ExactError> {
        check_slices(Backend::Tract, self.lanes, bytes, logits)?;
        let outcome = self.run(bytes).map_err(refused)?;
        let floats = outcome.to_plain_array_view::<f32>().map_err(refused)?;
        match floats.as_slice() {
            Some(floats) => read_logits(Backend::Tract, floats, logits),
            None => Err(failed(Backend::Tract, "its logits are not contiguous")),
        }
    }

    fn reset(&mut self) {
        let states = self.interface.states.iter().map(|state| {
            let shape: TVec<usize> = iter::once(self.lanes)
                .chain(state.dims.iter().copied())
                .collect();
            Tensor::from_shape(&shape, &super::initial(state, self.lanes))
        });
        // A state that could not be made is missed, and reported, by the next step.
        self.states = states.map_while(Result::ok).map(TValue::from).collect();
    }

    fn broadcast(&mut self, from_lane: usize) {
        for state in &mut self.states {
            let mut tensor = state.clone().into_tensor();
            let copied = tensor.to_plain_array_view_mut::<f32>().map(|mut values| {
                if let Some(values) = values.as_slice_mut() {
                    broadcast_lane(values, self.lanes, from_lane);
                }
            });
            debug_assert!(copied.is_ok(), "states are plain floats");
            *state = tensor.into();
        }
    }

    fn set_condition(&mut self, condition: &[i32]) -> Result<(), ExactError> {
        let values = super::condition(Backend::Tract, &self.interface, self.lanes, condition)?;
        self.condition = tensor(self.lanes, &values).map_err(refused)?;
        Ok(())
    }
}
