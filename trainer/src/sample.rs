//! Text from a model: a byte at a time, drawn from the distribution that a coder would be given.

use std::sync::Arc;

use umoec_exact::condition::told;
use umoec_exact::softmax::counts;
use umoec_exact::{ExactError, Fused, StepModel, Stepper};

use crate::random::Random;

/// How bytes are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Logits are divided by this: below 1 the likely becomes likelier, at 0 the likeliest byte
    /// is always taken.
    pub temperature: f64,
    /// Only the likeliest bytes that hold this much probability together are drawn from
    /// (Holtzman et al. 2020, "nucleus sampling").
    pub top_p: f64,
}

impl Sampling {
    /// What stands for each byte, in proportion to its probability; all but the nucleus at 0.
    ///
    /// Integers, and one division that IEEE 754 fixes: the same on every machine.
    pub fn weights(self, logits: &[i32; 256]) -> [u32; 256] {
        let greatest = logits.iter().copied().fold(i32::MIN, i32::max);
        // Beyond 31 binary orders a count is 0, whatever the distance.
        let scaled = logits.map(|logit| {
            let below = f64::from(greatest.abs_diff(logit)) / self.temperature;
            -(below.min(1e6).round() as i32)
        });
        let mut weights = if self.temperature > 0.0 {
            counts(&scaled)
        } else {
            logits.map(|logit| u32::from(logit == greatest))
        };
        let mut order: Vec<usize> = (0..256).collect();
        order.sort_by_key(|&byte| std::cmp::Reverse(weights[byte]));
        if self.temperature <= 0.0 {
            order[1..].iter().for_each(|&byte| weights[byte] = 0);
        }
        let total: u64 = weights.iter().map(|&n| u64::from(n)).sum();
        let enough = (total as f64 * self.top_p).ceil() as u64;
        let mut held = 0;
        for byte in order {
            if held >= enough && held > 0 {
                weights[byte] = 0;
            }
            held += u64::from(weights[byte]);
        }
        weights
    }
}

/// A model that writes.
pub struct Sampler {
    stepper: Box<dyn Stepper>,
    last: u8,
    sampling: Sampling,
    random: Random,
}

impl Sampler {
    /// At the start of a stream; the same `seed` draws the same bytes. A model that wants to know statistics of the whole
    /// stream is told those of `like`.
    ///
    /// # Errors
    ///
    /// What keeps the engine from running the model.
    pub fn new(
        model: &Arc<StepModel>,
        sampling: Sampling,
        seed: u64,
        like: &[u8],
    ) -> Result<Self, ExactError> {
        let mut stepper = Fused::new(Arc::clone(model), 1)?.start();
        if let Some(condition) = &model.interface().condition {
            let told = told(condition.size, like, 0).unwrap_or_default();
            let told: Vec<i32> = told.into_iter().map(i32::from).collect();
            stepper.set_condition(&told)?;
        }
        Ok(Self {
            stepper: Box::new(stepper),
            last: model.interface().start,
            sampling,
            random: Random::new(seed, 4),
        })
    }

    /// Reads a byte that is given.
    pub fn read(&mut self, byte: u8) -> Result<(), ExactError> {
        self.stepper.step(&[self.last], &mut [0; 256])?;
        self.last = byte;
        Ok(())
    }

    /// Draws the next byte.
    pub fn write(&mut self) -> Result<u8, ExactError> {
        let mut logits = [0; 256];
        self.stepper.step(&[self.last], &mut logits)?;
        let weights = self.sampling.weights(&logits);
        let total: u64 = weights.iter().map(|&n| u64::from(n)).sum();
        let mut at = self.random.below(total as usize) as u64;
        for (byte, weight) in (0..=255).zip(weights.map(u64::from)) {
            if at < weight {
                self.last = byte;
                break;
            }
            at -= weight;
        }
        Ok(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes 7, 8 and 9 at one, one half and one quarter, the rest at nothing to speak of.
    fn logits() -> [i32; 256] {
        let mut logits = [-4096; 256];
        (logits[7], logits[8], logits[9]) = (128, 64, 0);
        logits
    }

    fn weights(temperature: f64, top_p: f64) -> Vec<(usize, u32)> {
        let sampling = Sampling { temperature, top_p };
        let weights = sampling.weights(&logits());
        let some = weights.into_iter().enumerate().filter(|(_, n)| *n > 0);
        some.collect()
    }

    #[test]
    fn a_temperature_divides_logits() {
        let full = 1 << 30;
        assert_eq!(weights(1.0, 1.0), [(7, full), (8, full / 2), (9, full / 4)]);
        assert_eq!(
            weights(0.5, 1.0),
            [(7, full), (8, full / 4), (9, full / 16)]
        );
        assert_eq!(weights(0.0, 1.0), [(7, 1)]);
        assert_eq!(weights(1e-300, 1.0), [(7, full)]);
    }

    #[test]
    fn the_nucleus_is_the_fewest_bytes_that_hold_enough() {
        let bytes = |top_p| {
            let weights = weights(1.0, top_p).into_iter();
            weights.map(|(byte, _)| byte).collect::<Vec<_>>()
        };
        assert_eq!(bytes(0.5), [7]);
        assert_eq!(bytes(0.6), [7, 8]);
        assert_eq!(bytes(0.9), [7, 8, 9]);
        assert_eq!(bytes(0.0), [7]);
    }
}
