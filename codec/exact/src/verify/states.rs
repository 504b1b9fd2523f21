//! The ends of the proof: what inputs may hold, what outputs must.

use crate::error::{ExactError, Result, shown};
use crate::graph::{Graph, Value, ValueId};
use crate::interface::{Interface, StateRange};
use crate::softmax::{LOGIT_MAX, LOGIT_MIN};

use super::cell::Cell;
use super::tensor::Tensor;

/// What an input holds by the contract. For states this is the hypothesis of the induction.
pub(super) fn input(value: &Value, interface: &Interface) -> Tensor {
    let state = interface
        .states
        .iter()
        .find(|state| value.name == state.input());
    let cell = match (state, &interface.condition) {
        // A state is handed back as it came out: a negative zero stays one.
        (Some(state), _) => Cell {
            minus: true,
            ..cell(state.range)
        },
        (None, Some(condition)) if value.name == "condition" => cell(condition.range),
        _ => Cell::integers(0, 255),
    };
    let sizes = value.shape.sizes(1);
    Tensor {
        cells: vec![cell; sizes.iter().product()],
        sizes,
        constant: false,
    }
}

fn cell(range: StateRange) -> Cell {
    let integers = Cell::integers(range.low, range.high);
    Cell {
        exponent: range.exponent,
        ..integers
    }
}

/// Checks what an output must hold. For states this closes the induction.
pub(super) fn output(
    graph: &Graph,
    id: ValueId,
    tensor: &Tensor,
    interface: &Interface,
) -> Result<()> {
    let name = &graph.values[id].name;
    let state = interface
        .states
        .iter()
        .find(|state| *name == state.output());
    let range = state.map_or(StateRange::integers(LOGIT_MIN, LOGIT_MAX), |state| {
        state.range
    });
    let declared = cell(range);
    for cell in &tensor.cells {
        let finer = !cell.is_zero() && cell.exponent < declared.exponent;
        if finer || cell.least() < declared.least() || cell.greatest() > declared.greatest() {
            return Err(ExactError::Interface(format!(
                "output {} may be {}..={} * 2^{}, which is not within {}..={} * 2^{}",
                shown(name),
                cell.low,
                cell.high,
                cell.exponent,
                range.low,
                range.high,
                range.exponent
            )));
        }
    }
    Ok(())
}
