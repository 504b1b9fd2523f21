//! The training run: what it holds, and one step of it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::checkpoint::Trained;
use crate::config::Config;
use crate::data::{Feeder, Stretch};
use crate::error::TrainError;
use crate::layer::{Block, initial};
use crate::network::{Outcome, States, initial_states, layers, pass};
use crate::optimise::{Moments, schedule, shorten};
use crate::random::Random;
use crate::tables::Tables;

/// A run under way.
#[derive(Debug)]
pub struct Trainer {
    /// Its configuration.
    pub config: Config,
    /// Flat parameters of each layer.
    pub parameters: Vec<Vec<f32>>,
    /// The optimiser's memory of each layer.
    pub moments: Vec<Moments>,
    /// The n-gram tables.
    pub tables: Tables,
    /// States of each part's lanes.
    pub states: Vec<States>,
    /// The data.
    pub feeder: Feeder,
    /// Steps done.
    pub step: u64,
    /// Share of the rows that each expert got in the last step, layer by layer.
    pub loads: Vec<Vec<f32>>,
    blocks: Vec<Vec<Block>>,
}

/// Parameters before training.
pub fn initial_parameters(config: &Config) -> (Vec<Vec<f32>>, Vec<Vec<Block>>) {
    let model = &config.model;
    let layers = layers(model, &Stretch::default(), initial_states(model, 1));
    let parameters = layers
        .iter()
        .enumerate()
        .map(|(i, layer)| initial(&**layer, &mut Random::new(config.seed, 10 + i as u64)))
        .collect();
    (
        parameters,
        layers.iter().map(|layer| layer.blocks()).collect(),
    )
}

impl Trainer {
    /// A run at its beginning, reading data from `folder`.
    pub fn new(config: Config, folder: &Path) -> Result<Self, TrainError> {
        let feeder = Feeder::new(&config, folder)?;
        let (parameters, blocks) = initial_parameters(&config);
        let parts = config.training.parts;
        let states = initial_states(&config.model, config.training.lanes / parts);
        Ok(Self {
            moments: parameters.iter().map(|p| Moments::new(p.len())).collect(),
            tables: Tables::new(&config.model, &mut Random::new(config.seed, 2)),
            states: vec![states; parts],
            step: 0,
            loads: Vec::new(),
            config,
            parameters,
            feeder,
            blocks,
        })
    }

    /// A run at its beginning whose network is one already trained: its parameters, and its
    /// tables with their squared gradients, so that settled rows stay settled.
    pub fn continuing(config: Config, folder: &Path, from: Trained) -> Result<Self, TrainError> {
        if config.model != from.config.model {
            return Err(TrainError::Checkpoint(
                "it holds a network of other sizes".to_owned(),
            ));
        }
        let mut trainer = Self::new(config, folder)?;
        trainer.parameters = from.parameters;
        trainer.tables = from.tables;
        Ok(trainer)
    }

    /// The network as it is now.
    pub fn trained(&self) -> Trained {
        Trained {
            config: self.config.clone(),
            parameters: self.parameters.clone(),
            tables: self.tables.clone(),
            step: self.step,
        }
    }

    /// One step on up to `threads` threads; the result does not depend on how many. Returns
    /// the mean loss in bits per byte before the step.
    pub fn advance(&mut self, threads: usize) -> Result<f64, TrainError> {
        let training = self.config.training.clone();
        let stretches = self.feeder.next(training.parts, training.stretch);
        let outcomes = self.passes(&stretches, threads)?;
        let share = 1.0 / stretches.len() as f32;
        let bits = outcomes.iter().map(|o| o.bits).sum::<f64>() / stretches.len() as f64;

        let mut gradients: Vec<Vec<f32>> =
            self.parameters.iter().map(|p| vec![0.0; p.len()]).collect();
        for outcome in &outcomes {
            for (sum, gradient) in gradients.iter_mut().zip(&outcome.gradients) {
                for (sum, g) in sum.iter_mut().zip(gradient) {
                    *sum += share * g;
                }
            }
        }
        self.loads = mean_loads(&outcomes);
        let shorter = shorten(&gradients, &self.blocks);
        gradients.iter_mut().flatten().for_each(|g| *g *= shorter);

        let factor = schedule(&training, self.step);
        self.step += 1;
        for (i, gradient) in gradients.iter().enumerate() {
            let rate = factor * training.rate;
            self.moments[i].step(
                &mut self.parameters[i],
                gradient,
                &self.blocks[i],
                rate,
                factor,
                self.step,
            );
        }
        let parts: Vec<_> = stretches
            .iter()
            .zip(&outcomes)
            .map(|(s, o)| (&s.rows[..], &o.rows[..]))
            .collect();
        self.tables.update(&parts, factor * training.table_rate);
        Ok(bits)
    }

    fn passes(
        &mut self,
        stretches: &[Stretch],
        threads: usize,
    ) -> Result<Vec<Outcome>, TrainError> {
        let (model, parameters, tables) = (&self.config.model, &self.parameters, &self.tables);
        let work: Vec<_> = self
            .states
            .iter_mut()
            .zip(stretches)
            .map(Mutex::new)
            .collect();
        let next = AtomicUsize::new(0);
        let worker = || {
            let mut done = Vec::new();
            while let Some(work) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Ok(mut work) = work.lock() {
                    let (states, stretch) = &mut *work;
                    let rows = tables.gather(&stretch.rows);
                    done.push((*stretch, pass(model, parameters, stretch, rows, states)));
                }
            }
            done
        };
        let mut done = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
            let mut done = worker();
            for other in others {
                done.extend(other.join().unwrap_or_default());
            }
            done
        });
        if done.len() < stretches.len() {
            return Err(TrainError::Tensor("a worker stopped".to_owned()));
        }
        // In the order of the parts, whoever did them: sums must not depend on scheduling.
        let position = |s: &Stretch| stretches.iter().position(|other| std::ptr::eq(s, other));
        done.sort_by_key(|(stretch, _)| position(stretch));
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

/// Loads of all parts' experts together. A part in which no patch became complete has none to tell.
fn mean_loads(outcomes: &[Outcome]) -> Vec<Vec<f32>> {
    let layers = outcomes.first().map_or(0, |outcome| outcome.loads.len());
    let mean = |at: usize| {
        let loads = || outcomes.iter().map(|outcome| &outcome.loads[at]);
        let experts = loads().map(Vec::len).max().unwrap_or(0);
        let told: Vec<_> = loads().filter(|load| load.len() == experts).collect();
        let share = 1.0 / told.len() as f32;
        let of = |expert: usize| told.iter().map(|load| share * load[expert]).sum();
        (0..experts).map(of).collect()
    };
    (0..layers).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_the_mean_of_the_parts_that_have_any() {
        let part = |loads: &[&[f32]]| Outcome {
            bits: 0.0,
            gradients: Vec::new(),
            rows: Vec::new(),
            loads: loads.iter().map(|load| load.to_vec()).collect(),
        };
        let parts = [
            part(&[&[], &[]]),
            part(&[&[], &[0.25, 0.75]]),
            part(&[&[], &[0.5, 0.5]]),
        ];
        assert_eq!(mean_loads(&parts), [vec![], vec![0.375, 0.625]]);
    }
}
