//! Products of activations with a constant matrix of bytes.
//!
//! Activations of a span below 256 are packed as unsigned bytes counted from the least; what that
//! adds to the sums is taken off again in the bias, which is exact since sums wrap. Weights are packed
//! in panels of 16 columns, in them quads of four rows, so that one vector of 64 bytes meets four
//! activations:
//!
//! ```text
//! panel 0: [column 0: w0 w1 w2 w3] [column 1: w0 w1 w2 w3] ... [column 15: w0 w1 w2 w3]  quad 0
//!          [column 0: w4 w5 w6 w7] ...                                                   quad 1
//! ```

mod pack;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::draft::ProductDraft;
use super::isa::Isa;
use super::memory::{Arena, Memory};
use super::program::Place;
use super::select::Window;

/// Columns of a panel.
pub(super) const PANEL: usize = 16;

/// Rows that one step of a kernel takes.
pub(super) const QUAD: usize = 4;

/// A product ready to run.
#[derive(Debug, Clone)]
pub(super) struct Product {
    isa: Isa,
    from: Window,
    low: i64,
    /// Rows of one lane, and lanes.
    rows: usize,
    lanes: usize,
    matrix: Matrix,
    to: Place,
}

/// Packed weights.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    pub(super) inner: usize,
    pub(super) columns: usize,
    /// Panels by quads by columns by rows of a quad.
    pub(super) weights: Arena<i8>,
    /// For each column of each panel, what sums begin with.
    pub(super) bias: Arena<i32>,
}

impl Matrix {
    /// Quads of rows.
    pub(super) const fn quads(&self) -> usize {
        self.inner.div_ceil(QUAD)
    }

    /// Panels of columns.
    pub(super) const fn panels(&self) -> usize {
        self.columns.div_ceil(PANEL)
    }

    /// `weights` are `[inner, columns]`; activations are counted from `low`.
    pub(super) fn pack(inner: usize, weights: &[i8], bias: &[i64], low: i64) -> Self {
        let columns = bias.len();
        let (quads, panels) = (inner.div_ceil(QUAD), columns.div_ceil(PANEL));
        let mut packed = Arena::new(panels * quads * PANEL * QUAD);
        let mut start = Arena::new(panels * PANEL);
        let all = packed.all_mut();
        for (row, weights) in weights.chunks_exact(columns).enumerate() {
            for (column, &weight) in weights.iter().enumerate() {
                let (panel, at) = (column / PANEL, column % PANEL);
                let quad = (panel * quads + row / QUAD) * PANEL * QUAD;
                all[quad + at * QUAD + row % QUAD] = weight;
                let start: &mut i32 = &mut start.all_mut()[column];
                *start = start.wrapping_add((low * i64::from(weight)) as i32);
            }
        }
        for (start, &bias) in start.all_mut().iter_mut().zip(bias) {
            *start = start.wrapping_add(bias as i32);
        }
        Self {
            inner,
            columns,
            weights: packed,
            bias: start,
        }
    }
}

/// Packed activations.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    bytes: Arena<u8>,
    words: Arena<i16>,
}

impl Packed {
    pub(super) fn new(len: usize, isa: Isa) -> Self {
        let (bytes, words) = match isa {
            Isa::Vnni | Isa::Scalar => (len, 0),
            Isa::Avx2 | Isa::Avx512 => (0, len),
        };
        Self {
            bytes: Arena::new(bytes),
            words: Arena::new(words),
        }
    }
}

impl Product {
    pub(super) fn new(
        draft: &ProductDraft,
        from: Window,
        to: Place,
        lanes: usize,
        isa: Isa,
    ) -> Self {
        Self {
            isa,
            rows: from.dims.iter().product::<usize>() / draft.inner,
            from,
            low: draft.low,
            lanes,
            matrix: Matrix::pack(draft.inner, &draft.weights, &draft.bias, draft.low),
            to,
        }
    }

    /// Activations with the fill at the end of each row.
    pub(super) fn packed_len(&self) -> usize {
        self.rows * self.lanes * self.matrix.quads() * QUAD
    }

    pub(super) fn run(&self, memory: &mut Memory, packed: &mut Packed) {
        let rows = self.rows * self.lanes;
        let len = self.packed_len();
        match self.isa {
            Isa::Vnni | Isa::Scalar => {
                let bytes = &mut packed.bytes.all_mut()[..len];
                self.gather(memory, bytes, |n| n as u8);
            }
            Isa::Avx2 | Isa::Avx512 => {
                let words = &mut packed.words.all_mut()[..len];
                self.gather(memory, words, |n| n as i16);
            }
        }
        let out = rows * self.matrix.columns;
        let out = &mut memory.i32.all_mut()[self.to.base..self.to.base + out];
        match self.isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Vnni => x86::vnni(&self.matrix, &packed.bytes.all()[..len], out),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => x86::avx512(&self.matrix, &packed.words.all()[..len], out),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => x86::avx2(&self.matrix, &packed.words.all()[..len], out),
            _ => portable::product(&self.matrix, &packed.bytes.all()[..len], out),
        }
    }

    /// Activations counted from the least.
    fn gather<T: Copy>(&self, memory: &Memory, to: &mut [T], narrow: impl Fn(i32) -> T + Copy) {
        let stride = self.matrix.quads() * QUAD;
        let shape = pack::Rows {
            base: self.from.base,
            lane: self.from.lane,
            rows: self.rows,
            inner: self.matrix.inner,
            stride,
            low: self.low as i32,
        };
        pack::pack(&shape, self.from.ty, memory, to, narrow);
    }
}

#[cfg(test)]
mod tests;
