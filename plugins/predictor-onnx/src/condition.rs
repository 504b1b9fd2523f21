//! What a network is told: of a stream before its first byte, and how hasty it is to be (`spec.md`, section 2.1).

use umoec_codec::{Error, Result};
use umoec_exact::condition::{STATISTICS, told};
use umoec_exact::{ExactError, StepModel, Stepper};

use crate::fault;
use crate::plugin::NAME;

/// Encoder side: the values for the stream `data` and this haste; none where the model takes none.
///
/// # Errors
/// `Config` where the model asks for something else than these.
pub(crate) fn of(model: &StepModel, data: &[u8], haste: u8) -> Result<Vec<u8>> {
    let Some(declared) = &model.interface().condition else {
        return Ok(Vec::new());
    };
    let (low, high) = (declared.range.low, declared.range.high);
    let told = told(declared.size, data, haste).filter(|_| low <= 0 && high >= 255);
    told.ok_or_else(|| {
        Error::Config(format!(
            "predictor `{NAME}`: model `{}` wants to be told {} values of {low}..={high}, there are \
             {STATISTICS} of 0..=255, and its haste (spec/numerics.md, section 9)",
            model.name().escape_debug(),
            declared.size,
        ))
    })
}

/// The values that a frame has, hostile on the decoding side, as one lane's condition.
///
/// # Errors
/// `Plugin` where they are not what the model takes.
pub(crate) fn check(model: &StepModel, found: &[u8]) -> Result<Vec<i32>> {
    let declared = model.interface().condition.as_ref();
    let name = || model.name().escape_debug();
    let wanted = declared.map_or(0, |declared| declared.size);
    if found.len() != wanted {
        return Err(fault(format!(
            "`{NAME}` tells model `{}` {} values of the stream, where it takes {wanted}",
            name(),
            found.len(),
        )));
    }
    let values: Vec<i32> = found.iter().map(|&value| value.into()).collect();
    let range = declared.map_or(0..=255, |declared| declared.range.low..=declared.range.high);
    match values.iter().find(|&value| !range.contains(value)) {
        None => Ok(values),
        Some(value) => Err(fault(format!(
            "`{NAME}` tells model `{}` the value {value} of the stream, where it takes {}..={}",
            name(),
            range.start(),
            range.end(),
        ))),
    }
}

/// Tells each lane of `stepper` one lane's condition.
///
/// # Errors
/// What the backend says; nothing where `values` were checked against its model.
pub(crate) fn tell(stepper: &mut dyn Stepper, values: &[i32]) -> Result<(), ExactError> {
    if values.is_empty() {
        return Ok(());
    }
    stepper.set_condition(&values.repeat(stepper.lanes()))
}
