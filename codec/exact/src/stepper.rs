//! The seam between a step graph and whatever runs it.

use std::any::Any;

use crate::error::{ExactError, Result};

/// A backend that runs one verified step graph for a fixed number of lanes in lockstep and keeps
/// the lanes' states between steps. All backends give the same logits (`spec/numerics.md`).
pub trait Stepper: Any + Send {
    /// Number of lanes, at least 1.
    fn lanes(&self) -> usize;

    /// One step of all lanes.
    ///
    /// `bytes[l]` is the byte that lane `l` coded just before; the 256 logits of lane `l` are
    /// written to `logits[l * 256 ..]`.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] where the backend fails or a slice has not one entry (or 256) per
    /// lane.
    fn step(&mut self, bytes: &[u8], logits: &mut [i32]) -> Result<()>;

    /// Puts all lanes back to the initial states.
    fn reset(&mut self);

    /// Copies the states of one lane into all others.
    fn broadcast(&mut self, from_lane: usize);

    /// Sets the model's conditioning input for the following steps: K integers per lane, lane by
    /// lane, in the units that the interface declares. It starts as the declared interval's lower
    /// end.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] where the model has no such input or the values do not fit it.
    fn set_condition(&mut self, condition: &[i32]) -> Result<()> {
        if condition.is_empty() {
            return Ok(());
        }
        Err(ExactError::Backend {
            backend: "step".into(),
            reason: "the model has no conditioning input".into(),
        })
    }
}
