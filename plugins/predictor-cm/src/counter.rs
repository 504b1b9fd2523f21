//! Adaptive probabilities with a count (`spec.md`, section 4).
//!
//! A counter is one u32: a probability of 22 bits above a count of 10 bits. The rate is
//! 1 / (n + 1.5) while the count grows, then stays at that of the limit.

use std::sync::LazyLock;

/// `RECIPROCAL[n]` = floor(2^17 / (2 n + 3)), that is 2^16 / (n + 1.5).
static RECIPROCAL: LazyLock<[i32; 1024]> =
    LazyLock::new(|| std::array::from_fn(|n| (1 << 17) / (2 * n as i32 + 3)));

/// The reciprocals, fetched once by whoever updates counters.
pub(crate) fn reciprocals() -> &'static [i32; 1024] {
    &RECIPROCAL
}

/// A counter at probability `p` (16 bits) with count `n`.
pub(crate) const fn counter(p: u32, n: u32) -> u32 {
    (p << 16) | n
}

/// The probability of a counter, 16 bits.
#[inline]
pub(crate) const fn probability(counter: u32) -> u32 {
    counter >> 16
}

/// Moves a counter towards `bit`; the count stops at `limit`, at most 1023.
#[inline]
pub(crate) fn update(counter: &mut u32, bit: usize, limit: u32, reciprocals: &[i32; 1024]) {
    let n = *counter & 1023;
    let p = (*counter >> 10) as i32;
    let target = ((bit as i32) << 22) - bit as i32;
    let step = (i64::from(target - p) * i64::from(reciprocals[n as usize])) >> 16;
    let p = (p + step as i32) as u32;
    *counter = (p << 10) | (n + u32::from(n < limit));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_converges_and_stays_in_range() {
        for bit in 0..2 {
            let mut c = counter(32_768, 0);
            for _ in 0..10_000 {
                update(&mut c, bit, 1023, reciprocals());
            }
            let p = probability(c);
            assert!(if bit == 1 { p > 65_500 } else { p < 36 }, "{p}");
        }
    }
}
