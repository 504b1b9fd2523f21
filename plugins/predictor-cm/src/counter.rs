//! Adaptive probabilities with a count (`spec.md`, section 4).
//!
//! A counter is one u32: a probability of 22 bits above a count of 8 bits, with two between them that are
//! free for marks. The rate is 1 / (n + 1.5) while the count grows, then stays at that of the limit.

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

#[cfg(test)]
mod tests {
    use super::*;

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
