//! Direct contexts: a probability of its own for each context and node, without a check
//! (`spec.md`, section 6.5). For contexts so short that bit histories would be full.

use crate::contexts::Context;
use crate::counter::{counter, probability, updated};
use crate::math::Tables;
use crate::simd::prefetch;
use crate::tracker::{Tracker, fold};

/// log2 of the counters of one context: 16 to a nibble.
const BITS: u32 = 22;

/// The direct contexts of a model.
pub(crate) struct Direct {
    contexts: Vec<Context>,
    counters: Vec<Vec<u32>>,
    hashes: Vec<u32>,
    /// Where the counters of the present nibble begin.
    at: Vec<usize>,
    values: Vec<u32>,
}

impl Direct {
    /// Bytes of one context.
    pub(crate) const BYTES: u64 = 4 << BITS;

    pub(crate) fn new(contexts: &[Context]) -> Self {
        let n = contexts.len();
        Self {
            contexts: contexts.to_vec(),
            counters: vec![vec![counter(32_768, 0); 1 << BITS]; n],
            hashes: vec![0; n],
            at: vec![0; n],
            values: vec![0; n],
        }
    }

    /// Number of contexts.
    pub(crate) fn len(&self) -> usize {
        self.contexts.len()
    }

    /// Hashes the contexts of the next byte.
    #[inline(always)]
    pub(crate) fn hash(&mut self, tracker: &Tracker, history: &[u8], expected: u32) {
        for (hash, context) in self.hashes.iter_mut().zip(&self.contexts) {
            *hash = context.hash(tracker, history, expected);
        }
        self.turn(0);
    }

    /// Goes to a nibble: `first` is 0, or 16 and the first nibble.
    #[inline(always)]
    pub(crate) fn turn(&mut self, first: u32) {
        for ((at, &hash), counters) in self.at.iter_mut().zip(&self.hashes).zip(&self.counters) {
            *at = ((fold(hash, first) >> (32 - BITS)) & !15) as usize;
            prefetch(counters, *at);
        }
    }

    /// One input per context.
    #[inline(always)]
    pub(crate) fn predict(&mut self, node: usize, tables: &Tables, inputs: &mut [i32]) {
        let own = self.counters.iter().zip(&self.at).zip(&mut self.values);
        for (((counters, &at), value), input) in own.zip(inputs) {
            *value = counters[at + node];
            *input = tables.stretch(probability(*value));
        }
    }

    /// Learns `bit` at `node`.
    #[inline(always)]
    pub(crate) fn update(&mut self, node: usize, bit: u32) {
        for ((counters, &at), &value) in self.counters.iter_mut().zip(&self.at).zip(&self.values) {
            counters[at + node] = updated(value, bit);
        }
    }
}
