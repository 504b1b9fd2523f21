//! Bits that a network spends on streams: by the training's own arithmetic, with or without its
//! rounding, and by the exported graph in integers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use umoec_exact::condition::told;
use umoec_exact::reference::Reference;
use umoec_exact::softmax::cumulative;
use umoec_exact::{ExactError, Fused, StepModel, Stepper};

use crate::beside::Balance;
use crate::checkpoint::Trained;
use crate::conditions::Observed;
use crate::config::ModelConfig;
use crate::data::{Passage, Stretch};
use crate::error::TrainError;
use crate::network::{Losses, initial_states, loss};
use crate::recall::Contexts;
use crate::tables::Tables;

/// Bytes per pass.
const PASS: usize = 4096;

/// Most lanes of the fused engine.
const LANES: usize = 16;

/// What a network consists of.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a> {
    /// Its sizes.
    pub model: &'a ModelConfig,
    /// Flat parameters of each layer.
    pub parameters: &'a [Vec<f32>],
    /// The n-gram tables.
    pub tables: &'a Tables,
}

impl Network<'_> {
    /// Bits that the network spends on each of `streams`, each from the initial state, summed.
    pub fn bits(&self, streams: &[&[u8]]) -> Result<f64, TrainError> {
        let streams = streams.iter().map(|&bytes| Passage { bytes, prior: &[] });
        let streams: Vec<_> = streams.collect();
        Ok(self.spend(&streams, &Balance::new(None))?.alone)
    }

    /// As [`Self::bits`], alone and together with the predictor whose opinions `streams` have.
    pub fn spend(&self, streams: &[Passage<'_>], balance: &Balance) -> Result<Losses, TrainError> {
        let mut states = initial_states(self.model, 1);
        let mut stretch = Stretch::default();
        let mut contexts = Contexts::new(&self.model.tables);
        let (mut alone, mut together) = (0.0, None);
        let mut flush = |stretch: &mut Stretch| -> Result<(), TrainError> {
            if !stretch.bytes.is_empty() {
                let rows = self.tables.gather(&stretch.rows);
                balance.weigh(&mut stretch.beside);
                let mean = loss(self.model, self.parameters, stretch, rows, &mut states)?;
                let bytes = stretch.bytes.len() as f64;
                alone += mean.alone * bytes;
                if let Some(mean) = mean.together {
                    *together.get_or_insert(0.0) += mean * bytes;
                }
                *stretch = Stretch::default();
            }
            Ok(())
        };
        for stream in streams {
            contexts.clear();
            let mut observed = Observed::new(self.model.conditions, stream.bytes);
            let mut last = 0;
            for (at, &byte) in stream.bytes.iter().enumerate() {
                contexts.push(last);
                stretch.bytes.push(last);
                stretch.targets.push(byte);
                stretch.starts.push(at == 0);
                stretch.rows.extend(contexts.rows());
                observed.next(last, &mut stretch.conditions);
                let opinions = stream.prior.iter().skip(8 * at).take(8);
                stretch.beside.opinions.extend(opinions);
                last = byte;
                if stretch.bytes.len() == PASS {
                    flush(&mut stretch)?;
                }
            }
        }
        flush(&mut stretch)?;
        Ok(Losses { alone, together })
    }
}

/// As [`Network::bits`], of a checkpoint's network.
pub fn bits(trained: &Trained, streams: &[&[u8]]) -> Result<f64, TrainError> {
    let network = Network {
        model: &trained.config.model,
        parameters: &trained.parameters,
        tables: &trained.tables,
    };
    network.bits(streams)
}

/// Bits that a checkpoint's network spends on `stream` together with what it was trained beside.
///
/// # Errors
///
/// It was trained beside nothing, or nothing is known of `stream`.
pub fn together(trained: &Trained, stream: Passage<'_>) -> Result<f64, TrainError> {
    let network = Network {
        model: &trained.config.model,
        parameters: &trained.parameters,
        tables: &trained.tables,
    };
    let losses = network.spend(&[stream], &trained.balance)?;
    losses
        .together
        .filter(|_| trained.config.prior.is_some())
        .ok_or_else(|| TrainError::Usage("the network was trained beside nothing".into()))
}

/// Bits that the exported graph, run by the fused engine, spends on each of `streams`, each from
/// the initial state. The distribution is that which a coder is given, so these are the bits of
/// a compressed file but for its container. A model with early exits is told this `haste`.
pub fn exact_bits(
    model: &Arc<StepModel>,
    streams: &[&[u8]],
    haste: u8,
    threads: usize,
) -> Result<Vec<f64>, TrainError> {
    // Streams of like lengths side by side, so that few lanes idle.
    let mut order: Vec<usize> = (0..streams.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(streams[i].len()));
    let threads = threads.max(1);
    let lanes = streams.len().div_ceil(threads).clamp(1, LANES);
    let fused = Fused::new(Arc::clone(model), lanes)?;
    let groups: Vec<&[usize]> = order.chunks(lanes).collect();
    let done = spread(threads, &groups, |group| {
        let streams: Vec<&[u8]> = group.iter().map(|&i| streams[i]).collect();
        Ok(lockstep(&mut fused.start(), model, &streams, haste)?)
    })?;
    let mut bits = vec![0.0; streams.len()];
    for (&at, spent) in order.iter().zip(done.iter().flatten()) {
        bits[at] = *spent;
    }
    Ok(bits)
}

/// As [`exact_bits`] without haste, summed and by the reference, the slow truth that the engine is held to.
pub fn graph_bits(model: &Arc<StepModel>, streams: &[&[u8]]) -> Result<f64, ExactError> {
    let mut stepper = Reference::new(Arc::clone(model), streams.len())?;
    Ok(lockstep(&mut stepper, model, streams, 0)?.iter().sum())
}

/// Bits of each of `streams`, one lane each, at most as many as `stepper` has; where the model has early exits it is told this
/// `haste`.
fn lockstep(
    stepper: &mut dyn Stepper,
    model: &StepModel,
    streams: &[&[u8]],
    haste: u8,
) -> Result<Vec<f64>, ExactError> {
    let lanes = stepper.lanes();
    if let Some(condition) = &model.interface().condition {
        let stream = |lane: usize| streams.get(lane).copied().unwrap_or_default();
        let told = |lane| told(condition.size, stream(lane), haste).unwrap_or_default();
        let all: Vec<i32> = (0..lanes).flat_map(told).map(i32::from).collect();
        stepper.set_condition(&all)?;
    }
    let longest = streams.iter().map(|stream| stream.len()).max().unwrap_or(0);
    let mut last = vec![model.interface().start; lanes];
    let mut logits = vec![0; lanes * 256];
    let mut bits = vec![0.0; streams.len()];
    for at in 0..longest {
        stepper.step(&last, &mut logits)?;
        let logits = logits.as_chunks::<256>().0.iter().zip(&mut last);
        for ((stream, bits), (logits, last)) in streams.iter().zip(&mut bits).zip(logits) {
            if let Some(&byte) = stream.get(at) {
                let size = cumulative(logits).interval(byte).size;
                *bits += 16.0 - f64::from(size).log2();
                *last = byte;
            }
        }
    }
    Ok(bits)
}

/// `work` on each of `items` by up to `threads` threads; results in the order of the items.
pub fn spread<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R, TrainError> + Sync,
) -> Result<Vec<R>, TrainError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            done.push((at, work(item)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let others = 1..threads.min(items.len());
        let others: Vec<_> = others.map(|_| scope.spawn(worker)).collect();
        let mut done = worker();
        for other in others {
            done.extend(other.join().unwrap_or_default());
        }
        done
    });
    if done.len() < items.len() {
        return Err(TrainError::Tensor("a worker stopped".to_owned()));
    }
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
