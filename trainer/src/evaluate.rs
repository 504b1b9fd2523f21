//! Evaluation by the training's own arithmetic.

use crate::config::ModelConfig;
use crate::context::History;
use crate::data::Stretch;
use crate::error::TrainError;
use crate::network::{initial_states, loss};
use crate::tables::Tables;

/// Bytes per pass.
const PASS: usize = 4096;

/// Bits that the network spends on each of `streams`, each from the initial state.
pub fn bits(
    model: &ModelConfig,
    parameters: &[Vec<f32>],
    tables: &Tables,
    streams: &[&[u8]],
) -> Result<f64, TrainError> {
    let mut states = initial_states(model, 1);
    let mut stretch = Stretch::default();
    let mut total = 0.0;
    let mut flush = |stretch: &mut Stretch| -> Result<(), TrainError> {
        if !stretch.bytes.is_empty() {
            let rows = tables.gather(&stretch.rows);
            let mean = loss(model, parameters, stretch, rows, &mut states)?;
            total += mean * stretch.bytes.len() as f64;
            *stretch = Stretch::default();
        }
        Ok(())
    };
    for stream in streams {
        let mut history = History::default();
        let mut last = 0;
        for (at, &byte) in stream.iter().enumerate() {
            history.push(last);
            stretch.bytes.push(last);
            stretch.targets.push(byte);
            stretch.starts.push(at == 0);
            stretch.rows.extend(model.tables.iter().map(|t| history.row(t.context, 1 << t.bits)));
            last = byte;
            if stretch.bytes.len() == PASS {
                flush(&mut stretch)?;
            }
        }
    }
    flush(&mut stretch)?;
    Ok(total)
}
