//! Samples of images: predictions of the present one from those around it, in its own channel and in
//! the others (`spec.md`, section 6.7).

mod around;
mod errors;
mod least_squares;

use umoec_codec::Result;

use crate::numeric::Numbers;

use around::{Around, Reader};
use errors::Errors;
use least_squares::LeastSquares;

/// Predictions of a sample.
pub(crate) const PREDICTIONS: usize = 8;
/// Quantities that aimed contexts tell apart, each below [`LEVELS`].
pub(crate) const QUANTITIES: usize = 5;
/// Levels of each.
pub(crate) const LEVELS: u32 = 32;
/// Channels that have weights of their own; those behind share the last ones'.
const CHANNELS: usize = 4;

/// What predictions say about the next sample.
pub(crate) struct Pixels {
    /// Bytes of a sample, 1 or 2; 0 where there are no samples to look at.
    width: usize,
    element: usize,
    row: usize,
    /// Largest sample.
    most: i32,
    /// Bytes until the first sample starts.
    wait: usize,
    /// Number of the sample in its pixel.
    channel: usize,
    /// Bytes of the present sample that are known, and these.
    bytes: u32,
    prefix: u32,
    wide: Vec<LeastSquares>,
    narrow: Vec<LeastSquares>,
    errors: Errors,
    /// Predictions of the present sample, in eighths.
    predicted: [i32; PREDICTIONS],
    /// What each of them says of the next byte, as `Numeric::expected`.
    pub(crate) expected: [u32; PREDICTIONS],
    /// What is around the present sample.
    pub(crate) levels: [u32; QUANTITIES],
}

impl Pixels {
    /// Bytes of it in a stream of `len` bytes, what is small not counted.
    pub(crate) fn memory(numbers: Numbers, strides: [usize; 2], len: u64, wanted: bool) -> u64 {
        if wanted && Self::fit(numbers, strides) {
            Errors::memory(strides, usize::from(numbers.width), len)
        } else {
            0
        }
    }

    /// Of a stream of `len` bytes; `wanted`: whether a context asks for it.
    ///
    /// # Errors
    /// `Memory` where the system has too little.
    pub(crate) fn new(
        numbers: Numbers,
        strides: [usize; 2],
        len: u64,
        wanted: bool,
    ) -> Result<Self> {
        let [element, row] = strides;
        let wanted = wanted && Self::fit(numbers, strides);
        let width = if wanted {
            usize::from(numbers.width)
        } else {
            0
        };
        let count = if wanted { CHANNELS } else { 0 };
        let squares = |forget| (0..count).map(|_| LeastSquares::new(forget)).collect();
        Ok(Self {
            width,
            element,
            row,
            most: (1 << (8 * width)) - 1,
            wait: usize::from(numbers.phase),
            channel: 0,
            bytes: 0,
            prefix: 0,
            wide: squares(8),
            narrow: squares(3),
            errors: Errors::new(strides, width, len)?,
            predicted: [0; PREDICTIONS],
            expected: [0; PREDICTIONS],
            levels: [0; QUANTITIES],
        })
    }

    /// Whether there are samples to look at.
    fn fit(numbers: Numbers, [element, row]: [usize; 2]) -> bool {
        let width = usize::from(numbers.width);
        let whole = |stride: usize| stride.is_multiple_of(width.max(1));
        (1..=2).contains(&width) && element > 0 && row > element && whole(element) && whole(row)
    }

    /// Takes in the byte that is already the last of `history`.
    #[inline(always)]
    pub(crate) fn push(&mut self, byte: u8, history: &[u8]) {
        if self.width == 0 {
            return;
        }
        if self.wait > 0 {
            self.wait -= 1;
            if self.wait == 0 {
                self.begin(history);
            }
            return;
        }
        self.prefix = (self.prefix << 8) | u32::from(byte);
        self.bytes += 1;
        if self.bytes as usize == self.width {
            self.learn();
            self.channel += 1;
            if self.channel * self.width >= self.element {
                self.channel = 0;
            }
            self.begin(history);
        }
        self.expect();
    }

    #[inline(always)]
    fn learn(&mut self) {
        let value = self.prefix as i32;
        let c = self.channel.min(CHANNELS - 1);
        self.wide[c].learn(value);
        self.narrow[c].learn(value);
        self.errors.learn(8 * value, &self.predicted);
        self.prefix = 0;
        self.bytes = 0;
    }

    /// Predicts the sample that follows `history`.
    #[inline(always)]
    fn begin(&mut self, history: &[u8]) {
        let from = Reader {
            history,
            width: self.width,
            element: self.element,
            row: self.row,
        };
        let around = Around::read(&from, self.channel);
        let c = self.channel.min(CHANNELS - 1);
        let (x, terms) = &around.wide;
        let wide = self.wide[c].predict(around.base, x, *terms);
        let (x, terms) = &around.narrow;
        let narrow = self.narrow[c].predict(around.base, x, *terms);
        let [med, planes, left, above, corner] = around.simple().map(|p| 8 * p);
        let most = 8 * self.most;
        let predicted = [0, wide, narrow, med, planes, left, above, corner];
        self.predicted = predicted.map(|p| p.clamp(0, most));
        self.errors.begin();
        self.predicted[0] = self.errors.blend(&self.predicted);
        self.look(&around);
    }

    /// Notes what is around the sample.
    #[inline(always)]
    fn look(&mut self, around: &Around) {
        let &Around {
            w, n, nw, ne, nn, ..
        } = around;
        let blend = self.predicted[0];
        let above = [w, n, nw, ne, 2 * n - nn].map(|v| u32::from(8 * v > blend));
        let texture = (0..5).fold(0, |sum, i| sum | above[i] << i);
        let beside = if self.channel > 0 {
            self.errors.beside()
        } else {
            0
        };
        self.levels = [
            level(4 * around.slope()),
            level(self.errors.around() + 2 * beside.unsigned_abs()),
            texture,
            signed_level(beside),
            signed_level(self.errors.bias()),
        ];
    }

    #[inline(always)]
    fn expect(&mut self) {
        let shift = 8 * (self.width as u32 - 1 - self.bytes);
        let prefix = (self.prefix << 8) as i32;
        for (expected, predicted) in self.expected.iter_mut().zip(self.predicted) {
            let off = ((predicted + 4) >> 3 >> shift) - prefix;
            *expected = (off.clamp(-256, 767) + 256) as u32;
        }
    }

    /// The number of the sample in its pixel.
    pub(crate) fn channel(&self) -> u32 {
        self.channel as u32
    }

    /// Where the next bit splits the samples that are still possible, seen from each prediction:
    /// bits that follow it in the sample, and the middle in eighths.
    #[inline(always)]
    pub(crate) fn split(&self, partial: u32) -> (u32, i32) {
        let bits = partial.ilog2();
        let below = 8 * (self.width as u32).saturating_sub(1 + self.bytes) + 7 - bits;
        let known = (self.prefix << bits) | (partial ^ (1 << bits));
        let middle = (2 * known + 1) << below;
        (below & 15, (8 * middle) as i32 - 4)
    }

    /// How far the middle is from prediction `number`: a level below 512.
    #[inline(always)]
    pub(crate) fn offset(&self, middle: i32, number: usize) -> u32 {
        let off = middle - self.predicted[number];
        distance(off.unsigned_abs()) | u32::from(off < 0) << 8
    }
}

/// A number on a logarithmic scale, eight steps to an octave: below 256.
#[inline(always)]
fn distance(off: u32) -> u32 {
    if off < 8 {
        return off;
    }
    let whole = off.ilog2();
    (8 * (whole - 2) + ((off >> (whole - 3)) & 7)).min(255)
}

/// A number on a logarithmic scale, two steps to an octave: below 32.
#[inline(always)]
fn level(v: u32) -> u32 {
    if v < 2 {
        return v;
    }
    let whole = v.ilog2();
    (2 * whole + ((v >> (whole - 1)) & 1)).min(31)
}

/// The same with a sign: 16 is 0.
#[inline(always)]
fn signed_level(v: i32) -> u32 {
    let l = level(v.unsigned_abs() >> 2).min(15);
    if v < 0 { 16 - l } else { 16 + l }
}

#[cfg(test)]
mod tests;
