//! Adaptive probability maps, secondary symbol estimation (`spec.md`, section 8).
//!
//! A map refines a probability under a small context: 33 knots over the logit, between
//! which it interpolates; the nearer knot learns. After PAQ8's APM.

use crate::math::TABLES;
use crate::simd::prefetch;

/// Knots per context.
const KNOTS: usize = 33;
/// Logits between two knots.
const STEP: i32 = 128;

/// One map.
pub(crate) struct Apm {
    /// Probabilities in 16 bits.
    knots: Vec<u16>,
    /// The knot that learns from the present bit.
    nearest: usize,
    rate: u32,
}

impl Apm {
    /// A map of `contexts` contexts that learns by 2^-rate, the identity at first.
    pub(crate) fn new(contexts: usize, rate: u32) -> Self {
        let row: Vec<u16> = (0..KNOTS as i32)
            .map(|k| TABLES.squash((k - 16) * STEP) as u16)
            .collect();
        Self {
            knots: row.repeat(contexts),
            nearest: 0,
            rate,
        }
    }

    /// Bytes of a map.
    pub(crate) const fn memory(contexts: usize) -> u64 {
        2 * (contexts * KNOTS) as u64
    }

    /// Asks for the knots of `context`, two cache lines.
    #[inline(always)]
    pub(crate) fn prefetch(&self, context: usize) {
        prefetch(&self.knots, context * KNOTS);
        prefetch(&self.knots, context * KNOTS + KNOTS - 1);
    }

    /// The refined probability (16 bits) of logit `x` under `context`.
    #[inline(always)]
    pub(crate) fn refine(&mut self, x: i32, context: usize) -> i32 {
        let x = x.clamp(-16 * STEP, 16 * STEP - 1) + 16 * STEP;
        let (low, part) = ((x / STEP) as usize, x % STEP);
        let base = context * KNOTS + low;
        self.nearest = base + usize::from(part >= STEP / 2);
        let (a, b) = (i32::from(self.knots[base]), i32::from(self.knots[base + 1]));
        (a * (STEP - part) + b * part) / STEP
    }

    /// Moves the nearer knot towards `bit`.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32) {
        let knot = &mut self.knots[self.nearest];
        let p = i32::from(*knot);
        let target = if bit == 1 { 65_535 } else { 0 };
        *knot = (p + ((target - p) >> self.rate)) as u16;
    }
}
