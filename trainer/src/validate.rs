//! Evaluation on held-out data while a network is trained, and when to stop.

use serde::{Deserialize, Serialize};

use crate::data::Spent;
use crate::error::TrainError;
use crate::evaluate::{Network, spread};
use crate::trainer::Trainer;

/// Held-out loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// Of each modality, in the order of [`Feeder::modalities`](crate::data::Feeder).
    pub modalities: Vec<Spent>,
    /// The same together with what the network stands beside; empty where that is nothing.
    pub together: Vec<Spent>,
    /// Whether it is the least so far.
    pub best: bool,
}

impl Validation {
    /// Bits per byte of all held-out data.
    pub fn bits(&self) -> f64 {
        let all: Spent = self.modalities.iter().copied().sum();
        all.mean().unwrap_or(0.0)
    }

    /// The same together with what the network stands beside, if there is anything.
    pub fn together(&self) -> Option<f64> {
        self.together.iter().copied().sum::<Spent>().mean()
    }
}

/// How a run's evaluations went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The least held-out loss in bits per byte, and the step it was seen at.
    pub best: Option<(f64, u64)>,
    /// Evaluations since then.
    pub since: u64,
}

impl Progress {
    /// Takes in a loss; whether it is the least so far.
    pub fn take(&mut self, bits: f64, step: u64) -> bool {
        let best = self.best.is_none_or(|(least, _)| bits < least);
        if best {
            (self.best, self.since) = (Some((bits, step)), 0);
        } else {
            self.since += 1;
        }
        best
    }

    /// Whether `patience` evaluations, if not 0, brought no gain.
    pub fn exhausted(&self, patience: u64) -> bool {
        patience > 0 && self.since >= patience
    }
}

impl Trainer {
    /// Evaluates the network if this step is one at which the configuration asks for it.
    pub fn validate(&mut self, threads: usize) -> Result<Option<Validation>, TrainError> {
        let Some(config) = &self.config.validation else {
            return Ok(None);
        };
        if self.step == 0 || !self.step.is_multiple_of(config.every) {
            return Ok(None);
        }
        let held = self.feeder.held_out(config.bytes);
        let network = Network {
            model: &self.config.model,
            parameters: &self.parameters,
            tables: &self.tables,
        };
        let bits = spread(threads, &held, |(_, stream)| {
            network.spend(&[*stream], &self.balance)
        })?;
        let mut modalities = vec![Spent::default(); self.feeder.modalities().len()];
        let mut together = Vec::new();
        for ((modality, stream), losses) in held.iter().zip(bits) {
            let (at, bytes) = (usize::from(*modality), stream.bytes.len() as u64);
            modalities[at] += Spent {
                bits: losses.alone,
                bytes,
            };
            if let Some(bits) = losses.together {
                together.resize(modalities.len(), Spent::default());
                together[at] += Spent { bits, bytes };
            }
        }
        let mut validation = Validation {
            modalities,
            together,
            best: false,
        };
        // What it is trained for decides.
        let bits = validation.together().unwrap_or(validation.bits());
        validation.best = self.progress.take(bits, self.step);
        Ok(Some(validation))
    }

    /// Whether the evaluations so far say that the run is to end.
    pub fn stalled(&self) -> bool {
        let patience = self.config.validation.as_ref().map_or(0, |v| v.patience);
        self.progress.exhausted(patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_counts_evaluations_since_the_best() {
        let mut progress = Progress::default();
        let gains = [3.0, 2.0, 2.5, 2.0, 1.9, 2.0, 2.1].map(|bits| progress.take(bits, 1));
        assert_eq!(gains, [true, true, false, false, true, false, false]);
        assert_eq!(progress.best, Some((1.9, 1)));
        assert!(progress.exhausted(2) && !progress.exhausted(3) && !progress.exhausted(0));
    }
}
