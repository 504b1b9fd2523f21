//! A few steps whose logits are known, before a backend may code anything: belt and braces
//! beside the proof.

use std::sync::Arc;

use umoec_exact::{ExactError, Reference, SelfTest, StepModel};

use crate::backend::{Backend, Prepared};

/// What is fed to a model that brings no vector of its own.
const BYTES: &[u8] = b"\0umoec";

/// Refuses a backend that differs, in any lane, from the vector stored with the model, or
/// from the reference interpreter where there is none.
pub(crate) fn run(
    model: &Arc<StepModel>,
    backend: Backend,
    prepared: &dyn Prepared,
) -> Result<(), ExactError> {
    let mut stepper = prepared.start()?;
    if let Some(vector) = model.self_test() {
        return vector.check(backend.name(), &mut *stepper);
    }
    let mut truth = Reference::new(Arc::clone(model), 1)?;
    SelfTest::record(BYTES, &mut truth)?.check(backend.name(), &mut *stepper)
}
