//! Aimed contexts: how far the middle of the samples still possible is from a prediction, and what is
//! around (`spec.md`, section 6.8). What is learned of one value so holds for all.

use umoec_codec::Result;

use crate::contexts::Context;
use crate::counter::{counter, probability, updated};
use crate::math::Tables;
use crate::memory::Words;
use crate::pixels::{LEVELS, Pixels};
use crate::sparse::Sparse;

/// log2 of the counters of one context: levels, bits below in a sample, distances.
const BITS: u32 = LEVELS.ilog2() + 4 + 9;
/// Bytes of one context.
pub(crate) const MEMORY: u64 = 4 << BITS;
/// What counters are stored as the difference from: they begin as zero bytes that way.
const FRESH: u32 = counter(32_768, 0);

/// Streams up to this length, in bytes, keep only the counters that learned something: they are far apart, and the system would
/// clear a page for nearly each.
const SHORT: u64 = 4 << 10;
/// Counters that there is room for at first, then.
const ROOM: usize = 512;

/// The counters of one context.
enum Counters {
    All(Words),
    Seen(Sparse<u32>),
}

impl Counters {
    fn new(len: u64) -> Result<Self> {
        Ok(match len {
            0..=SHORT => Self::Seen(Sparse::new(ROOM)),
            _ => Self::All(Words::new(1 << BITS)?),
        })
    }

    #[inline(always)]
    fn get(&self, at: usize) -> u32 {
        match self {
            Self::All(words) => words.get(at) ^ FRESH,
            Self::Seen(sparse) => sparse.get(at as u32) ^ FRESH,
        }
    }

    #[inline(always)]
    fn set(&mut self, at: usize, value: u32) {
        match self {
            Self::All(words) => words.set(at, value ^ FRESH),
            Self::Seen(sparse) => sparse.set(at as u32, value ^ FRESH),
        }
    }
}

/// The aimed contexts of a model.
pub(crate) struct Aimed {
    aims: Vec<(usize, usize)>,
    counters: Vec<Counters>,
    at: Vec<usize>,
    values: Vec<u32>,
}

impl Aimed {
    /// Those of `contexts` that are aimed, in a stream of `len` bytes.
    ///
    /// # Errors
    /// `Memory` where the system has no memory for the counters.
    pub(crate) fn new(contexts: &[Context], len: u64) -> Result<Self> {
        let aims: Vec<_> = contexts.iter().filter_map(|c| c.aim()).collect();
        let n = aims.len();
        let counters = aims.iter().map(|_| Counters::new(len));
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
            *value = counters.get(*at);
            *input = tables.stretch(probability(*value)) as i16;
        }
    }

    /// Learns `bit`.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32) {
        for ((counters, &at), &value) in self.counters.iter_mut().zip(&self.at).zip(&self.values) {
            counters.set(at, updated(value, bit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_a_short_stream_are_those_of_a_long_one() {
        let mut both = [SHORT, SHORT + 1].map(|len| Counters::new(len).unwrap());
        assert!(matches!(both[0], Counters::Seen(_)));
        assert!(matches!(both[1], Counters::All(_)));
        let mut seed = 1_u32;
        for step in 0..50_000 {
            seed = seed.wrapping_mul(0x915F_77F5).wrapping_add(1);
            // Some counters are met often, others once.
            let at = (seed >> 8) as usize % if step % 3 == 0 { 20 } else { 1 << BITS };
            let [short, long] = both.each_ref().map(|counters| counters.get(at));
            assert_eq!(short, long, "bit {step}");
            let learned = updated(short, seed >> 31);
            both.iter_mut()
                .for_each(|counters| counters.set(at, learned));
        }
    }
}
