//! Activations are packed before they meet weights.

use super::super::isa::Isa;
use super::super::memory::{Arena, Memory};
use super::super::scale::Type;
use super::super::select::Window;
use super::QUAD;

/// Memory for packed activations.
#[derive(Debug, Clone)]
pub(in super::super) struct Packed {
    pub(super) bytes: Arena<u8>,
    pub(super) words: Arena<i16>,
    /// The lower four bits of each, and the upper four.
    pub(super) halves: [Arena<u8>; 2],
}

/// What kernels take them as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bytes,
    Words,
    Halves,
}

impl Form {
    /// That of the kernel for weights that were trimmed or not.
    pub(super) const fn of(isa: Isa, trimmed: bool) -> Self {
        match isa {
            Isa::Vnni | Isa::Scalar => Self::Bytes,
            Isa::Avx512 => Self::Words,
            Isa::Avx2 if trimmed => Self::Bytes,
            Isa::Avx2 => Self::Halves,
        }
    }
}

impl Packed {
    pub(in super::super) fn new(len: usize, isa: Isa) -> Self {
        let [bytes, words, halves] = match isa {
            Isa::Vnni | Isa::Scalar => [len, 0, 0],
            Isa::Avx512 => [0, len, 0],
            Isa::Avx2 => [len, 0, len],
        };
        Self {
            bytes: Arena::new(bytes),
            words: Arena::new(words),
            halves: [Arena::new(halves), Arena::new(halves)],
        }
    }
}

/// The rows of activations of a product.
#[derive(Debug, Clone)]
pub(super) struct Activations {
    from: Window,
    /// The least of them, which they are counted from.
    low: i32,
    pub(super) inner: usize,
    /// Rows of one lane, and lanes.
    pub(super) rows: usize,
    pub(super) lanes: usize,
}

impl Activations {
    /// Rows of `inner` elements, contiguous in each lane.
    pub(super) fn new(from: Window, low: i64, inner: usize, lanes: usize) -> Self {
        Self {
            rows: from.dims.iter().product::<usize>() / inner,
            from,
            low: low as i32,
            inner,
            lanes,
        }
    }

    /// Packed elements of a row, with the fill at its end.
    pub(super) const fn stride(&self) -> usize {
        self.inner.next_multiple_of(QUAD)
    }

    /// Packed elements of all rows.
    pub(super) const fn len(&self) -> usize {
        self.rows * self.lanes * self.stride()
    }

    /// Packs all rows; the fill at the end of each stays as it is, since its weights are zero.
    pub(super) fn pack(&self, form: Form, memory: &Memory, packed: &mut Packed) {
        let len = self.len();
        match form {
            Form::Bytes => {
                let bytes = &mut packed.bytes.all_mut()[..len];
                self.narrowed(memory, bytes, |n| n as u8);
            }
            Form::Words => {
                let words = &mut packed.words.all_mut()[..len];
                self.narrowed(memory, words, |n| n as i16);
            }
            Form::Halves => {
                let [low, high] = &mut packed.halves;
                self.narrowed(memory, &mut low.all_mut()[..len], |n| n as u8 & 15);
                self.narrowed(memory, &mut high.all_mut()[..len], |n| n as u8 >> 4);
            }
        }
    }

    fn narrowed<T: Copy>(&self, memory: &Memory, to: &mut [T], narrow: impl Fn(i32) -> T) {
        let low = self.low;
        match self.from.ty {
            Type::I8 => self.each(memory.i8.all(), to, |x| narrow(i32::from(x) - low)),
            Type::U8 => self.each(memory.u8.all(), to, |x| narrow(i32::from(x) - low)),
            Type::I16 => self.each(memory.i16.all(), to, |x| narrow(i32::from(x) - low)),
            Type::I32 => self.each(memory.i32.all(), to, |x| narrow(x.wrapping_sub(low))),
            Type::I64 => self.each(memory.i64.all(), to, |x| {
                narrow((x as i32).wrapping_sub(low))
            }),
        }
    }

    fn each<S: Copy, T: Copy>(&self, from: &[S], to: &mut [T], take: impl Fn(S) -> T) {
        for (row, to) in to.chunks_exact_mut(self.stride()).enumerate() {
            let (lane, row) = (row / self.rows, row % self.rows);
            let first = self.from.base + lane * self.from.lane + row * self.inner;
            for (to, &x) in to.iter_mut().zip(&from[first..first + self.inner]) {
                *to = take(x);
            }
        }
    }
}
