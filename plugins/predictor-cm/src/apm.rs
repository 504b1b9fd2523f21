//! Adaptive probability maps, secondary symbol estimation (`spec.md`, section 8).
//!
//! A map refines a probability under a small context: 33 knots over the logit, between
//! which it interpolates; the nearer knot learns. After PAQ8's APM.

use memmap2::MmapMut;
use umoec_codec::Result;

use crate::math::TABLES;
use crate::memory::zeroed;
use crate::simd::prefetch;

/// Knots per context.
const KNOTS: usize = 33;
/// Logits between two knots.
const STEP: i32 = 128;

/// One map.
pub(crate) struct Apm {
    /// Probabilities in 16 bits, as the difference from `identity`: zero bytes at first.
    knots: MmapMut,
    /// The knots of each context at first, but the last, each with the one behind it.
    identity: [[u16; 2]; KNOTS - 1],
    /// The knot that learns from the present bit: its offset, what it is at first, and its value.
    nearest: (usize, u16, u16),
    rate: u32,
}

impl Apm {
    /// A map of `contexts` contexts that learns by 2^-rate, the identity at first.
    ///
    /// # Errors
    /// `Memory` where the system has no such memory.
    pub(crate) fn new(contexts: usize, rate: u32) -> Result<Self> {
        Ok(Self {
            knots: zeroed(Self::memory(contexts) as usize)?,
            identity: std::array::from_fn(|k| {
                let x = (k as i32 - 16) * STEP;
                [x, x + STEP].map(|x| TABLES.squash(x) as u16)
            }),
            nearest: (0, 0, 0),
            rate,
        })
    }

    /// Knot `k`, which is not the last, and the one behind it.
    #[inline(always)]
    fn knots(&self, context: usize, k: usize) -> [u16; 2] {
        let at = 2 * (context * KNOTS + k);
        let bytes: [u8; 4] = self.knots[at..at + 4].try_into().expect("four bytes");
        let [a0, a1, b0, b1] = bytes;
        let fresh = self.identity[k];
        let [a, b] = [u16::from_ne_bytes([a0, a1]), u16::from_ne_bytes([b0, b1])];
        [a ^ fresh[0], b ^ fresh[1]]
    }

    /// Bytes of a map.
    pub(crate) const fn memory(contexts: usize) -> u64 {
        2 * (contexts * KNOTS) as u64
    }

    /// Asks for the knots of `context`, two cache lines.
    #[inline(always)]
    pub(crate) fn prefetch(&self, context: usize) {
        prefetch(&self.knots, 2 * context * KNOTS);
        prefetch(&self.knots, 2 * (context * KNOTS + KNOTS - 1));
    }

    /// The refined probability (16 bits) of logit `x` under `context`.
    #[inline(always)]
    pub(crate) fn refine(&mut self, x: i32, context: usize) -> i32 {
        let x = x.clamp(-16 * STEP, 16 * STEP - 1) + 16 * STEP;
        let (low, part) = ((x >> STEP.ilog2()) as usize, x & (STEP - 1));
        let pair = self.knots(context, low);
        let near = usize::from(part >= STEP / 2);
        let at = 2 * (context * KNOTS + low + near);
        self.nearest = (at, self.identity[low][near], pair[near]);
        let [a, b] = pair.map(i32::from);
        (a * (STEP - part) + b * part) >> STEP.ilog2()
    }

    /// Moves the nearer knot towards `bit`.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32) {
        let (at, fresh, p) = self.nearest;
        let p = i32::from(p);
        let target = if bit == 1 { 65_535 } else { 0 };
        let moved = (p + ((target - p) >> self.rate)) as u16;
        self.knots[at..at + 2].copy_from_slice(&(moved ^ fresh).to_ne_bytes());
    }
}
