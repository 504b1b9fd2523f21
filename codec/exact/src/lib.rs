//! Exact networks: ONNX graphs of integers carried in floats that give the same bits on every
//! runtime (`spec/numerics.md`).

pub mod build;
pub mod error;
pub mod interface;
pub mod limits;
pub mod onnx;
pub mod softmax;
pub mod stepper;

pub use error::{ExactError, Result};
pub use interface::{Condition, Interface, State, StateRange};
pub use limits::ModelLimits;
pub use stepper::Stepper;
