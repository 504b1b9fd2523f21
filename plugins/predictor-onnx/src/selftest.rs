//! A few steps whose logits are known, before a backend may code anything: belt and braces
//! beside the proof.

use std::sync::Arc;

use umoec_exact::reference::Reference;
use umoec_exact::{ExactError, StepModel, Stepper};

use crate::backend::{Backend, Prepared};

/// Steps compared with the reference interpreter where a model brings no vector.
const STEPS: usize = 4;

/// Refuses a backend that differs from the model's own vector in any lane.
pub(crate) fn run(
    model: &Arc<StepModel>,
    backend: Backend,
    prepared: &dyn Prepared,
) -> Result<(), ExactError> {
    let mut stepper = prepared.start()?;
    todo!()
}
