//! Exact networks: ONNX graphs of integers carried in floats that give the same bits on every
//! runtime (`spec/numerics.md`).
//!
//! ```text
//! bytes of a file ─► onnx::scan ─► graph::parse ─► verify ─► StepModel ─► Stepper (any backend)
//! ```
//!
//! * [`build`] writes such files, [`graph`] reads them, [`mod@verify`] proves them exact.
//! * [`reference`](mod@reference) runs them in plain integers, slowly: it is the truth that
//!   backends are held to.
//! * [`mod@fused`] runs them fast, in integers too.
//! * [`softmax`] turns logits into a distribution, [`random`] makes graphs for tests.
//! * [`condition`] has the statistics of a stream that a network may be told beforehand.

pub mod build;
pub mod condition;
pub mod cost;
pub mod error;
pub mod fused;
pub mod graph;
pub mod interface;
pub mod limits;
pub mod model;
pub mod onnx;
pub mod random;
pub mod reference;
pub mod self_test;
pub mod softmax;
pub mod stepper;
pub mod verify;

pub use cost::Cost;
pub use error::{ExactError, Result};
pub use fused::{Fused, FusedStepper, Isa};
pub use graph::Graph;
pub use interface::{Condition, Interface, Metadata, State, StateRange};
pub use limits::ModelLimits;
pub use model::StepModel;
pub use reference::Reference;
pub use self_test::SelfTest;
pub use stepper::{Regions, Stepper};
pub use verify::Certificate;
