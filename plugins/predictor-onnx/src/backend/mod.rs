//! What runs a step graph: the fused engine, tract, ONNX Runtime, or the reference interpreter.
//!
//! All give the same bits, so the choice is never written into a file. A [`Prepared`] graph is
//! made once for a number of lanes and can start any number of independent steppers, on any
//! threads.

mod ort;
mod tract;

use std::any::Any;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use umoec_exact::{ExactError, Fused, Interface, Isa, Reference, State, StepModel, Stepper};

pub use self::ort::{Library, Provider, library, library_at};

/// Which backend to run a model with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// This project's own kernels in integers: always there, and the fastest on a CPU.
    Fused,
    /// tract, in pure Rust: always there.
    Tract,
    /// ONNX Runtime on the CPU, if its library is found.
    Ort,
    /// ONNX Runtime with its CUDA provider, if its library has it.
    OrtCuda,
    /// The interpreter in plain integers that defines the truth: slow.
    Reference,
}

impl Backend {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Fused,
        Self::Tract,
        Self::Ort,
        Self::OrtCuda,
        Self::Reference,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fused => "fused",
            Self::Tract => "tract",
            Self::Ort => "ort",
            Self::OrtCuda => "ort-cuda",
            Self::Reference => "reference",
        }
    }

    /// Those to take where none is asked for, the fastest first.
    pub const AUTOMATIC: [Self; 3] = [Self::Fused, Self::Ort, Self::Tract];

    /// Whether it can run here.
    ///
    /// # Errors
    /// [`ExactError::Backend`] that says what is missing and how to get it.
    pub fn check(self) -> Result<(), ExactError> {
        match self {
            Self::Fused => Isa::chosen().map(|_| ()),
            Self::Tract | Self::Reference => Ok(()),
            Self::Ort => library().map(|_| ()),
            Self::OrtCuda => library()?.check_cuda(),
        }
    }

    /// Prepares a model for `lanes` lanes.
    ///
    /// # Errors
    /// [`ExactError::Backend`] where the backend is not there or cannot take the model.
    pub fn prepare(
        self,
        model: &Arc<StepModel>,
        file: &[u8],
        lanes: usize,
    ) -> Result<Box<dyn Prepared>, ExactError> {
        let interface = Arc::new(model.interface().clone());
        let ort = |provider| ort::Ort::new(Arc::clone(&interface), file, lanes, provider);
        Ok(match self {
            Self::Fused => Box::new(Fused::new(Arc::clone(model), lanes)?),
            Self::Ort => Box::new(ort(Provider::Cpu)?),
            Self::OrtCuda => Box::new(ort(Provider::Cuda { tf32: false })?),
            Self::Tract => Box::new(tract::Tract::new(interface, file, lanes)?),
            Self::Reference => Box::new(ByReference {
                model: Arc::clone(model),
                lanes,
            }),
        })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|backend| backend.name() == text)
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|backend| backend.name()).collect();
                format!("there are {}", names.join(", "))
            })
    }
}

/// A model made ready for one backend and one number of lanes; shared by threads.
pub trait Prepared: Any + Send + Sync {
    /// A stepper at the initial states.
    ///
    /// # Errors
    /// [`ExactError::Backend`] where the backend fails.
    fn start(&self) -> Result<Box<dyn Stepper>, ExactError>;
}

impl Prepared for Fused {
    fn start(&self) -> Result<Box<dyn Stepper>, ExactError> {
        Ok(Box::new(Self::start(self)))
    }
}

struct ByReference {
    model: Arc<StepModel>,
    lanes: usize,
}

impl Prepared for ByReference {
    fn start(&self) -> Result<Box<dyn Stepper>, ExactError> {
        Ok(Box::new(Reference::new(
            Arc::clone(&self.model),
            self.lanes,
        )?))
    }
}

/// A backend's failure.
fn failed(backend: Backend, reason: impl fmt::Display) -> ExactError {
    ExactError::Backend {
        backend: backend.name().into(),
        reason: reason.to_string(),
    }
}

/// Bytes as the graph takes them.
fn carry_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte)).collect()
}

/// Refuses slices that do not fit the number of lanes.
fn check_slices(
    backend: Backend,
    lanes: usize,
    bytes: &[u8],
    logits: &[i32],
) -> Result<(), ExactError> {
    if bytes.len() == lanes && logits.len() == lanes * 256 {
        return Ok(());
    }
    Err(failed(
        backend,
        format!(
            "{} bytes and {} logits do not fit {lanes} lanes",
            bytes.len(),
            logits.len()
        ),
    ))
}

/// The integers of `logits` as the graph gave them. What is none of the logit range has not been
/// computed exactly.
fn read_logits(backend: Backend, floats: &[f32], logits: &mut [i32]) -> Result<(), ExactError> {
    if floats.len() != logits.len() {
        return Err(failed(backend, format!("it gave {} logits", floats.len())));
    }
    for (logit, &float) in logits.iter_mut().zip(floats) {
        *logit = float as i32;
        if *logit as f32 != float {
            return Err(failed(backend, format!("it gave {float} as a logit")));
        }
    }
    Ok(())
}

/// What an input of a step graph takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Byte,
    Condition,
    /// The state of that number.
    State(usize),
}

/// What the input of that name takes, and its shape behind the lane axis.
fn input_named(interface: &Interface, name: &str) -> Option<(Input, Vec<usize>)> {
    if name == "byte" {
        return Some((Input::Byte, vec![1]));
    }
    if name == "condition" {
        let condition = interface.condition.as_ref()?;
        return Some((Input::Condition, vec![condition.size]));
    }
    let name = name.strip_prefix("state.")?;
    let number = interface.states.iter().position(|s| s.name == name)?;
    Some((Input::State(number), interface.states[number].dims.clone()))
}

/// The float that carries an integer in units of `2^exponent`. Exact: verified ranges are below
/// 2^24, and their units are normal numbers.
fn carried(integer: i32, exponent: i32) -> f32 {
    integer as f32 * (exponent as f32).exp2()
}

/// The initial values of a state, `[lanes, ...]`.
fn initial(state: &State, lanes: usize) -> Vec<f32> {
    let value = carried(state.range.initial, state.range.exponent);
    vec![value; lanes * state.elements()]
}

/// The condition before one was set, `[lanes, size]`; empty where the model takes none.
fn first_condition(interface: &Interface, lanes: usize) -> Vec<f32> {
    interface.condition.as_ref().map_or(Vec::new(), |c| {
        vec![carried(c.range.low, c.range.exponent); lanes * c.size]
    })
}

/// Integers for the conditioning input as floats, `[lanes, size]`.
fn condition(
    backend: Backend,
    interface: &Interface,
    lanes: usize,
    values: &[i32],
) -> Result<Vec<f32>, ExactError> {
    let Some(c) = interface.condition.as_ref() else {
        return match values.is_empty() {
            true => Ok(Vec::new()),
            false => Err(failed(backend, "the model has no conditioning input")),
        };
    };
    let within = |value: &i32| (c.range.low..=c.range.high).contains(value);
    if values.len() != lanes * c.size || !values.iter().all(within) {
        return Err(failed(
            backend,
            format!(
                "a condition is {} integers of {}..={} for each of {lanes} lanes",
                c.size, c.range.low, c.range.high
            ),
        ));
    }
    let carry = |&value: &i32| carried(value, c.range.exponent);
    Ok(values.iter().map(carry).collect())
}

/// Copies lane `from` of a tensor `[lanes, ...]` into all others.
fn broadcast_lane(values: &mut [f32], lanes: usize, from: usize) {
    let elements = values.len() / lanes;
    let range = from * elements..(from + 1) * elements;
    for lane in (0..lanes).filter(|&lane| lane != from) {
        values.copy_within(range.clone(), lane * elements);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_has_its_name() {
        for backend in Backend::ALL {
            assert_eq!(backend.name().parse(), Ok(backend));
        }
        let error = "gpu".parse::<Backend>().unwrap_err();
        assert!(error.contains("ort-cuda"), "{error}");
    }

    #[test]
    fn a_lane_reaches_all_others() {
        let mut values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        broadcast_lane(&mut values, 3, 1);
        assert_eq!(values, [3.0, 4.0, 3.0, 4.0, 3.0, 4.0]);
    }

    #[test]
    fn fractions_and_infinities_are_no_logits() {
        let mut logits = [0; 2];
        assert!(read_logits(Backend::Tract, &[1.0, -4096.0], &mut logits).is_ok());
        assert_eq!(logits, [1, -4096]);
        for wrong in [0.5, f32::NAN, f32::INFINITY, 3e9] {
            assert!(read_logits(Backend::Tract, &[1.0, wrong], &mut logits).is_err());
        }
        assert!(read_logits(Backend::Tract, &[1.0], &mut logits).is_err());
    }
}
