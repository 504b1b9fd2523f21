//! The encoder's measure of a trial.

use umoec_codec::plugin::DecisionCoder;
use umoec_codec::probability::{BitProbability, ByteDistribution};

/// A coder that only measures what the bits of `data` would cost.
pub struct Meter<'a> {
    data: &'a [u8],
    at: usize,
    shift: u32,
    cost: u64,
}

impl<'a> Meter<'a> {
    /// A coder at the beginning of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            shift: 7,
            cost: 0,
        }
    }

    /// What was coded so far, in units of 2^-16 bits.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.cost
    }
}

impl DecisionCoder for Meter<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = (self.data[self.at] >> self.shift) & 1 == 1;
        if self.shift == 0 {
            self.shift = 7;
            self.at += 1;
        } else {
            self.shift -= 1;
        }
        let p = if bit { one.one() } else { one.zero() };
        // log2 by its integer part and a straight line: an estimate is enough here.
        let whole = p.ilog2();
        let part = (p << (16 - whole)) & 0xFFFF;
        self.cost += u64::from(((16 - whole) << 16) - part);
        bit
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        unreachable!("cm codes bits")
    }

    fn seek(&mut self, _: usize) {
        unreachable!("cm codes in order")
    }
}
