//! What a configuration asks for, before it is run: parameters, cost, memory, time.

use std::time::{Duration, Instant};

use umoec_exact::graph::Op;
use umoec_exact::{Graph, ModelLimits, StepModel};

use crate::checkpoint::Trained;
use crate::config::{Config, SourceConfig};
use crate::data::{Feeder, Source};
use crate::error::TrainError;
use crate::export::{export, limits};
use crate::kernel::{matmul, multiplications};
use crate::memory::need;
use crate::random::Random;
use crate::trainer::Trainer;

/// Bytes that the measured steps are trained on.
const DATA: usize = 1 << 20;

/// What a run takes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Elements of all weights and tables.
    pub parameters: u64,
    /// Those of them that are read for one byte.
    pub active: u64,
    /// Multiplications in matrix products for one byte.
    pub macs: u64,
    /// Bytes of the states of one stream.
    pub state_bytes: u64,
    /// Bytes of the exported file.
    pub file_bytes: u64,
    /// Bytes of values, gradients and the optimiser's memory.
    pub memory: u64,
    /// For each early exit the block that it stands behind, and multiplications for one byte up to there.
    pub exits: Vec<(usize, u64)>,
    /// Why `umoec` will not load the model, if so.
    pub refused: Option<String>,
}

impl Plan {
    /// Exports the network as it is before training.
    pub fn new(config: &Config, threads: usize) -> Result<Self, TrainError> {
        let trained = Trained::initial(config.clone());
        let memory = need(config, &trained.parameters, &trained.tables, threads);
        let exits = config.model.exits.iter().map(|&block| {
            let file = export(&trained.at_exit(block)?)?;
            Ok((
                block,
                StepModel::load(&file, &limits())?.cost().macs_per_byte,
            ))
        });
        let exits = exits.collect::<Result<_, TrainError>>()?;
        let file = export(&trained)?;
        // Large models do not fit twice.
        drop(trained);
        let refused = refusal(&file);
        let model = StepModel::load(&file, &limits())?;
        let cost = model.cost();
        Ok(Self {
            parameters: cost.parameters,
            active: active(model.graph()),
            macs: cost.macs_per_byte,
            state_bytes: cost.state_bytes,
            file_bytes: cost.file_bytes,
            memory,
            exits,
            refused,
        })
    }
}

/// What a step takes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// From one to the next.
    pub time: Duration,
    /// Multiplications in matrix products, forward and backward: those that are done, by the chosen experts alone, once a
    /// patch where there are patches, and again what is computed again.
    pub multiplications: u64,
}

impl Step {
    /// Operations a second, a product and a sum for each multiplication.
    pub fn operations(&self) -> f64 {
        2.0 * self.multiplications as f64 / self.time.as_secs_f64()
    }
}

/// A step on made-up data, of which one is done before. Where a step has more parts than there are threads, only
/// that many are done, and what all of them take follows from that.
pub fn measure_step(mut config: Config, threads: usize) -> Result<Step, TrainError> {
    // A step's parts are equal, so that as many as there are threads tell what all take.
    let t = &mut config.training;
    let lanes = t.lanes / t.parts;
    let measured = t.parts.min(threads.max(1));
    let rounds = t.parts.div_ceil(measured) * t.accumulate;
    (t.parts, t.lanes, t.accumulate) = (measured, lanes * measured, 1);

    config.validation = None;
    // What another predictor says costs no time worth counting.
    config.prior = None;
    config.sources = vec![SourceConfig::of("made-up".to_owned())];
    let mut random = Random::new(config.seed, 3);
    let bytes = (0..DATA).map(|_| b"etaoin shrdlu.\n\x00\x80"[random.below(17)]);
    let source = Source::new(bytes.collect(), &config.sources[0], 0.0, &mut random)?;
    let feeder = Feeder::of(&config, vec![source]);
    let mut trainer = Trainer::reading(config, feeder);
    trainer.advance(threads)?;
    let (begun, counted) = (Instant::now(), multiplications());
    let passed = trainer.pass_all(threads)?;
    let (passes, of_passes) = (begun.elapsed(), multiplications() - counted);
    trainer.learn(passed);
    let learning = begun.elapsed() - passes;
    let of_learning = multiplications() - counted - of_passes;
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    Ok(Step {
        time: passes.saturating_mul(rounds).saturating_add(learning),
        multiplications: of_passes * u64::from(rounds) + of_learning,
    })
}

/// Operations a second that `threads` threads reach in large matrix products alone: what a step can be held against.
pub fn peak(threads: usize) -> f64 {
    const SIDE: usize = 512;
    const ENOUGH: Duration = Duration::from_millis(300);
    let values: Vec<f32> = (0..SIDE * SIDE).map(|i| (i % 251) as f32 - 125.0).collect();
    let worker = || {
        let mut out = vec![0.0; SIDE * SIDE];
        let mut times = 0;
        let begun = Instant::now();
        while begun.elapsed() < ENOUGH {
            matmul(&mut out, &values, &values, SIDE, SIDE, false);
            times += 1;
        }
        f64::from(times) * 2.0 * (SIDE as f64).powi(3) / begun.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mine = worker();
        let others = others.into_iter().map(|other| other.join().unwrap_or(0.0));
        mine + others.sum::<f64>()
    })
}

/// Why `umoec` will not load the model in `file`, if so: it allows less than the trainer.
pub fn refusal(file: &[u8]) -> Option<String> {
    let loaded = StepModel::load(file, &ModelLimits::default());
    loaded.err().map(|error| error.to_string())
}

/// Elements of constants that one step of one lane reads: a table counts with the rows that are
/// gathered from it.
fn active(graph: &Graph) -> u64 {
    let size = |id: usize| graph.values[id].shape.elements().unwrap_or(0);
    let read = |id: usize| {
        let readers = graph.nodes.iter().filter(|node| node.inputs.contains(&id));
        let sizes = readers.map(|node| match node.op {
            Op::Gather { .. } | Op::GatherElements { .. } if node.inputs[0] == id => {
                size(node.outputs[0]).min(size(id))
            }
            _ => size(id),
        });
        sizes.max()
    };
    let constants = (0..graph.values.len()).filter(|&id| graph.values[id].constant.is_some());
    let sizes = constants.filter_map(|id| {
        // Weights in bytes go through a Cast first.
        let mut readers = graph.nodes.iter().filter(|node| node.inputs.contains(&id));
        let cast = readers.find(|node| matches!(node.op, Op::Cast(_)));
        read(cast.map_or(id, |node| node.outputs[0]))
    });
    sizes.map(|size| size as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn what_is_no_model_is_refused_with_a_reason() {
        assert!(refusal(b"no model").is_some_and(|why| why.contains("ONNX")));
    }
}
