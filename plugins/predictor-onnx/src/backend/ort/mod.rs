//! ONNX Runtime, loaded at run time: the program works without it.

mod library;
mod stepper;

pub use library::{Library, library, library_at};
pub(super) use stepper::Ort;

/// Where ONNX Runtime computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// On the CPU, on the caller's thread.
    Cpu,
    /// With CUDA. TF32 is exact only for models whose certificate says so.
    Cuda {
        /// Whether matrix products may round their inputs to TF32.
        tf32: bool,
    },
}
