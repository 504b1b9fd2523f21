//! Samples of images: predictions of the present one from those around it, in its own channel and in
//! the others (`spec.md`, section 6.7).

mod errors;
mod least_squares;

use umoec_codec::Result;

use crate::numeric::Numbers;

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
        let end = history.len();
        let width = self.width;
        let v = |distance: usize| -> i32 {
            if distance > end {
                return 0;
            }
            let at = end - distance;
            if width == 1 {
                i32::from(history[at])
            } else {
                i32::from(history[at]) << 8 | i32::from(history[at + 1])
            }
        };
        let (e, r) = (self.element, self.row);
        let [w, ww, www] = [v(e), v(2 * e), v(3 * e)];
        let [n, nw, ne, nn] = [v(r), v(r + e), v(r - e), v(2 * r)];
        let nee = if r > 2 * e { v(r - 2 * e) } else { ne };
        let [nww, nne, nnw] = [v(r + 2 * e), v(2 * r - e), v(2 * r + e)];
        let m = (w + n) >> 1;
        let c = self.channel.min(CHANNELS - 1);
        let mut x = [0i32; least_squares::TERMS];
        let own = [w, nw, ne, ww, nn, nne, nee, nnw, nww, www];
        for (x, v) in x.iter_mut().zip(own) {
            *x = v - m;
        }
        let mut terms = 10;
        // Of the channels before: this pixel and those around it.
        let mut delta = [0; 4];
        for (number, back) in [width, 2 * width]
            .into_iter()
            .enumerate()
            .take(self.channel)
        {
            let [p, pw, pn] = [v(back), v(back + e), v(back + r)];
            let [pnw, pne] = [v(back + r + e), v(back + r - e)];
            let m = (pw + pn) >> 1;
            for v in [p, pw, pnw, pne] {
                x[terms] = v - m;
                terms += 1;
            }
            if number == 0 {
                delta = [p - pw, p - pn, p - pnw, p - pne];
            }
        }
        if self.channel == 0 {
            // Of the channels behind: the pixel before.
            let channels = e / width;
            for back in (1..channels.min(3)).map(|c| e - c * width) {
                let m = (v(back) + v(back + r - e)) >> 1;
                x[terms] = v(back) - m;
                terms += 1;
            }
        }
        let wide = self.wide[c].predict(m, &x, terms);
        let mut few = [0i32; least_squares::TERMS];
        few[..6].copy_from_slice(&x[..6]);
        let mut count = 6;
        if self.channel > 0 {
            few[6..10].copy_from_slice(&x[10..14]);
            count = 10;
            if self.channel > 1 {
                few[10..12].copy_from_slice(&x[14..16]);
                count = 12;
            }
        }
        let narrow = self.narrow[c].predict(m, &few, count);
        let med = median(w, n, w + n - nw);
        let planes = {
            let (w, n) = (w + delta[0], n + delta[1]);
            let nw = nw + delta[2];
            median(w, n, w + n - nw)
        };
        let most = 8 * self.most;
        let mut predicted = [
            0,
            wide,
            narrow,
            8 * med,
            8 * planes,
            8 * (w + delta[0]),
            8 * (n + delta[1]),
            8 * (w + ne - n + delta[0] + delta[3] - delta[1]),
        ];
        for p in &mut predicted {
            *p = (*p).clamp(0, most);
        }
        self.errors.begin();
        predicted[0] = self.errors.blend(&predicted).clamp(0, most);
        self.predicted = predicted;
        let slope =
            (w - nw).abs() + (n - nw).abs() + (n - ne).abs() + (w - ww).abs() + (n - nn).abs();
        let beside = if self.channel > 0 {
            self.errors.beside()
        } else {
            0
        };
        let around = self.errors.around();
        let over = |v: i32, bit: u32| u32::from(8 * v > predicted[0]) << bit;
        let bias = self.errors.bias();
        self.levels = [
            level(8 * slope as u32 / 2),
            level(around + 2 * beside.unsigned_abs()),
            over(w, 0) | over(n, 1) | over(nw, 2) | over(ne, 3) | over(2 * n - nn, 4),
            signed_level(beside),
            signed_level(bias),
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

/// The middle one of three numbers.
#[inline(always)]
fn median(a: i32, b: i32, c: i32) -> i32 {
    a.max(b).min(a.min(b).max(c))
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
