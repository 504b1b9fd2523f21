//! Evaluation: by the training's own arithmetic, and by the exported graph in integers.

use std::sync::Arc;

use umoec_exact::condition::statistics;
use umoec_exact::reference::Reference;
use umoec_exact::softmax::cumulative;
use umoec_exact::{ExactError, StepModel, Stepper};

use crate::checkpoint::Trained;
use crate::conditions::Observed;
use crate::context::History;
use crate::data::Stretch;
use crate::error::TrainError;
use crate::network::{initial_states, loss};

/// Bytes per pass.
const PASS: usize = 4096;

/// Bits that the network spends on each of `streams`, each from the initial state.
pub fn bits(trained: &Trained, streams: &[&[u8]]) -> Result<f64, TrainError> {
    let (model, tables) = (&trained.config.model, &trained.tables);
    let mut states = initial_states(model, 1);
    let mut stretch = Stretch::default();
    let mut total = 0.0;
    let mut flush = |stretch: &mut Stretch| -> Result<(), TrainError> {
        if !stretch.bytes.is_empty() {
            let rows = tables.gather(&stretch.rows);
            let mean = loss(model, &trained.parameters, stretch, rows, &mut states)?;
            total += mean * stretch.bytes.len() as f64;
            *stretch = Stretch::default();
        }
        Ok(())
    };
    for stream in streams {
        let mut history = History::default();
        let mut observed = Observed::new(model.conditions, stream);
        let mut last = 0;
        for (at, &byte) in stream.iter().enumerate() {
            history.push(last);
            stretch.bytes.push(last);
            stretch.targets.push(byte);
            stretch.starts.push(at == 0);
            stretch.rows.extend(
                model
                    .tables
                    .iter()
                    .map(|t| history.row(t.context, 1 << t.bits)),
            );
            observed.next(last, &mut stretch.conditions);
            last = byte;
            if stretch.bytes.len() == PASS {
                flush(&mut stretch)?;
            }
        }
    }
    flush(&mut stretch)?;
    Ok(total)
}

/// Bits that the exported graph, run by the reference, spends on `streams`, each from the
/// initial state; the distribution is that which a coder is given. All streams run side by
/// side, one lane each.
pub fn graph_bits(model: &Arc<StepModel>, streams: &[&[u8]]) -> Result<f64, ExactError> {
    let mut stepper = Reference::new(Arc::clone(model), streams.len())?;
    if model.interface().condition.is_some() {
        let all = streams.iter().flat_map(|stream| statistics(stream));
        stepper.set_condition(&all.map(i32::from).collect::<Vec<_>>())?;
    }
    let longest = streams.iter().map(|stream| stream.len()).max().unwrap_or(0);
    let mut last = vec![model.interface().start; streams.len()];
    let mut logits = vec![0; streams.len() * 256];
    let mut bits = 0.0;
    for at in 0..longest {
        stepper.step(&last, &mut logits)?;
        for (lane, logits) in logits.as_chunks::<256>().0.iter().enumerate() {
            if let Some(&byte) = streams[lane].get(at) {
                let size = cumulative(logits).interval(byte).size;
                bits += 16.0 - f64::from(size).log2();
                last[lane] = byte;
            }
        }
    }
    Ok(bits)
}
