//! Gated logistic mixing in two layers (`spec.md`, section 7).
//!
//! Each selector picks one row of weights by a small context; the dot product of that row with
//! the inputs is an opinion, trained on its own error. A second, small mixer weighs the
//! opinions. After Mattern, "Mixing strategies in data compression" (DCC 2012), and PAQ8.
//!
//! Bounds: inputs are within +-2815 and weights within +-8.0 in units of 2^-20, so
//! `x * (w >> 4)` is below 2^30.5, and the sum of 256 terms of it shifted by 8 below 2^30.5.
//! An error is below 2^16 * 255 / 2^8, so `x * error` is below 2^27.5. Nothing overflows, and
//! the order of summation does not matter.

use crate::math::{LOGIT_MAX, TABLES, Tables};
use crate::simd::Ops;

/// Inputs are padded to a multiple of this many.
const GROUP: usize = 16;
/// Most inputs of a layer.
pub(crate) const MAX_INPUTS: usize = 256;
/// Fraction bits of a weight.
pub(crate) const WEIGHT_BITS: u32 = 20;
/// Largest magnitude of a weight: 8.0.
pub(crate) const WEIGHT_MAX: i32 = (8 << WEIGHT_BITS) - 1;

/// The learning rate of the first layer, which falls.
pub(crate) struct Schedule {
    rate: i32,
    floor: i32,
}

impl Schedule {
    /// From a recipe's rates: at first, in the end, and one for others.
    pub(crate) fn new([rate, floor, _]: [u8; 3]) -> Self {
        let (rate, floor) = (rate.into(), floor.into());
        Self { rate, floor }
    }

    /// What the weights are to learn from `bit` after the probability `p` (16 bits).
    #[inline(always)]
    pub(crate) fn error(&self, p: i32, bit: u32) -> i32 {
        ((target(bit) - p) * self.rate) >> 8
    }

    /// Lowers the rate towards its floor by one 64th of the way; once a kibibyte.
    #[inline(always)]
    pub(crate) fn cool(&mut self) {
        self.rate -= (self.rate - self.floor + 63) / 64;
    }
}

/// The probability of 1 that would have been right.
#[inline(always)]
const fn target(bit: u32) -> i32 {
    ((bit as i32) << 16) - bit as i32
}

/// One selector's rows of weights.
struct Rows {
    weights: Vec<i32>,
    selected: usize,
    /// Its opinion as a probability.
    p: i32,
}

/// A layer of selectors over common inputs, and the layer above it.
pub(crate) struct Mixer {
    tables: &'static Tables,
    /// The inputs of the present bit, padded with zeros.
    pub(crate) inputs: Vec<i32>,
    first: Vec<Rows>,
    opinions: Vec<i32>,
    last: Rows,
    schedule: Schedule,
    last_rate: i32,
}

impl Mixer {
    /// A mixer of `inputs` inputs and one selector for each of `sizes`, the numbers of their
    /// contexts; `last_size` contexts select the weights of the second layer.
    pub(crate) fn new(
        inputs: usize,
        sizes: &[usize],
        last_size: usize,
        rates: [u8; 3],
        weight: u8,
        (heard, trust): (usize, i32),
    ) -> Self {
        assert!(inputs <= MAX_INPUTS);
        let initial = i32::from(weight) << (WEIGHT_BITS - 8);
        let padded = inputs.next_multiple_of(GROUP);
        let opinions = sizes.len().next_multiple_of(GROUP);
        let even = (1 << WEIGHT_BITS) / sizes.len() as i32;
        let rows = |n: usize, width: usize, value: i32| Rows {
            weights: vec![value; n * width],
            selected: 0,
            p: 32_768,
        };
        let mut first: Vec<Rows> = sizes.iter().map(|&n| rows(n, padded, initial)).collect();
        if trust > 0 {
            for rows in &mut first {
                for row in rows.weights.chunks_exact_mut(padded) {
                    row[heard] = trust << (WEIGHT_BITS - 8);
                }
            }
        }
        Self {
            tables: &TABLES,
            inputs: vec![0; padded],
            first,
            opinions: vec![0; opinions],
            last: rows(last_size, opinions, even),
            schedule: Schedule::new(rates),
            last_rate: rates[2].into(),
        }
    }

    /// Bytes of weights for that shape.
    pub(crate) fn memory(inputs: usize, sizes: &[usize], last_size: usize) -> u64 {
        let padded = inputs.next_multiple_of(GROUP);
        let first: usize = sizes.iter().sum::<usize>() * padded;
        let last = last_size * sizes.len().next_multiple_of(GROUP);
        4 * (first + last) as u64
    }

    /// The logit of the next bit being 1, under the contexts that `select` gives for the
    /// selectors and `last` for the second layer.
    #[inline(always)]
    pub(crate) fn mix<O: Ops>(&mut self, select: &[u32], last: usize) -> i32 {
        let width = self.inputs.len();
        for ((rows, &s), opinion) in self.first.iter_mut().zip(select).zip(&mut self.opinions) {
            rows.selected = s as usize * width;
            let weights = &rows.weights[rows.selected..rows.selected + width];
            let x = (O::dot(&self.inputs, weights) >> 8).clamp(-LOGIT_MAX, LOGIT_MAX);
            rows.p = self.tables.squash(x);
            *opinion = x;
        }
        if let [only] = &self.first[..] {
            // One opinion needs no weighing.
            self.last.p = only.p;
            return self.opinions[0];
        }
        let width = self.opinions.len();
        self.last.selected = last * width;
        let weights = &self.last.weights[self.last.selected..self.last.selected + width];
        let x = (O::dot(&self.opinions, weights) >> 8).clamp(-LOGIT_MAX, LOGIT_MAX);
        self.last.p = self.tables.squash(x);
        x
    }

    /// Moves the selected weights of both layers towards `bit`.
    #[inline(always)]
    pub(crate) fn update<O: Ops>(&mut self, bit: u32) {
        if self.first.len() > 1 {
            let width = self.opinions.len();
            let rows = &mut self.last;
            let error = ((target(bit) - rows.p) * self.last_rate) >> 8;
            O::train(
                &self.opinions,
                &mut rows.weights[rows.selected..rows.selected + width],
                error,
            );
        }
        let width = self.inputs.len();
        for rows in &mut self.first {
            let error = self.schedule.error(rows.p, bit);
            O::train(
                &self.inputs,
                &mut rows.weights[rows.selected..rows.selected + width],
                error,
            );
        }
    }

    /// Lowers the learning rate; once a kibibyte.
    pub(crate) fn cool(&mut self) {
        self.schedule.cool();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::ScalarOps;

    /// The bounds in the module's text, reached: in a test build an overflow panics.
    #[test]
    fn extremes_do_not_overflow() {
        for (x, w, error) in [
            (LOGIT_MAX, WEIGHT_MAX, 65_280),
            (-LOGIT_MAX, WEIGHT_MAX, -65_280),
        ] {
            let x = [x; MAX_INPUTS];
            let mut w = [w; MAX_INPUTS];
            assert!(ScalarOps::dot(&x, &w).abs() < i32::MAX / 2 + (1 << 29));
            ScalarOps::train(&x, &mut w, error);
            assert!(w.iter().all(|w| w.abs() <= WEIGHT_MAX));
        }
    }
}
