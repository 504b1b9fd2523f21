//! The inner loop of encoding: pure, over one slice, without allocation.

use umoec_codec::probability::{Interval, TOTAL_BITS};

/// An interval in 32 bits: the start below, the size above. Both fit 16 bits, as no
/// outcome has all counts (`spec/probability.md`, section 1).
#[inline]
pub(crate) fn pack(interval: Interval) -> u32 {
    debug_assert!(interval.size < 1 << 16);
    interval.start | interval.size << 16
}

/// Codes the packed intervals of a chunk and overwrites them by its words.
///
/// Returns the `N` states and the index at which the words begin; they end with `slots`, in the
/// order in which a decoder reads them. There is always room: a decision emits at most one word, and
/// only after its own interval was read, so that words grow down behind the intervals.
pub(crate) fn encode_chunk<const N: usize>(slots: &mut [u32], initial: u64) -> ([u64; N], usize) {
    let mut states = [initial; N];
    let mut words = slots.len();
    for i in (0..slots.len()).rev() {
        let (start, size) = (u64::from(slots[i] & 0xffff), u64::from(slots[i] >> 16));
        let mut x = states[i % N];
        if x >= size << 48 {
            words -= 1;
            slots[words] = x as u32;
            x >>= 32;
        }
        states[i % N] = push(x, start, size);
    }
    (states, words)
}

/// `(x / size) * TOTAL + start + x % size`, without waiting for a division by `x`.
///
/// The reciprocal does not depend on the state, so a processor computes it ahead of the chain
/// from state to state, in which only two multiplications remain.
#[inline]
fn push(x: u64, start: u64, size: u64) -> u64 {
    // With m = (2^64 - 1 - r) / size and r < size, x / size exceeds x * m / 2^64 by
    // x * (1 + r) / (size * 2^64) < 1: the quotient is right or one too small.
    let reciprocal = u64::MAX / size;
    let quotient = ((u128::from(x) * u128::from(reciprocal)) >> 64) as u64;
    let remainder = x - quotient * size;
    let short = u64::from(remainder >= size);
    ((quotient + short) << TOTAL_BITS) + start + (remainder - short * size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;
    use proptest::prelude::*;

    /// States at which a reciprocal could be off by one.
    fn edges(size: u64) -> Vec<u64> {
        let most = (size << 48) - 1;
        let mut states = vec![0, 1, size - 1, size, size + 1, 1 << 32, most, most - 1];
        for shift in [16, 31, 32, 40, 47] {
            states.extend([(size << shift) - 1, size << shift, (size << shift) + 1]);
        }
        states.retain(|&x| x <= most);
        states
    }

    #[test]
    fn the_reciprocal_divides_exactly_for_every_size() {
        for size in 1..1u64 << 16 {
            for x in edges(size) {
                let start = (1 << 16) - size;
                let plain = (x / size) * (1 << 16) + start + x % size;
                assert_eq!(push(x, start, size), plain, "{x} / {size}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_step_is_the_reference_step(x in any::<u64>(), start in 0u32..65_535, size in 1u32..65_536) {
            let size = size.min((1 << 16) - start);
            prop_assume!(size < 1 << 16);
            let interval = Interval { start, size };
            let (state, word) = reference::push(x, interval);
            let y = if word.is_some() { x >> 32 } else { x };
            prop_assert_eq!(push(y, start.into(), size.into()), state);
            prop_assert_eq!(reference::pop(state, interval), y);
        }
    }
}
