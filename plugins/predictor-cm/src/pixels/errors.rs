//! How far the predictions of the samples around were off (`spec.md`, section 6.7).

use umoec_codec::{Error, Result};

use super::PREDICTIONS;

/// What one sample was off: by each prediction, in eighths, at most 65535; by the first one with its sign.
#[derive(Clone, Copy)]
struct Missed {
    each: [u16; PREDICTIONS],
    signed: i32,
}

/// Before the first sample.
const NONE: Missed = Missed {
    each: [0; PREDICTIONS],
    signed: 0,
};

/// Bytes that count for a sample that is kept.
const SAMPLE: u64 = 32;
const _: () = assert!(size_of::<Missed>() as u64 <= SAMPLE);

/// The errors of the last samples: a pixel more than a row.
pub(super) struct Errors {
    /// A power of two of them.
    ring: Vec<Missed>,
    /// Number of the present sample.
    at: usize,
    /// Samples of a pixel and of a row.
    pixel: usize,
    row: usize,
    /// How far each prediction was off around here.
    sums: [u32; PREDICTIONS],
}

impl Errors {
    /// Samples that are kept, of `width` bytes.
    fn length([element, row]: [usize; 2], width: usize, len: u64) -> usize {
        let all = usize::try_from(len).unwrap_or(usize::MAX);
        ((row + element).min(all) / width + 2).next_power_of_two()
    }

    /// Bytes of it in a stream of `len` bytes.
    pub(super) fn memory(strides: [usize; 2], width: usize, len: u64) -> u64 {
        SAMPLE * Self::length(strides, width, len) as u64
    }

    /// With `width` 0 it is never used.
    ///
    /// # Errors
    /// `Memory` where the system has too little.
    pub(super) fn new(strides: [usize; 2], width: usize, len: u64) -> Result<Self> {
        let mut ring = Vec::new();
        if width > 0 {
            let length = Self::length(strides, width, len);
            ring.try_reserve_exact(length).map_err(|_| Error::Memory {
                what: "predictor cm".into(),
                needed: Self::memory(strides, width, len),
            })?;
            ring.resize(length, NONE);
        }
        let [pixel, row] = strides.map(|stride| stride / width.max(1));
        Ok(Self {
            ring,
            at: 0,
            pixel,
            row,
            sums: [0; PREDICTIONS],
        })
    }

    #[inline(always)]
    fn back(&self, samples: usize) -> &Missed {
        match self.at.checked_sub(samples) {
            Some(at) => &self.ring[at & (self.ring.len() - 1)],
            None => &NONE,
        }
    }

    /// Before a sample.
    #[inline(always)]
    pub(super) fn begin(&mut self) {
        let (pixel, row) = (self.pixel, self.row);
        let near = [pixel, row, row + pixel, row - pixel].map(|back| self.back(back).each);
        for (i, sum) in self.sums.iter_mut().enumerate() {
            let [w, n, nw, ne] = near.map(|each| u32::from(each[i]));
            *sum = 2 * w + 2 * n + nw + ne;
        }
    }

    /// The mean of the predictions but the first, each counting the more the less it was off around here.
    #[inline(always)]
    pub(super) fn blend(&self, predicted: &[i32; PREDICTIONS]) -> i32 {
        let (mut sum, mut weights) = (0i64, 0i64);
        for (&off, &p) in self.sums.iter().zip(predicted).skip(1) {
            let off = u64::from(off) + 4;
            let weight = ((1u64 << 40) / (off * off)) as i64 + 1;
            weights += weight;
            sum += weight * i64::from(p);
        }
        (sum / weights) as i32
    }

    /// How far the first prediction was off around here.
    #[inline(always)]
    pub(super) fn around(&self) -> u32 {
        self.sums[0]
    }

    /// By how much the sample before was above its first prediction.
    #[inline(always)]
    pub(super) fn beside(&self) -> i32 {
        self.back(1).signed
    }

    /// By how much the samples to the left and above were, together.
    #[inline(always)]
    pub(super) fn bias(&self) -> i32 {
        self.back(self.pixel).signed + self.back(self.row).signed
    }

    /// After a sample: its value in eighths.
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
