//! How far predictions of the samples around were off (`spec.md`, section 6.7).

use umoec_codec::Result;

use super::PREDICTIONS;

/// Errors of one sample: of each prediction, in eighths, at most 65535; that of the first one with its sign.
#[derive(Clone, Copy)]
struct Missed {
    each: [u16; PREDICTIONS],
    signed: i32,
}

pub(super) struct Errors {
    ring: Vec<Missed>,
    /// Of the present sample.
    at: usize,
    /// Distances of the sample to the left and of that above.
    element: usize,
    row: usize,
    sums: [u32; PREDICTIONS],
}

impl Errors {
    /// Samples that are kept.
    pub(super) fn length([element, row]: [usize; 2], width: usize, len: u64) -> usize {
        let all = usize::try_from(len).unwrap_or(usize::MAX);
        ((row + element).min(all) / width + 2).next_power_of_two()
    }

    pub(super) fn new(length: usize) -> Result<Self> {
        let none = Missed {
            each: [0; PREDICTIONS],
            signed: 0,
        };
        Ok(Self {
            ring: vec![none; length],
            at: 0,
            element: 0,
            row: 0,
            sums: [0; PREDICTIONS],
        })
    }

    #[inline(always)]
    fn back(&self, samples: usize) -> &Missed {
        &self.ring[self.at.wrapping_sub(samples) & (self.ring.len() - 1)]
    }

    /// Before a sample.
    #[inline(always)]
    pub(super) fn begin(&mut self, element: usize, row: usize) {
        (self.element, self.row) = (element, row);
        let near = [
            self.back(element).each,
            self.back(row).each,
            self.back(row + element).each,
            self.back(row - element).each,
        ];
        for i in 0..PREDICTIONS {
            let [w, n, nw, ne] = near.map(|e| u32::from(e[i]));
            self.sums[i] = 2 * w + 2 * n + nw + ne;
        }
    }

    /// The predictions but the first, each counting the more the less it was off around here.
    #[inline(always)]
    pub(super) fn blend(&self, predicted: &[i32; PREDICTIONS]) -> i32 {
        let (mut sum, mut weights) = (0i64, 0i64);
        for i in 1..PREDICTIONS {
            let off = u64::from(self.sums[i]) + 4;
            let weight = ((1u64 << 40) / (off * off)) as i64 + 1;
            weights += weight;
            sum += weight * i64::from(predicted[i]);
        }
        (sum / weights) as i32
    }

    /// How far the blend was off around here.
    #[inline(always)]
    pub(super) fn around(&self) -> u32 {
        self.sums[0]
    }

    /// By how much the sample so many before was above its blend, in eighths.
    #[inline(always)]
    pub(super) fn signed(&self, samples: usize) -> i32 {
        self.back(samples).signed
    }

    /// After a sample, in eighths.
    #[inline(always)]
    pub(super) fn learn(&mut self, value: i32, predicted: &[i32; PREDICTIONS]) {
        let mask = self.ring.len() - 1;
        let missed = &mut self.ring[self.at & mask];
        for (each, p) in missed.each.iter_mut().zip(predicted) {
            *each = (value - p).unsigned_abs().min(65_535) as u16;
        }
        missed.signed = value - predicted[0];
        self.at += 1;
    }
}
