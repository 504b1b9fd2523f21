//! Numbers of several bytes: what simple predictions of the present one say about its next
//! byte (`spec.md`, section 6.6).

/// Predictions of a number.
pub(crate) const PREDICTIONS: usize = 12;

/// How numbers lie in a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Bytes of a number, the most significant first: 1 to 8; 0 for none.
    pub(crate) width: u8,
    /// Where the first one starts: below `width`.
    pub(crate) phase: u8,
}

/// Fields of a record that have errors of their own.
const FIELDS: usize = 64;

/// What predictions say about the next byte.
pub(crate) struct Numeric {
    width: usize,
    mask: u64,
    /// Bytes of the present number so far, and these.
    pub(crate) bytes: usize,
    prefix: u64,
    /// Bytes until the first number starts.
    wait: usize,
    strides: [usize; 2],
    field: usize,
    predicted: [u64; PREDICTIONS],
    /// What each prediction says of the next byte, relative to the bytes before: 0..=1023,
    /// 256 + the byte where those agree.
    pub(crate) expected: [u32; PREDICTIONS],
    /// How well the predictions of each field went: log2 of the error, in 1/16.
    errors: [[u32; PREDICTIONS]; FIELDS],
    /// The same, for the present field.
    pub(crate) scale: [u32; PREDICTIONS],
    /// How far the numbers of each field were from the middle of their range: the last two, and
    /// means over about 4 and 16, all log2 in 1/256.
    distances: [[u32; 4]; FIELDS],
    /// The same, for the present field.
    pub(crate) distance: [u32; 4],
    /// The same for the number before the present one alone.
    pub(crate) neighbour: u32,
}

impl Numeric {
    pub(crate) fn new(numbers: Numbers, strides: [usize; 2]) -> Self {
        let width = usize::from(numbers.width);
        Self {
            width,
            mask: if width == 8 {
                u64::MAX
            } else {
                (1 << (8 * width)) - 1
            },
            bytes: 0,
            prefix: 0,
            wait: usize::from(numbers.phase),
            strides,
            field: 0,
            predicted: [0; PREDICTIONS],
            expected: [0; PREDICTIONS],
            errors: [[0; PREDICTIONS]; FIELDS],
            scale: [0; PREDICTIONS],
            distances: [[0; 4]; FIELDS],
            distance: [0; 4],
            neighbour: 0,
        }
    }

    /// Takes in the byte that is already the last of `history`.
    #[inline]
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
        self.prefix = (self.prefix << 8) | u64::from(byte);
        self.bytes += 1;
        if self.bytes == self.width {
            self.learn();
            self.learn_distance();
            self.field += 1;
            if self.field * self.width >= self.strides[0] {
                self.field = 0;
            }
            self.begin(history);
        }
        self.expect();
    }

    fn learn(&mut self) {
        let errors = &mut self.errors[self.field % FIELDS];
        for (error, predicted) in errors.iter_mut().zip(self.predicted) {
            let off = 64 - self.prefix.abs_diff(predicted).leading_zeros();
            *error = (3 * *error + 16 * off) / 4;
        }
    }

    /// Keeps how far the number was from the middle.
    fn learn_distance(&mut self) {
        let middle = self.mask / 2 + 1;
        // Both 0x7FFF and 0x8000 are next to the middle.
        let off = if self.prefix >= middle {
            self.prefix - middle
        } else {
            middle - 1 - self.prefix
        };
        let log = log2(off);
        let d = &mut self.distances[self.field % FIELDS];
        *d = [log, d[0], (3 * d[2] + log) / 4, (15 * d[3] + log) / 16];
        self.neighbour = log;
    }

    fn begin(&mut self, history: &[u8]) {
        let (mask, width) = (self.mask, self.width);
        let end = history.len();
        let back = |distance: usize| -> i128 {
            if distance == 0 || distance > end {
                return 0;
            }
            let at = end - distance;
            let bytes = &history[at..(at + width).min(end)];
            i128::from(bytes.iter().fold(0u64, |v, &b| (v << 8) | u64::from(b)))
        };
        let [e, r] = self.strides;
        let (w, ww, www) = (back(e), back(2 * e), back(3 * e));
        let (n, nw, nn) = (back(r), back(r + e), back(2 * r));
        let ne = back(r.saturating_sub(e));
        let (f, fw) = (back(width), back(width + e));
        let all = [
            w,
            2 * w - ww,
            n,
            w + n - nw,
            w + ne - n,
            (w + n) / 2,
            2 * n - nn,
            (3 * w + 2 * n + ne - 2 * nw) / 4,
            w + f - fw,
            ww,
            3 * w - 3 * ww + www,
            f,
        ];
        self.predicted = all.map(|p| p.clamp(0, i128::from(mask)) as u64);
        self.scale = self.errors[self.field % FIELDS].map(|e| e / 16);
        self.distance = self.distances[self.field % FIELDS];
        self.prefix = 0;
        self.bytes = 0;
    }

    /// The byte of the number that comes, and the last two that came.
    #[inline(always)]
    pub(crate) fn place(&self) -> u32 {
        ((self.bytes as u32) << 16) | (self.prefix as u32 & 0xFFFF)
    }

    fn expect(&mut self) {
        let shift = 8 * (self.width - 1 - self.bytes);
        let prefix = self.prefix << 8;
        for (expected, predicted) in self.expected.iter_mut().zip(self.predicted) {
            let off = (predicted >> shift).wrapping_sub(prefix) as i64;
            *expected = (off.clamp(-256, 767) + 256) as u32;
        }
    }
}

/// log2 of a number above 0, and of 0, in 1/256: by its integer part and a straight line.
fn log2(value: u64) -> u32 {
    let value = value.saturating_add(1);
    let whole = value.ilog2();
    let part = (value << (63 - whole)) >> 55 & 255;
    (whole << 8) + part as u32
}
