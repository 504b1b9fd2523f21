//! Direct contexts: a probability of its own for each context and node, without a check
//! (`spec.md`, section 6.5). For contexts so short that bit histories would be full.

use umoec_codec::Result;

use crate::contexts::Context;
use crate::counter::{counter, probability};
use crate::math::Tables;
use crate::memory::Words;
use crate::mixer::GROUP;
use crate::simd::Ops;
use crate::tracker::{Tracker, fold};

/// Streams up to this length, in bytes, get their counters at once. (Of longer ones many models race, which each touch a part.)
const SHORT: u64 = 8 << 10;

/// log2 of the counters of `context`, 16 to a nibble, for a stream of `len` bytes: two nibbles for each byte, up
/// to what an order 2 can fill; and up to what an order 0 or 1 does.
fn bits(context: Context, len: u64) -> u32 {
    let most = match context {
        Context::O0 => 10,
        Context::O1 => 18,
        _ => 22,
    };
    (len.max(1).ilog2() + 5).clamp(10, most)
}

/// Bytes of `context` in a stream of `len` bytes.
pub(crate) fn memory(context: Context, len: u64) -> u64 {
    4 << bits(context, len)
}

/// What counters are stored as the difference from: they begin as zero bytes that way.
const FRESH: u32 = counter(32_768, 0);

/// The counters of one context.
pub(crate) struct Counters {
    words: Words,
    /// log2 of their number.
    bits: u32,
}

impl Counters {
    /// Those of `context` in a stream of `len` bytes.
    ///
    /// # Errors
    /// `Memory` where the system has no such memory.
    pub(crate) fn new(context: Context, len: u64) -> Result<Self> {
        let bits = bits(context, len);
        // Many accesses to each page.
        let words = if len <= SHORT {
            Words::at_once(1 << bits)?
        } else {
            Words::new(1 << bits)?
        };
        Ok(Self { words, bits })
    }

    /// The number of the first counter of a nibble: `first` is 0, or 16 and the first nibble.
    #[inline(always)]
    pub(crate) fn nibble(&self, hash: u32, first: u32) -> usize {
        let at = ((fold(hash, first) >> (32 - self.bits)) & !15) as usize;
        self.words.prefetch(at);
        at
    }

    #[inline(always)]
    pub(crate) fn get(&self, at: usize) -> u32 {
        self.words.get(at) ^ FRESH
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, value: u32) {
        self.words.set(at, value ^ FRESH);
    }
}

/// The direct contexts of a model.
pub(crate) struct Direct {
    contexts: Vec<Context>,
    counters: Vec<Counters>,
    hashes: Vec<u32>,
    /// Where the counters of the present nibble begin.
    at: Vec<usize>,
    /// The counters at this bit, and up to a whole group.
    values: Vec<[u32; GROUP]>,
}

impl Direct {
    /// Those contexts in a stream of `len` bytes.
    ///
    /// # Errors
    /// `Memory` where the system has no memory for the counters.
    pub(crate) fn new(contexts: &[Context], len: u64) -> Result<Self> {
        let contexts: Vec<_> = contexts
            .iter()
            .copied()
            .filter(|c| c.aim().is_none())
            .collect();
        let n = contexts.len();
        let counters = contexts.iter().map(|&c| Counters::new(c, len));
        Ok(Self {
            counters: counters.collect::<Result<_>>()?,
            contexts,
            hashes: vec![0; n],
            at: vec![0; n],
            values: vec![[0; GROUP]; n.div_ceil(GROUP)],
        })
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
            *at = counters.nibble(hash, first);
        }
    }

    /// One input per context.
    #[inline(always)]
    pub(crate) fn predict(&mut self, node: usize, tables: &Tables, inputs: &mut [i16]) {
        let values = self.values.as_flattened_mut();
        let own = self.counters.iter().zip(&self.at).zip(values);
        for (((counters, &at), value), input) in own.zip(inputs) {
            *value = counters.get(at + node);
            *input = tables.stretch(probability(*value)) as i16;
        }
    }

    /// Learns `bit` at `node`.
    #[inline(always)]
    pub(crate) fn update<O: Ops>(&mut self, node: usize, bit: u32) {
        for values in &mut self.values {
            *values = O::updated(values, &[bit; GROUP]);
        }
        let values = self.values.as_flattened();
        for ((counters, &at), &value) in self.counters.iter_mut().zip(&self.at).zip(values) {
            counters.set(at + node, value);
        }
    }
}
