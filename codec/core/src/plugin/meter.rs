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

    /// Adds the cost of `share` in 2^16.
    fn add(&mut self, share: u32) {
        self.cost += cost(share.max(1));
    }
}

/// -log2 of `share` in 2^16, in units of 2^-16. The fraction's logarithm is a cubic that has the right slope at both ends: what
/// is nearly certain is most of what there is to add up. It is off by 0.006 bits at most.
fn cost(share: u32) -> u64 {
    const ONE: i64 = 1 << TOTAL_BITS;
    // 1 / ln 2 - 1, and what the slope at the other end, 1 / (2 ln 2), leaves of it.
    const A: i64 = 29_013;
    const B: i64 = -10_748;
    let whole = share.ilog2();
    let x = ((i64::from(share) << TOTAL_BITS) >> whole) - ONE;
    let slope = A + ((B * x) >> TOTAL_BITS);
    let bend = (((x * (ONE - x)) >> TOTAL_BITS) * slope) >> TOTAL_BITS;
    let log = (i64::from(whole) << TOTAL_BITS) + x + bend;
    (i64::from(TOTAL_BITS) * ONE - log).max(0) as u64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_logarithms() {
        for share in 1..=1 << 16 {
            let exact = 16.0 - f64::from(share).log2();
            let off = cost(share) as f64 / 65_536.0 - exact;
            assert!(off.abs() <= 0.006, "{share}: {off}");
            // Where it is nearly certain.
            if share > 60_000 && share < 65_500 {
                assert!(off.abs() < 0.06 * exact, "{share}: {off} of {exact}");
            }
        }
        assert_eq!(cost(1 << 16), 0);
    }
}
