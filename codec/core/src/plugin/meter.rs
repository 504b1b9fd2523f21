//! The encoder's measure of a trial.

use super::DecisionCoder;
use crate::probability::{BitProbability, ByteDistribution, TOTAL_BITS};

/// A coder that only measures what `data` would cost.
#[derive(Debug)]
pub struct Meter<'a> {
    data: &'a [u8],
    at: usize,
    /// Bits of the byte that are done.
    bit: u32,
    cost: u64,
}

impl<'a> Meter<'a> {
    /// A coder at the beginning of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            bit: 0,
            cost: 0,
        }
    }

    /// What was coded so far, in units of 2^-16 bits.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.cost
    }

    fn byte_now(&self) -> u8 {
        self.data.get(self.at).copied().unwrap_or(0)
    }

    /// Adds the cost of `share` in 2^16: log2 by its integer part and a straight line, as an
    /// estimate is enough here.
    fn add(&mut self, share: u32) {
        let share = share.max(1);
        let whole = share.ilog2();
        let part = (u64::from(share) << (TOTAL_BITS - whole)) & ((1 << TOTAL_BITS) - 1);
        self.cost += (u64::from(TOTAL_BITS - whole) << TOTAL_BITS) - part;
    }
}

impl DecisionCoder for Meter<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = (self.byte_now() >> (7 - self.bit)) & 1 == 1;
        self.bit += 1;
        if self.bit == 8 {
            (self.bit, self.at) = (0, self.at + 1);
        }
        self.add(if bit { one.one() } else { one.zero() });
        bit
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        let byte = self.byte_now();
        self.at += 1;
        self.add(distribution.interval(byte).size);
        byte
    }

    fn seek(&mut self, position: usize) {
        (self.at, self.bit) = (position, 0);
    }
}
