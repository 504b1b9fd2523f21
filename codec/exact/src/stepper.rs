//! The seam between a step graph and whatever runs it.

use std::any::Any;

use crate::error::{ExactError, Result};

/// Multiplications of matrix products, in all lanes, in the parts of a network that its conditions switch on and off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Regions {
    /// Where the condition held in a lane.
    pub run: u64,
    /// Where it held in none, and the work was left out.
    pub skipped: u64,
}

impl Regions {
    /// What came to these since `before`, which becomes them.
    pub const fn since(self, before: &mut Self) -> Self {
        let Self { run, skipped } = std::mem::replace(before, self);
        Self {
            run: self.run - run,
            skipped: self.skipped - skipped,
        }
    }
}

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

    /// What was run and what was left out, in all steps so far: nothing where a backend always computes all.
    fn regions(&self) -> Regions {
        Regions::default()
    }

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
