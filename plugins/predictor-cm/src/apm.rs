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
    /// The knots of each context at first.
    identity: [u16; KNOTS],
    /// Context and number of the knot that learns from the present bit.
    nearest: (usize, usize),
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
            identity: std::array::from_fn(|k| TABLES.squash((k as i32 - 16) * STEP) as u16),
            nearest: (0, 0),
            rate,
        })
    }

    #[inline(always)]
    fn knot(&self, context: usize, k: usize) -> u16 {
        let at = 2 * (context * KNOTS + k);
        let bytes = self.knots[at..at + 2].try_into().expect("two bytes");
        u16::from_ne_bytes(bytes) ^ self.identity[k]
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
        let (low, part) = ((x / STEP) as usize, x % STEP);
        self.nearest = (context, low + usize::from(part >= STEP / 2));
        let a = i32::from(self.knot(context, low));
        let b = i32::from(self.knot(context, low + 1));
        (a * (STEP - part) + b * part) / STEP
    }

    /// Moves the nearer knot towards `bit`.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32) {
        let (context, k) = self.nearest;
        let p = i32::from(self.knot(context, k));
        let target = if bit == 1 { 65_535 } else { 0 };
        let moved = (p + ((target - p) >> self.rate)) as u16;
        let at = 2 * (context * KNOTS + k);
        self.knots[at..at + 2].copy_from_slice(&(moved ^ self.identity[k]).to_ne_bytes());
    }
}
