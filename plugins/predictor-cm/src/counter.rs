//! Adaptive probabilities with a count (`spec.md`, section 4).
//!
//! A counter is one u32: a probability of 22 bits above a count of 8 bits, with two between them that are
//! free for marks. The rate is 1 / (n + 1.5) while the count grows, then stays at that of the limit.

use crate::mixer::GROUP;
use crate::simd::whole;

/// Largest limit, and the length of the table of reciprocals.
pub(crate) const LIMIT_MAX: usize = 255;

/// `RECIPROCALS[n]` = floor(2^16 / (n + 1.5)).
pub(crate) static RECIPROCALS: [i32; LIMIT_MAX + 1] = {
    let mut table = [0; LIMIT_MAX + 1];
    let mut n = 0;
    while n <= LIMIT_MAX {
        table[n] = (1 << 17) / (2 * n as i32 + 3);
        n += 1;
    }
    table
};

/// A counter at probability `p` (16 bits) with count `n`.
pub(crate) const fn counter(p: u32, n: u32) -> u32 {
    (p << 16) | n
}

/// The probability of a counter, 16 bits.
#[inline(always)]
pub(crate) const fn probability(counter: u32) -> u32 {
    counter >> 16
}

/// A counter after `bit`; the count stops at `LIMIT_MAX`.
///
/// The difference is cut to 17 bits and the reciprocal has 16, so the product fits an i32.
#[inline(always)]
pub(crate) fn updated(counter: u32, bit: u32) -> u32 {
    let n = counter & LIMIT_MAX as u32;
    let p = (counter >> 10) as i32;
    let target = ((bit as i32) << 22) - bit as i32;
    let step = (((target - p) >> 8) * RECIPROCALS[n as usize]) >> 8;
    // A count still low makes steps large enough to go one below.
    let p = (p + step).max(0) as u32;
    (p << 10) | ((counter & 1023) + u32::from(n < LIMIT_MAX as u32))
}

/// What `updated` makes of some counters, each with a bit of its own, in a form that becomes vectors.
///
/// The table of reciprocals is a division here. That is exact: a quotient of at most 2^16 that is not a whole
/// number is at least 1 / 513 away from one, relatively more than the 2^-24 by which it is rounded.
#[inline(always)]
pub(crate) fn updated_group(counters: &[u32; GROUP], bits: &[u32; GROUP]) -> [u32; GROUP] {
    let mut all = [0; GROUP];
    for i in 0..GROUP {
        let n = counters[i] & LIMIT_MAX as u32;
        let p = (counters[i] >> 10) as i32;
        let target = ((bits[i] as i32) << 22) - bits[i] as i32;
        let quotient = 131_072.0 / (2 * n + 3) as i32 as f32;
        let step = (((target - p) >> 8) * whole(quotient)) >> 8;
        let p = (p + step).max(0) as u32;
        all[i] = (p << 10) | ((counters[i] & 1023) + u32::from(n < LIMIT_MAX as u32));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_learns_as_each_of_its_counters() {
        for n in 0..=LIMIT_MAX as u32 {
            for p in [0, 1, 77, 20_000, 32_768, 65_000, 65_535] {
                let counters: [u32; GROUP] =
                    std::array::from_fn(|i| counter(p, n) + ((i as u32 * 13) << 8));
                let bits = std::array::from_fn(|i| i as u32 / 3 & 1);
                let expected = std::array::from_fn(|i| updated(counters[i], bits[i]));
                assert_eq!(updated_group(&counters, &bits), expected, "{n} {p}");
            }
        }
    }

    #[test]
    fn a_counter_converges_and_stays_in_range() {
        for bit in 0..2 {
            let mut c = counter(32_768, 0);
            for _ in 0..10_000 {
                c = updated(c, bit);
            }
            let p = probability(c);
            assert!(if bit == 1 { p > 65_450 } else { p < 86 }, "{p}");
        }
    }
}
