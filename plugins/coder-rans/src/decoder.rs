//! The decoding side: one decision at a time, forwards.

use umoec_codec::plugin::{DecisionCoder, DecisionDecoder};
use umoec_codec::probability::{BitProbability, ByteDistribution, Interval, TOTAL, TOTAL_BITS};

use crate::LOWER_BOUND;
use crate::reference::first_len;

pub(crate) struct Decoder<'a, const N: usize> {
    states: [u64; N],
    /// What of the payload was not read yet.
    rest: &'a [u8],
    /// Decisions made in this chunk; `chunk` before the first, too.
    made: usize,
    /// Decisions in a full chunk.
    chunk: usize,
    started: bool,
    failed: bool,
}

impl<'a, const N: usize> Decoder<'a, N> {
    pub(crate) fn new(payload: &'a [u8], chunk: usize) -> Self {
        Self {
            states: [LOWER_BOUND; N],
            rest: payload,
            made: chunk,
            chunk,
            started: false,
            failed: false,
        }
    }

    /// One decision: `choose` finds the outcome and its interval from a count (`spec.md`, section 4).
    #[inline]
    fn decide<T>(&mut self, choose: impl FnOnce(u32) -> (T, Interval)) -> T {
        if self.made == self.chunk {
            self.next_chunk();
        }
        let turn = self.made % N;
        self.made += 1;
        let x = self.states[turn];
        let count = x as u32 & (TOTAL - 1);
        let (outcome, interval) = choose(count);
        let x = u64::from(interval.size) * (x >> TOTAL_BITS) + u64::from(count - interval.start);
        self.states[turn] = if x < LOWER_BOUND { self.refill(x) } else { x };
        outcome
    }

    #[inline]
    fn refill(&mut self, x: u64) -> u64 {
        if let Some((word, rest)) = self.rest.split_first_chunk() {
            self.rest = rest;
            x << 32 | u64::from(u32::from_le_bytes(*word))
        } else if N == 1 {
            // The stretch that was coded before the state had grown to a word.
            x
        } else {
            self.fail();
            LOWER_BOUND
        }
    }

    #[cold]
    #[inline(never)]
    fn next_chunk(&mut self) {
        self.made = 0;
        if self.load().is_none() {
            self.fail();
        }
    }

    /// Reads the states of the next chunk, `None` where the last one did not end well or these cannot be.
    fn load(&mut self) -> Option<()> {
        // The states start as those of a chunk that ended well; a failure keeps them there,
        // so that it shows in `failed` alone.
        if self.failed || self.states != [LOWER_BOUND; N] {
            return None;
        }
        let first = !self.started;
        self.started = true;
        let len = if first && N == 1 {
            first_len(self.rest.len())
        } else {
            8
        };
        for state in &mut self.states {
            let (bytes, rest) = self.rest.split_at_checked(len)?;
            // A state has one spelling (section 3).
            if first && N == 1 && bytes.last() == Some(&0) {
                return None;
            }
            let mut wide = [0; 8];
            wide[..len].copy_from_slice(bytes);
            *state = u64::from_le_bytes(wide);
            self.rest = rest;
        }
        let small = self.states.iter().any(|&state| state < LOWER_BOUND);
        (!small || (N == 1 && self.rest.is_empty())).then_some(())
    }

    /// Leaves the decoder in a state in which decisions are arbitrary but total.
    #[cold]
    fn fail(&mut self) {
        self.failed = true;
        self.states = [LOWER_BOUND; N];
        self.rest = &[];
    }
}

impl<const N: usize> DecisionCoder for Decoder<'_, N> {
    fn bit(&mut self, one: BitProbability) -> bool {
        self.decide(|count| {
            let bit = count < one.one();
            (bit, Interval::of_bit(bit, one))
        })
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        self.decide(|count| {
            let byte = distribution.symbol_at(count);
            (byte, distribution.interval(byte))
        })
    }

    fn seek(&mut self, _position: usize) {}

    fn shareable(&mut self) -> Option<&mut (dyn DecisionCoder + Send)> {
        Some(self)
    }
}

impl<const N: usize> DecisionDecoder for Decoder<'_, N> {
    fn failed(&self) -> bool {
        self.failed
    }

    fn finish(self: Box<Self>) -> bool {
        // Section 5. Without decisions no state was read, and the payload must be empty.
        let end = if N == 1 && self.started {
            0
        } else {
            LOWER_BOUND
        };
        !self.failed && self.rest.is_empty() && self.states == [end; N]
    }
}
