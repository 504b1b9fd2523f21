//! One stage of the cascade: normalised least mean squares (`spec.md`, section 3.2).
//!
//! Haykin, *Adaptive Filter Theory*, chapter 6, in integers. Sums wrap, so any data gives the same
//! numbers everywhere.

/// Fraction bits of the weights.
const WEIGHT_BITS: u32 = 24;
/// Weights stay within these bounds.
const WEIGHT_MAX: i64 = 1 << 30;
/// Fraction bits of the step beyond those of the weights.
const STEP_BITS: u32 = 12;
/// Values and errors are within 2 to the power of this.
pub(crate) const VALUE_BITS: u32 = 24;

/// A filter over the values that were pushed.
pub(crate) struct Filter {
    weights: Vec<i32>,
    /// The past, the newest last; moved to its beginning when it is full.
    past: Vec<i32>,
    end: usize,
    energy: i64,
    /// What counts as silence, beside `energy`.
    least: i64,
    rate: u32,
}

impl Filter {
    /// The rate is 2^-rate; `unit` is what one step of a sample is in values.
    pub(crate) fn new(taps: usize, rate: u32, unit: i64) -> Self {
        Self {
            weights: vec![0; taps],
            past: vec![0; 8 * taps],
            end: taps,
            energy: 0,
            least: taps as i64 * unit * unit,
            rate,
        }
    }

    /// The next value.
    pub(crate) fn predict(&self) -> i64 {
        let past = &self.past[self.end - self.weights.len()..self.end];
        let products = past.iter().zip(&self.weights);
        let sum = products.fold(0i64, |sum, (&x, &w)| {
            sum.wrapping_add(i64::from(x).wrapping_mul(i64::from(w)))
        });
        sum >> WEIGHT_BITS
    }

    /// Learns that the prediction was too low by `error`.
    pub(crate) fn learn(&mut self, error: i32) {
        let past = &self.past[self.end - self.weights.len()..self.end];
        let bits = WEIGHT_BITS + STEP_BITS - self.rate;
        let step = (i64::from(error) << bits) / (self.energy + self.least);
        for (w, &x) in self.weights.iter_mut().zip(past) {
            // `energy` counts x, so the product is below 2^54.
            let change = (step * i64::from(x)) >> STEP_BITS;
            *w = (i64::from(*w) + change).clamp(-WEIGHT_MAX, WEIGHT_MAX) as i32;
        }
    }

    /// Takes in the next value.
    pub(crate) fn push(&mut self, value: i32) {
        let taps = self.weights.len();
        if self.end == self.past.len() {
            self.past.copy_within(self.end - taps.., 0);
            self.end = taps;
        }
        let oldest = i64::from(self.past[self.end - taps]);
        let newest = i64::from(value);
        self.energy += newest * newest - oldest * oldest;
        self.past[self.end] = value;
        self.end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of the specification, in numbers that hold any sum.
    struct Slow {
        weights: Vec<i128>,
        past: Vec<i128>,
    }

    impl Slow {
        fn predict(&self) -> i64 {
            let products = self.past.iter().zip(&self.weights).map(|(v, w)| v * w);
            products.sum::<i128>() as i64 >> 24
        }

        fn learn(&mut self, error: i128, rate: u32, unit: i128) {
            let energy: i128 = self.past.iter().map(|v| v * v).sum();
            let silence = self.past.len() as i128 * unit * unit;
            let step = (error << (36 - rate)) / (energy + silence);
            for (w, v) in self.weights.iter_mut().zip(&self.past) {
                let change = (step * v) as i64 >> 12;
                *w = (*w + i128::from(change)).clamp(-(1 << 30), 1 << 30);
            }
        }

        fn push(&mut self, value: i128) {
            self.past.remove(0);
            self.past.push(value);
        }
    }

    #[test]
    fn it_does_what_the_specification_says() {
        for (taps, rate, most) in [(16, 5, 1 << 24), (32, 6, 3000), (256, 7, 100)] {
            let mut filter = Filter::new(taps, rate, 64);
            let mut slow = Slow {
                weights: vec![0; taps],
                past: vec![0; taps],
            };
            let mut state = 1u32;
            for round in 0..3000 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let value = (state >> 5) as i32 % (most + 1) * if round & 4 == 0 { 1 } else { -1 };
                let said = filter.predict();
                assert_eq!(said, slow.predict());
                let error = i64::from(value)
                    .wrapping_sub(said)
                    .clamp(-(1 << VALUE_BITS), 1 << VALUE_BITS);
                filter.learn(error as i32);
                slow.learn(error.into(), rate, 64);
                filter.push(value);
                slow.push(value.into());
            }
        }
    }
}
