//! Adaptive probability maps, secondary symbol estimation (`spec.md`, section 8).
//!
//! A map refines a probability under a small context: 33 knots over the logit, between
//! which it interpolates; the nearer knot learns. After PAQ8's APM.

use umoec_codec::Result;

use crate::math::TABLES;
use crate::memory::{Memory, zeroed};
use crate::simd::prefetch;
use crate::sparse::Sparse;

/// Knots per context.
const KNOTS: usize = 33;
/// Logits between two knots.
const STEP: i32 = 128;

/// Bytes of a context's knots.
const ROW: usize = 2 * KNOTS;

/// Streams up to this length, in bytes, see few of a large map's contexts.
const SHORT: u64 = 16 << 10;
/// Contexts of a large map.
const LARGE: usize = 1 << 14;

/// Where the knots are, as differences from `identity`: zero bytes at first.
enum Knots {
    /// Those of all contexts, in their order.
    All(Memory),
    /// Those that learned something. In a short stream a map is touched all over and hardly anywhere twice, and what takes time
    /// is that the system clears its pages.
    Seen(Sparse<u16>),
}

/// One map.
pub(crate) struct Apm {
    knots: Knots,
    /// The knots of each context at first, but the last, each with the one behind it.
    identity: [[u16; 2]; KNOTS - 1],
    /// The context of the present bit.
    context: usize,
    /// The knot that learns from it: its number, what it is at first, and its value.
    nearest: (usize, u16, u16),
    rate: u32,
}

impl Apm {
    /// A map of `contexts` contexts that learns by 2^-rate, the identity at first, for a stream of about `len` bytes.
    ///
    /// # Errors
    /// `Memory` where the system has no such memory.
    pub(crate) fn new(contexts: usize, rate: u32, len: u64) -> Result<Self> {
        let knots = if contexts >= LARGE && len <= SHORT {
            // A bit moves one knot.
            Knots::Seen(Sparse::new(8 * len as usize))
        } else {
            Knots::All(zeroed(Self::memory(contexts) as usize)?)
        };
        Ok(Self {
            knots,
            identity: std::array::from_fn(|k| {
                let x = (k as i32 - 16) * STEP;
                [x, x + STEP].map(|x| TABLES.squash(x) as u16)
            }),
            context: 0,
            nearest: (0, 0, 0),
            rate,
        })
    }

    /// Knot `k`, which is not the last, and the one behind it.
    #[inline(always)]
    fn knots(&self, context: usize, k: usize) -> [u16; 2] {
        let [a, b] = match &self.knots {
            Knots::All(bytes) => {
                let at = context * ROW + 2 * k;
                let bytes: [u8; 4] = bytes[at..at + 4].try_into().expect("four bytes");
                let [a0, a1, b0, b1] = bytes;
                [u16::from_ne_bytes([a0, a1]), u16::from_ne_bytes([b0, b1])]
            }
            Knots::Seen(sparse) => [k, k + 1].map(|k| sparse.get(key(context, k))),
        };
        let fresh = self.identity[k];
        [a ^ fresh[0], b ^ fresh[1]]
    }

    /// Most bytes of a map.
    pub(crate) const fn memory(contexts: usize) -> u64 {
        (ROW * contexts) as u64
    }

    /// Asks for the knots of `context`, two cache lines.
    #[inline(always)]
    pub(crate) fn prefetch(&self, context: usize) {
        if let Knots::All(bytes) = &self.knots {
            prefetch(bytes, context * ROW);
            prefetch(bytes, context * ROW + ROW - 2);
        }
    }

    /// The refined probability (16 bits) of logit `x` under `context`.
    #[inline(always)]
    pub(crate) fn refine(&mut self, x: i32, context: usize) -> i32 {
        let x = x.clamp(-16 * STEP, 16 * STEP - 1) + 16 * STEP;
        let (low, part) = ((x >> STEP.ilog2()) as usize, x & (STEP - 1));
        let pair = self.knots(context, low);
        let near = usize::from(part >= STEP / 2);
        self.context = context;
        self.nearest = (low + near, self.identity[low][near], pair[near]);
        let [a, b] = pair.map(i32::from);
        (a * (STEP - part) + b * part) >> STEP.ilog2()
    }

    /// Moves the nearer knot towards `bit`.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32) {
        let (knot, fresh, p) = self.nearest;
        let p = i32::from(p);
        let target = if bit == 1 { 65_535 } else { 0 };
        let moved = (p + ((target - p) >> self.rate)) as u16;
        match &mut self.knots {
            Knots::All(bytes) => {
                let at = self.context * ROW + 2 * knot;
                bytes[at..at + 2].copy_from_slice(&(moved ^ fresh).to_ne_bytes());
            }
            Knots::Seen(sparse) => sparse.set(key(self.context, knot), moved ^ fresh),
        }
    }
}

/// What stands for a knot of a context in [`Sparse`].
const fn key(context: usize, knot: usize) -> u32 {
    (context << (KNOTS.ilog2() + 1) | knot) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_of_a_short_stream_is_that_of_a_long_one() {
        let mut maps = [SHORT, SHORT + 1].map(|len| Apm::new(LARGE, 5, len).unwrap());
        assert!(matches!(maps[0].knots, Knots::Seen(_)));
        assert!(matches!(maps[1].knots, Knots::All(_)));
        let mut seed = 1u32;
        for at in 0..100_000 {
            seed = seed.wrapping_mul(0x915F_77F5).wrapping_add(1);
            // Some contexts come often, others once.
            let context = (seed >> 8) as usize % if at % 3 == 0 { 20 } else { LARGE };
            let x = (seed >> 16) as i32 % 5_000 - 2_500;
            let [a, b] = maps.each_mut().map(|map| map.refine(x, context));
            assert_eq!(a, b, "bit {at}");
            maps.iter_mut().for_each(|map| map.update(seed >> 31));
        }
    }
}
