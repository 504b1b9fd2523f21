//! The encoding side: collects a chunk's intervals, then codes them in reverse.

use umoec_codec::plugin::{Answers, DecisionCoder, DecisionEncoder};
use umoec_codec::probability::{BitProbability, ByteDistribution, Interval};

use crate::LOWER_BOUND;
use crate::kernel::{encode_chunk, pack};

pub(crate) struct Encoder<'a, const N: usize> {
    answers: Answers<'a>,
    /// The packed intervals of the chunk in work. Grows with the stream, up to `chunk`.
    intervals: Vec<u32>,
    /// Decisions in a full chunk.
    chunk: usize,
    /// The chunks before it, coded.
    payload: Vec<u8>,
}

impl<'a, const N: usize> Encoder<'a, N> {
    pub(crate) fn new(data: &'a [u8], chunk: usize) -> Self {
        Self {
            answers: Answers::new(data),
            intervals: Vec::new(),
            chunk,
            payload: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, interval: Interval) {
        // A full chunk waits for the next decision: only then is it known not to be the last.
        if self.intervals.len() == self.chunk {
            self.end_chunk(LOWER_BOUND);
        }
        self.intervals.push(pack(interval));
    }

    /// Codes what was collected, with states that start from `initial` (`spec.md`, section 6).
    #[cold]
    #[inline(never)]
    fn end_chunk(&mut self, initial: u64) {
        let first = self.payload.is_empty();
        let (states, words) = encode_chunk::<N>(&mut self.intervals, initial);
        for state in states {
            let len = if first && N == 1 {
                significant(state)
            } else {
                8
            };
            self.payload.extend_from_slice(&state.to_le_bytes()[..len]);
        }
        let words = &self.intervals[words..];
        self.payload.reserve(words.len() * 4);
        self.payload
            .extend(words.iter().flat_map(|w| w.to_le_bytes()));
        self.intervals.clear();
    }
}

/// Bytes of `state` without its leading zero bytes.
fn significant(state: u64) -> usize {
    8 - state.leading_zeros() as usize / 8
}

impl<const N: usize> DecisionCoder for Encoder<'_, N> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = self.answers.bit();
        self.push(Interval::of_bit(bit, one));
        bit
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        let byte = self.answers.byte();
        self.push(distribution.interval(byte));
        byte
    }

    fn seek(&mut self, position: usize) {
        self.answers.seek(position);
    }

    fn shareable(&mut self) -> Option<&mut (dyn DecisionCoder + Send)> {
        Some(self)
    }
}

impl<const N: usize> DecisionEncoder for Encoder<'_, N> {
    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) {
        if !self.intervals.is_empty() {
            self.end_chunk(if N == 1 { 0 } else { LOWER_BOUND });
        }
        out.append(&mut self.payload);
    }
}
