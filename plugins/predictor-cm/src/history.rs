//! Bit histories: what a context has seen, in one byte (`spec.md`, section 3).
//!
//! A state stands for (n0, n1, last): how many zeros and ones were seen, the rarer count
//! bounded by the other, and for short histories which came last. Seeing a bit discounts a
//! long run of its opposite, so that a state follows changing data. The idea is that of the
//! PAQ6 and ZPAQ counters; the tables are generated here.

use std::sync::LazyLock;

/// `BOUND[m]`: the most that the larger count may be when the smaller one is `m`.
const BOUND: [u8; 6] = [40, 38, 13, 8, 6, 5];

/// Up to this total a state with both counts non-zero remembers the last bit.
const LAST_BIT_TOTAL: u8 = 13;

/// `DISCOUNT[n]`: what remains of a count n of the other bit.
const DISCOUNT: [u8; 9] = [0, 1, 2, 3, 4, 5, 5, 6, 7];

/// One state of the automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) n0: u8,
    pub(crate) n1: u8,
    /// The last bit where it is remembered, else 0.
    last: u8,
}

impl State {
    fn allowed(n0: u8, n1: u8) -> bool {
        let (small, big) = (n0.min(n1), n0.max(n1));
        BOUND.get(usize::from(small)).is_some_and(|&b| big <= b)
    }

    fn with_last(n0: u8, n1: u8, bit: u8) -> Self {
        let remembers = n0 > 0 && n1 > 0 && n0 + n1 <= LAST_BIT_TOTAL;
        Self {
            n0,
            n1,
            last: if remembers { bit } else { 0 },
        }
    }

    /// The state after seeing `bit`.
    fn after(self, bit: u8) -> Self {
        let (mut seen, mut other) = if bit == 1 {
            (self.n1, self.n0)
        } else {
            (self.n0, self.n1)
        };
        let cap = BOUND[0];
        seen = (seen + 1).min(cap);
        other = DISCOUNT[usize::from(other).min(DISCOUNT.len() - 1)];
        // Outside the bounds the pair moves towards its ratio by shrinking the larger count,
        // and, where the counts are balanced, both.
        while !Self::allowed(seen, other) {
            if seen > other {
                seen -= 1;
                if other >= 2 && !Self::allowed(seen, other) && seen < 2 * other {
                    other -= 1;
                }
            } else {
                other -= 1;
            }
        }
        if bit == 1 {
            Self::with_last(other, seen, 1)
        } else {
            Self::with_last(seen, other, 0)
        }
    }
}

/// The automaton: states in the order of their totals, the empty history first.
pub(crate) struct Histories {
    pub(crate) states: Vec<State>,
    /// `next[2 * s + bit]`.
    next: [u8; 512],
}

pub(crate) static HISTORIES: LazyLock<Histories> = LazyLock::new(Histories::new);

impl Histories {
    fn new() -> Self {
        let mut states = Vec::with_capacity(256);
        for total in 0..=2 * BOUND[1] {
            for n1 in 0..=total {
                let n0 = total - n1;
                if !State::allowed(n0, n1) {
                    continue;
                }
                let first = State::with_last(n0, n1, 0);
                let second = State::with_last(n0, n1, 1);
                states.push(first);
                if second != first {
                    states.push(second);
                }
            }
        }
        assert!(
            states.len() <= 256,
            "a state is one byte, there are {}",
            states.len()
        );
        let mut next = [0u8; 512];
        for (s, state) in states.iter().enumerate() {
            for bit in 0..2u8 {
                let to = state.after(bit);
                let index = states.iter().position(|&t| t == to);
                next[2 * s + usize::from(bit)] = index.expect("the automaton is closed") as u8;
            }
        }
        Self { states, next }
    }

    /// The state after `state` has seen `bit`.
    #[inline(always)]
    pub(crate) fn next(&self, state: u8, bit: usize) -> u8 {
        self.next[(2 * usize::from(state) + bit) & 511]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_automaton_is_closed_and_fits_a_byte() {
        let h = &*HISTORIES;
        assert_eq!(
            h.states[0],
            State {
                n0: 0,
                n1: 0,
                last: 0
            }
        );
        assert!(h.states.len() > 200);
        println!("{} states", h.states.len());
    }

    #[test]
    fn a_long_run_is_remembered_and_forgotten() {
        let h = &*HISTORIES;
        let mut s = 0;
        for _ in 0..100 {
            s = h.next(s, 1);
        }
        assert_eq!(
            (h.states[usize::from(s)].n0, h.states[usize::from(s)].n1),
            (0, BOUND[0])
        );
        s = h.next(s, 0);
        assert!(h.states[usize::from(s)].n1 <= 7);
        assert_eq!(h.states[usize::from(s)].n0, 1);
    }
}
