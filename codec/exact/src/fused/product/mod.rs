//! Products of activations with constant matrices of bytes: one matrix, or those that are chosen
//! of several.
//!
//! Activations of a span below 256 are packed as unsigned bytes counted from the least; what that
//! adds to the sums is taken off again in the bias, which is exact since sums wrap. Weights are packed
//! in panels of 16 columns and quads of four rows, so that one vector of 64 bytes meets four
//! activations:
//!
//! ```text
//! [column 0: w0 w1 w2 w3] [column 1: w0 w1 w2 w3] ... [column 15: w0 w1 w2 w3]  quad 0, panel 0
//! [column 16: w0 w1 w2 w3] ...                                                  quad 0, panel 1
//! ...
//! [column 0: w4 w5 w6 w7] ...                                                   quad 1, panel 0
//! ```
//!
//! Up to [`GROUP`] panels lie side by side like this. A kernel has one accumulator for each of them, and
//! reads the weights from the first to the last: a row alone is as fast as weights come from the
//! second-level cache, and eight streams come a third slower than one.

mod activations;
mod experts;
mod matrix;
mod portable;
mod trim;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

use super::draft::ProductDraft;
use super::isa::Isa;
use super::memory::Memory;
use super::program::Place;
use super::select::Window;

use activations::{Activations, Form};
use matrix::{Bank, Counted, Matrix};
#[cfg(target_arch = "x86_64")]
use trim::Excess;

pub(super) use activations::Packed;
pub(super) use experts::{Choice, Experts};
pub(super) use matrix::packed_bytes;

/// Columns of a panel.
pub(super) const PANEL: usize = 16;

/// Panels that lie side by side, at most.
const GROUP: usize = 2;

/// Rows that one step of a kernel takes.
pub(super) const QUAD: usize = 4;

/// A product ready to run.
#[derive(Debug, Clone)]
pub(super) struct Product {
    isa: Isa,
    form: Form,
    activations: Activations,
    /// Of one matrix.
    bank: Bank,
    to: Place,
}

impl Product {
    pub(super) fn new(
        draft: &ProductDraft,
        from: Window,
        to: Place,
        lanes: usize,
        isa: Isa,
    ) -> Self {
        let ProductDraft {
            inner,
            columns,
            low,
            span,
            ..
        } = *draft;
        let weight = |_, row, column| draft.weights[row * columns + column];
        let bias = |column: usize| draft.bias[column];
        let counted = Counted { low, span };
        let bank = Bank::pack([1, inner, columns], counted, isa, weight, bias);
        Self {
            isa,
            form: Form::of(isa, bank.is_trimmed()),
            activations: Activations::new(from, low, inner, lanes),
            bank,
            to,
        }
    }

    /// Activations with the fill at the end of each row.
    pub(super) const fn packed_len(&self) -> usize {
        self.activations.len()
    }

    /// Multiplications in all lanes.
    pub(super) fn macs(&self) -> u64 {
        let Activations {
            inner, rows, lanes, ..
        } = self.activations;
        (lanes * rows * inner * self.bank.matrix(0).columns) as u64
    }

    pub(super) fn run(&self, memory: &mut Memory, packed: &mut Packed) {
        self.activations.pack(self.form, memory, packed);
        let matrix = self.bank.matrix(0);
        let out = self.activations.rows * self.activations.lanes * matrix.columns;
        let out = &mut memory.i32.all_mut()[self.to.base..self.to.base + out];
        multiply(self.isa, matrix, packed, 0..self.packed_len(), out);
    }
}

/// Multiplies the rows that are packed in that range with a matrix.
#[inline]
fn multiply(isa: Isa, matrix: Matrix<'_>, packed: &Packed, rows: Range<usize>, out: &mut [i32]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Vnni => x86::vnni(matrix, &packed.bytes.all()[rows], out),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => x86::avx512(matrix, &packed.words.all()[rows], out),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => match matrix.excess {
            Some(excess) => {
                let bytes = &packed.bytes.all()[rows];
                x86::avx2_trimmed(matrix, bytes, out);
                add_excess(matrix, excess, bytes, out);
            }
            None => {
                let [low, high] = &packed.halves;
                x86::avx2(matrix, &low.all()[rows.clone()], &high.all()[rows], out);
            }
        },
        _ => portable::product(matrix, &packed.bytes.all()[rows], out),
    }
}

/// Adds the products of what was taken off the weights.
#[cfg(target_arch = "x86_64")]
#[inline]
fn add_excess(matrix: Matrix<'_>, excess: &[Excess], activations: &[u8], out: &mut [i32]) {
    let rows = activations.chunks_exact(matrix.quads() * QUAD);
    for (activations, out) in rows.zip(out.chunks_exact_mut(matrix.columns)) {
        for &Excess {
            row,
            column,
            weight,
        } in excess
        {
            let product = i32::from(activations[row]) * weight;
            out[column] = out[column].wrapping_add(product);
        }
    }
}

#[cfg(test)]
mod tests;
