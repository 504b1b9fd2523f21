//! A step graph in ONNX Runtime.

use std::iter;
use std::sync::{Arc, Mutex, PoisonError};

use ort::ep::CUDA;
use ort::session::{Session, SessionInputValue};
use ort::value::Tensor;
use umoec_exact::{ExactError, Interface, Stepper};

use super::super::{Backend, Input, Prepared};
use super::super::{
    broadcast_lane, carry_bytes, check_slices, condition, failed, first_condition, initial,
    input_named, read_logits,
};
use super::{Provider, library};

type Sessions = Arc<Mutex<Vec<Session>>>;

/// A graph, and sessions for it. A session runs one step at a time, so each stepper borrows one.
pub(in super::super) struct Ort {
    interface: Arc<Interface>,
    file: Arc<[u8]>,
    inputs: Arc<[Input]>,
    lanes: usize,
    provider: Provider,
    idle: Sessions,
}

impl Provider {
    const fn backend(self) -> Backend {
        match self {
            Self::Cpu => Backend::Ort,
            Self::Cuda { .. } => Backend::OrtCuda,
        }
    }
}

impl Ort {
    /// Makes the first session of the graph in `file`.
    pub(in super::super) fn new(
        interface: Arc<Interface>,
        file: &[u8],
        lanes: usize,
        provider: Provider,
    ) -> Result<Self, ExactError> {
        let backend = provider.backend();
        backend.check()?;
        let session = open(file, lanes, provider).map_err(|e| failed(backend, e))?;
        let inputs = session.inputs().iter().map(|input| {
            let name = input.name();
            let known = input_named(&interface, name);
            known.ok_or_else(|| failed(backend, format!("the graph has an input {name}")))
        });
        let inputs: Result<Vec<_>, _> = inputs.collect();
        Ok(Self {
            inputs: inputs?.into_iter().map(|(input, _)| input).collect(),
            interface,
            file: file.into(),
            lanes,
            provider,
            idle: Arc::new(Mutex::new(vec![session])),
        })
    }
}

/// A session on the caller's thread: parallel work is for blocks, and several threads in one
/// step of a small network wait for one another.
fn open(file: &[u8], lanes: usize, provider: Provider) -> ort::Result<Session> {
    let environment = library()
        .map_err(|e| ort::Error::new(e.to_string()))?
        .environment();
    let mut builder = Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_dimension_override(umoec_exact::build::LANES, lanes as i64)?;
    if let Provider::Cuda { tf32 } = provider {
        let cuda = CUDA::default().with_tf32(tf32).build().error_on_failure();
        builder = builder.with_execution_providers([cuda])?;
    }
    builder.commit_from_memory(file)
}

impl Prepared for Ort {
    fn start(&self) -> Result<Box<dyn Stepper>, ExactError> {
        let backend = self.provider.backend();
        let idle = lock(&self.idle).pop();
        let session = match idle {
            Some(session) => session,
            None => open(&self.file, self.lanes, self.provider).map_err(|e| failed(backend, e))?,
        };
        let values = first_condition(&self.interface, self.lanes);
        let mut stepper = OrtStepper {
            condition: tensor(self.lanes, &[values.len() / self.lanes], values)
                .map_err(|e| failed(backend, e))?,
            session: Some(session),
            idle: Arc::clone(&self.idle),
            interface: Arc::clone(&self.interface),
            inputs: Arc::clone(&self.inputs),
            backend,
            lanes: self.lanes,
            states: Vec::new(),
        };
        stepper.reset();
        Ok(Box::new(stepper))
    }
}

fn lock(sessions: &Sessions) -> std::sync::MutexGuard<'_, Vec<Session>> {
    // Only pushed to and popped from, so a panic elsewhere leaves it sound.
    sessions.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tensor `[lanes, dims...]`.
fn tensor(lanes: usize, dims: &[usize], values: Vec<f32>) -> ort::Result<Tensor<f32>> {
    let shape: Vec<usize> = iter::once(lanes).chain(dims.iter().copied()).collect();
    Tensor::from_array((shape, values))
}

struct OrtStepper {
    /// Given back when the stepper goes.
    session: Option<Session>,
    idle: Sessions,
    interface: Arc<Interface>,
    inputs: Arc<[Input]>,
    backend: Backend,
    lanes: usize,
    /// In the order of the interface; empty after a failure. A step's outputs are the next one's
    /// inputs as they are.
    states: Vec<Tensor<f32>>,
    condition: Tensor<f32>,
}

impl OrtStepper {
    fn run(&mut self, bytes: &[u8], logits: &mut [i32]) -> ort::Result<Result<(), ExactError>> {
        let failed_before = || ort::Error::new("it failed before");
        let byte = tensor(self.lanes, &[1], carry_bytes(bytes))?;
        let states = std::mem::take(&mut self.states);
        let inputs = self.inputs.iter().map(|input| match *input {
            Input::Byte => Some((&byte).into()),
            Input::Condition => Some((&self.condition).into()),
            Input::State(number) => Some(states.get(number)?.into()),
        });
        let inputs: Option<Vec<SessionInputValue<'_>>> = inputs.collect();
        let inputs = inputs.ok_or_else(failed_before)?;
        let session = self.session.as_mut().ok_or_else(failed_before)?;
        let mut outputs = session.run(&inputs[..])?;
        let (_, floats) = outputs["logits"].try_extract_tensor::<f32>()?;
        let read = read_logits(self.backend, floats, logits);
        for state in &self.interface.states {
            let next = outputs.remove(format!("next.{}", state.name));
            let next = next.ok_or_else(|| ort::Error::new("a state is missing"))?;
            self.states.push(next.downcast()?);
        }
        Ok(read)
    }
}

impl Drop for OrtStepper {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            lock(&self.idle).push(session);
        }
    }
}

impl Stepper for OrtStepper {
    fn lanes(&self) -> usize {
        self.lanes
    }

    fn step(&mut self, bytes: &[u8], logits: &mut [i32]) -> Result<(), ExactError> {
        check_slices(self.backend, self.lanes, bytes, logits)?;
        self.run(bytes, logits)
            .map_err(|e| failed(self.backend, e))?
    }

    fn reset(&mut self) {
        let states = self.interface.states.iter().map(|state| {
            let values = initial(state, self.lanes);
            tensor(self.lanes, &state.dims, values)
        });
        // A state that could not be made is missed, and reported, by the next step.
        self.states = states.map_while(Result::ok).collect();
    }

    fn broadcast(&mut self, from_lane: usize) {
        for state in &mut self.states {
            let (_, values) = state.extract_tensor_mut();
            broadcast_lane(values, self.lanes, from_lane);
        }
    }

    fn set_condition(&mut self, values: &[i32]) -> Result<(), ExactError> {
        let values = condition(self.backend, &self.interface, self.lanes, values)?;
        let size = values.len() / self.lanes;
        self.condition =
            tensor(self.lanes, &[size], values).map_err(|e| failed(self.backend, e))?;
        Ok(())
    }
}
