//! The training run: what it holds, and one step of it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::beside::{Balance, Together};
use crate::checkpoint::Trained;
use crate::config::Config;
use crate::data::{Feeder, Stretch};
use crate::error::TrainError;
use crate::grow::grow;
use crate::in_order::{Gradients, InOrder};
use crate::kernel::check_device;
use crate::layer::{Block, initial};
use crate::network::{Outcome, States, initial_states, layers, pass};
use crate::optimise::{Moments, Pace, schedule, shorten};
use crate::random::Random;
use crate::reduce::{exchange_exits, put_exits};
use crate::report::StepReport;
use crate::tables::Tables;
use crate::validate::Progress;

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
    /// How far the network and what it stands beside are believed.
    pub balance: Balance,
    /// States of each part's lanes.
    pub states: Vec<States>,
    /// The data.
    pub feeder: Feeder,
    /// Steps done.
    pub step: u64,
    /// How evaluations on held-out data went so far.
    pub progress: Progress,
    /// File and hash of the network that the run began with, if it was another's.
    pub init: Option<String>,
    blocks: Vec<Vec<Block>>,
}

/// What the passes of a step gave.
pub(crate) struct Passed {
    report: StepReport,
    gradients: Gradients,
    /// Of each part, which rows of the tables it read, and their gradients.
    rows: Vec<(Vec<u32>, Vec<f32>)>,
    together: Vec<Together>,
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
        Ok(Self::reading(config, feeder))
    }

    /// A run at its beginning.
    pub fn reading(config: Config, feeder: Feeder) -> Self {
        let (parameters, blocks) = initial_parameters(&config);
        let parts = config.training.parts;
        let states = initial_states(&config.model, config.training.lanes / parts);
        Self {
            moments: parameters.iter().map(|p| Moments::new(p.len())).collect(),
            tables: Tables::new(&config.model, &mut Random::new(config.seed, 2)),
            balance: Balance::new(config.prior.as_ref()),
            states: vec![states; parts],
            step: 0,
            progress: Progress::default(),
            init: None,
            config,
            parameters,
            feeder,
            blocks,
        }
    }

    /// A run at its beginning whose network is one already trained: its parameters, and its
    /// tables with their squared gradients, so that settled rows stay settled. It may be a smaller one, see
    /// [`grow`](crate::grow), and have other early exits.
    pub fn continuing(config: Config, folder: &Path, from: Trained) -> Result<Self, TrainError> {
        let mut trainer = Self::new(config, folder)?;
        let (config, blocks) = (&trainer.config, &trainer.blocks);
        let (model, training) = (&config.model, &config.training);
        let mut from = from;
        let heads = exchange_exits(config, &mut trainer.parameters, &mut from);
        if !training.grow.is_empty() {
            grow(config, blocks, &mut trainer.parameters, &from)?;
        } else if model.without_exits() == from.config.model.with_row_step(model.row_step) {
            trainer.parameters = std::mem::take(&mut from.parameters);
        } else {
            return Err(TrainError::Checkpoint(
                "it holds a network of other sizes; training.grow can say which of its blocks become which".to_owned(),
            ));
        }
        put_exits(model, &mut trainer.parameters, heads);
        trainer.tables.take_over(&from.tables);
        trainer.tables.settle(training.table_squares);
        trainer.init = from.init;
        Ok(trainer)
    }

    /// The network as it is now.
    pub fn trained(&self) -> Trained {
        Trained {
            config: self.config.clone(),
            parameters: self.parameters.clone(),
            tables: self.tables.clone(),
            step: self.step,
            init: self.init.clone(),
            balance: self.balance.clone(),
        }
    }

    /// One step on up to `threads` threads; the result does not depend on how many. The report
    /// is of the network before the step.
    pub fn advance(&mut self, threads: usize) -> Result<StepReport, TrainError> {
        let passed = self.pass_all(threads)?;
        check_device()?;
        Ok(self.learn(passed))
    }

    /// What the gradients of one pass count.
    fn share(&self) -> f32 {
        let training = &self.config.training;
        1.0 / (training.parts * training.accumulate) as f32
    }

    /// All passes of a step.
    pub(crate) fn pass_all(&mut self, threads: usize) -> Result<Passed, TrainError> {
        let (parts, stretch) = (self.config.training.parts, self.config.training.stretch);
        let accumulate = self.config.training.accumulate;
        let share = self.share();
        let mut passed = Passed {
            report: StepReport::new(self.feeder.modalities().len()),
            gradients: self.parameters.iter().map(|p| vec![0.0; p.len()]).collect(),
            rows: Vec::new(),
            together: Vec::new(),
        };
        for _ in 0..accumulate {
            let mut stretches = self.feeder.next(parts, stretch);
            for stretch in &mut stretches {
                self.balance.weigh(&mut stretch.beside);
            }
            let sum = InOrder::new(&mut passed.gradients, share);
            let outcomes = self.passes(&stretches, threads, sum)?;
            passed.report.add(&outcomes, self.feeder.origins());
            for (stretch, outcome) in stretches.into_iter().zip(outcomes) {
                passed.rows.push((stretch.rows, outcome.rows));
                passed.together.extend(outcome.together);
            }
        }
        Ok(passed)
    }

    /// What a step makes of its passes.
    pub(crate) fn learn(&mut self, passed: Passed) -> StepReport {
        let (training, share) = (self.config.training.clone(), self.share());
        let Passed {
            mut report,
            mut gradients,
            rows,
            together,
        } = passed;
        let shorter = shorten(&gradients, &self.blocks);
        gradients.iter_mut().flatten().for_each(|g| *g *= shorter);

        let factor = schedule(&training, self.step);
        self.step += 1;
        (report.step, report.rate) = (self.step, factor * training.rate);
        let pace = Pace {
            optimiser: training.optimiser,
            rate: factor * training.rate,
            decay: training.weight_decay,
            factor,
            step: self.step,
        };
        for (i, gradient) in gradients.iter().enumerate() {
            self.moments[i].step(&mut self.parameters[i], gradient, &self.blocks[i], pace);
        }
        self.balance.step(together.iter(), share, pace);
        let parts: Vec<_> = rows.iter().map(|(r, g)| (&r[..], &g[..])).collect();
        let rate = factor * training.table_rate;
        self.tables.update(&parts, rate);
        if training.table_cost > 0.0 {
            self.tables
                .draw(self.step, rate, training.table_cost, training.table_squares);
        }
        report
    }

    /// One pass for each part, whose gradients go to `sum`.
    fn passes(
        &mut self,
        stretches: &[Stretch],
        threads: usize,
        sum: InOrder<'_>,
    ) -> Result<Vec<Outcome>, TrainError> {
        let (model, parameters, tables) = (&self.config.model, &self.parameters, &self.tables);
        let recompute = self.config.training.recompute;
        let work: Vec<_> = self
            .states
            .iter_mut()
            .zip(stretches)
            .map(Mutex::new)
            .collect();
        let next = AtomicUsize::new(0);
        let sum = Mutex::new(sum);
        let worker = || {
            let mut done = Vec::new();
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                let Some(work) = work.get(part) else {
                    return done;
                };
                if let Ok(mut work) = work.lock() {
                    let (states, stretch) = &mut *work;
                    let rows = tables.gather(&stretch.rows);
                    let mut outcome = pass(model, recompute, parameters, stretch, rows, states);
                    if let (Ok(outcome), Ok(mut sum)) = (&mut outcome, sum.lock()) {
                        sum.add(part, std::mem::take(&mut outcome.gradients));
                    }
                    done.push((part, outcome));
                }
            }
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
        done.sort_by_key(|(part, _)| *part);
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }
}
