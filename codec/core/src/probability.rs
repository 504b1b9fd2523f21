//! Probabilities as integers with a proved total (`spec/probability.md`).
//!
//! No float crosses the seam between a predictor and a coder: two machines that disagree in
//! the last place of a float would decode different bytes. A probability here is an integer
//! count out of [`TOTAL`], never zero and never the total, so every decision can be coded.

use std::num::NonZeroU16;

/// log2 of the total of every distribution.
pub const TOTAL_BITS: u32 = 16;

/// The total that the counts of every distribution sum to.
pub const TOTAL: u32 = 1 << TOTAL_BITS;

/// The probability that a binary decision is 1, in units of 2^-16, within 1..=65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitProbability(NonZeroU16);

impl BitProbability {
    /// One half.
    pub const HALF: Self = Self::clamped(TOTAL / 2);

    /// `None` where `p` is 0, which would make a 1 impossible to code.
    #[must_use]
    pub const fn new(p: u16) -> Option<Self> {
        match NonZeroU16::new(p) {
            Some(p) => Some(Self(p)),
            None => None,
        }
    }

    /// The nearest valid probability: 0 becomes 1, and all above 65535 becomes 65535.
    #[must_use]
    pub const fn clamped(p: u32) -> Self {
        let p = if p == 0 {
            1
        } else if p >= TOTAL {
            TOTAL - 1
        } else {
            p
        };
        match NonZeroU16::new(p as u16) {
            Some(p) => Self(p),
            None => unreachable!(),
        }
    }

    /// The count of a 1, within 1..=65535.
    #[must_use]
    pub const fn one(self) -> u32 {
        self.0.get() as u32
    }

    /// The count of a 0, within 1..=65535.
    #[must_use]
    pub const fn zero(self) -> u32 {
        TOTAL - self.one()
    }
}

/// An interval `start..start + size` of the range `0..TOTAL` that stands for one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// First count of the interval.
    pub start: u32,
    /// Number of counts, at least 1.
    pub size: u32,
}

impl Interval {
    /// The interval of a binary decision: a 1 lies at `0..one`, a 0 above it
    /// (`spec/probability.md`, section 2).
    #[must_use]
    pub const fn of_bit(bit: bool, p: BitProbability) -> Self {
        if bit {
            Self {
                start: 0,
                size: p.one(),
            }
        } else {
            Self {
                start: p.one(),
                size: p.zero(),
            }
        }
    }
}

/// A distribution over the 256 byte values as a cumulative table.
///
/// The four-point contract of `spec/probability.md`: 257 entries; the first is 0 and the last
/// [`TOTAL`]; strictly increasing, so that every byte can be coded; hence the sum is exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteDistribution {
    cumulative: Box<[u32; 257]>,
}

impl ByteDistribution {
    /// Checks the contract; `None` where the table breaks it.
    #[must_use]
    pub fn new(cumulative: Box<[u32; 257]>) -> Option<Self> {
        let ends = cumulative[0] == 0 && cumulative[256] == TOTAL;
        let rises = cumulative.windows(2).all(|w| w[0] < w[1]);
        (ends && rises).then_some(Self { cumulative })
    }

    /// Takes another table over this one; false, and nothing done, where it breaks the contract.
    pub fn replace(&mut self, cumulative: &[u32; 257]) -> bool {
        let ends = cumulative[0] == 0 && cumulative[256] == TOTAL;
        // Looks at all of them, which takes half the time of stopping at the first fault.
        let rises = (1..257).fold(true, |so, i| so & (cumulative[i - 1] < cumulative[i]));
        if ends && rises {
            *self.cumulative = *cumulative;
        }
        ends && rises
    }

    /// The table: where the interval of each byte begins, and the total.
    #[must_use]
    pub fn cumulative(&self) -> &[u32; 257] {
        &self.cumulative
    }

    /// Scales `counts` to the total, each byte keeping at least one count.
    ///
    /// `start(s) = s + floor(C(s) * (TOTAL - 256) / C(256))`, where `C(s)` is the sum of the
    /// counts below `s`; all counts zero give the uniform distribution.
    /// The sum of the counts must be below 2^47.
    #[must_use]
    pub fn from_counts(counts: &[u32; 256]) -> Self {
        let sum: u64 = counts.iter().map(|&c| u64::from(c)).sum();
        let mut cumulative = Box::new([0u32; 257]);
        let mut below = 0u64;
        for symbol in 0..=256usize {
            let scaled = (below * u64::from(TOTAL - 256)).checked_div(sum);
            cumulative[symbol] = scaled.map_or(symbol as u32 * (TOTAL / 256), |scaled| {
                symbol as u32 + scaled as u32
            });
            if symbol < 256 {
                below += u64::from(counts[symbol]);
            }
        }
        debug_assert!(cumulative.windows(2).all(|w| w[0] < w[1]));
        Self { cumulative }
    }

    /// The interval of `symbol`.
    #[must_use]
    pub fn interval(&self, symbol: u8) -> Interval {
        let start = self.cumulative[usize::from(symbol)];
        Interval {
            start,
            size: self.cumulative[usize::from(symbol) + 1] - start,
        }
    }

    /// The symbol whose interval holds `count`, which must be below [`TOTAL`].
    #[must_use]
    pub fn symbol_at(&self, count: u32) -> u8 {
        debug_assert!(count < TOTAL);
        let above = self.cumulative.partition_point(|&start| start <= count);
        (above - 1) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bit_probability_is_never_certain() {
        assert!(BitProbability::new(0).is_none());
        assert_eq!(BitProbability::clamped(0).one(), 1);
        assert_eq!(BitProbability::clamped(u32::MAX).zero(), 1);
    }

    #[test]
    fn the_two_intervals_of_a_bit_tile_the_range() {
        for p in [1, 2, 32_768, 65_535] {
            let p = BitProbability::clamped(p);
            let (one, zero) = (Interval::of_bit(true, p), Interval::of_bit(false, p));
            assert_eq!((one.start, one.start + one.size), (0, zero.start));
            assert_eq!(zero.start + zero.size, TOTAL);
        }
    }

    #[test]
    fn a_table_that_breaks_the_contract_is_refused() {
        let good = ByteDistribution::from_counts(&[0; 256]);
        let mut flat = good.cumulative.clone();
        flat[7] = flat[6];
        assert!(ByteDistribution::new(flat).is_none());
        let mut short = good.cumulative.clone();
        short[256] -= 1;
        let mut kept = good.clone();
        assert!(!kept.replace(&short));
        assert!(ByteDistribution::new(short).is_none());
        assert_eq!(kept, good);
        let other = ByteDistribution::from_counts(&[3; 256].map(|c: u32| c * 7));
        assert!(kept.replace(other.cumulative()));
        assert_eq!(kept, other);
        assert!(ByteDistribution::new(good.cumulative).is_some());
    }

    proptest! {
        #[test]
        fn counts_always_give_a_valid_table(counts in prop::collection::vec(0u32..1 << 24, 256)) {
            let table = ByteDistribution::from_counts(&counts.try_into().unwrap());
            prop_assert!(ByteDistribution::new(table.cumulative.clone()).is_some());
            for symbol in 0..=255u8 {
                let i = table.interval(symbol);
                prop_assert_eq!(table.symbol_at(i.start), symbol);
                prop_assert_eq!(table.symbol_at(i.start + i.size - 1), symbol);
            }
        }
    }
}
