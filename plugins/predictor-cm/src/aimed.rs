//! Aimed contexts: how far the middle of the samples still possible is from a prediction, and what is
//! around (`spec.md`, section 6.8). What is learned of one value so holds for all.

use umoec_codec::Result;

use crate::contexts::Context;
use crate::counter::{counter, probability, updated};
use crate::math::Tables;
use crate::memory::Words;
use crate::pixels::{LEVELS, Pixels};

/// log2 of the counters of one context: levels, bits below in a sample, distances.
const BITS: u32 = LEVELS.ilog2() + 4 + 9;
/// Bytes of one context.
pub(crate) const MEMORY: u64 = 4 << BITS;
/// What counters are stored as the difference from: they begin as zero bytes that way.
const FRESH: u32 = counter(32_768, 0);

/// The aimed contexts of a model.
pub(crate) struct Aimed {
    aims: Vec<(usize, usize)>,
    counters: Vec<Words>,
    at: Vec<usize>,
    values: Vec<u32>,
}

impl Aimed {
    /// Those of `contexts` that are aimed.
    ///
    /// # Errors
    /// `Memory` where the system has no memory for the counters.
    pub(crate) fn new(contexts: &[Context]) -> Result<Self> {
        let aims: Vec<_> = contexts.iter().filter_map(|c| c.aim()).collect();
        let n = aims.len();
        let counters = aims.iter().map(|_| Words::new(1 << BITS));
        Ok(Self {
            counters: counters.collect::<Result<_>>()?,
            aims,
            at: vec![0; n],
            values: vec![0; n],
        })
    }

    /// Number of contexts.
    pub(crate) fn len(&self) -> usize {
        self.aims.len()
    }

    /// One input per context.
    #[inline(always)]
    pub(crate) fn predict(
        &mut self,
        pixels: &Pixels,
        partial: u32,
        tables: &Tables,
        inputs: &mut [i16],
    ) {
        if self.aims.is_empty() {
            return;
        }
        let (below, middle) = pixels.split(partial);
        let own = self.counters.iter().zip(&mut self.at).zip(&mut self.values);
        for (((counters, at), value), (&(number, quantity), input)) in
            own.zip(self.aims.iter().zip(inputs))
        {
            let level = pixels.levels[quantity];
            *at = ((below * LEVELS + level) * 512 + pixels.offset(middle, number)) as usize;
            *value = counters.get(*at) ^ FRESH;
            *input = tables.stretch(probability(*value)) as i16;
        }
    }

    /// Learns `bit`.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32) {
        for ((counters, &at), &value) in self.counters.iter_mut().zip(&self.at).zip(&self.values) {
            counters.set(at, updated(value, bit) ^ FRESH);
        }
    }
}
