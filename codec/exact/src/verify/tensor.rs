//! What is known of a tensor: a cell for each element of one lane.

use crate::graph::movement::Movement;
use crate::graph::{Constant, Data};

use super::cell::{Cell, SPAN_MAX};
use super::certificate::TensorFact;
use super::fault::Fault;

/// Cells in row-major order.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub(super) cells: Vec<Cell>,
    pub(super) sizes: Vec<usize>,
    /// Whether it depends on no input, so that a runtime may compute it beforehand.
    pub(super) constant: bool,
}

impl Tensor {
    /// A tensor of the file.
    pub(super) fn constant(constant: &Constant) -> Result<Self, Fault> {
        let cells: Result<Vec<Cell>, Fault> = match &constant.data {
            Data::F32(x) => x.iter().map(|&x| Cell::float(x)).collect(),
            Data::I8(x) => x.iter().map(|&n| Cell::integer(n.into())).collect(),
            Data::U8(x) => x.iter().map(|&n| Cell::integer(n.into())).collect(),
            Data::I32(x) => x.iter().map(|&n| Cell::integer(n.into())).collect(),
            Data::I64(x) => x.iter().map(|&n| Cell::integer(n)).collect(),
            Data::Bool(x) => x.iter().map(|&n| Cell::integer(n.into())).collect(),
        };
        let tensor = Self {
            cells: cells?,
            sizes: constant.dims.clone(),
            constant: true,
        };
        tensor.check_span()?;
        Ok(tensor)
    }

    /// Elements in another arrangement.
    pub(super) fn moved(
        inputs: &[&Self],
        movement: &Movement,
        output: usize,
        sizes: Vec<usize>,
    ) -> Self {
        let from: Vec<Vec<usize>> = inputs.iter().map(|input| input.sizes.clone()).collect();
        let sources = movement.sources(&from, output, &sizes);
        Self {
            cells: sources
                .iter()
                .map(|&(input, at)| inputs[input].cells[at])
                .collect(),
            sizes,
            constant: inputs.iter().all(|input| input.constant),
        }
    }

    /// The least unit of all elements that are not always zero.
    pub(super) fn exponent(&self) -> i32 {
        let varying = self.cells.iter().filter(|cell| !cell.is_zero());
        varying.map(|cell| cell.exponent).min().unwrap_or(0)
    }

    /// Checks that all elements are moderate integers in one unit, so that integer arithmetic on
    /// whole tensors has room.
    pub(super) fn check_span(&self) -> Result<(), Fault> {
        let unit = self.exponent();
        for cell in &self.cells {
            if cell.exponent <= unit {
                continue; // A sum is below the span in its own unit, and a zero in any.
            }
            // One unit shifted by 63 is beyond the span already, and has room in 128 bits.
            let shift = (cell.exponent - unit).clamp(0, 63);
            let size = u64::try_from(u128::from(cell.sum) << shift).unwrap_or(u64::MAX);
            if size > SPAN_MAX {
                let reason = format!("its elements in their common unit 2^{unit} reach");
                return Err(Fault::bound(reason, size, SPAN_MAX));
            }
        }
        Ok(())
    }

    /// Summary for the certificate, after [`check_span`](Self::check_span): nothing overflows.
    pub(super) fn fact(&self, name: &str) -> TensorFact {
        let unit = self.exponent();
        let (mut low, mut high, mut sum) = (i64::MAX, i64::MIN, 0);
        for cell in &self.cells {
            let shift = if cell.exponent == unit || cell.is_zero() {
                0
            } else {
                cell.exponent - unit
            };
            low = low.min(i64::from(cell.low) << shift);
            high = high.max(i64::from(cell.high) << shift);
            sum = sum.max(cell.sum);
        }
        TensorFact {
            name: name.to_owned(),
            exponent: unit,
            low,
            high,
            sum,
        }
    }
}
