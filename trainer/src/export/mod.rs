//! From trained weights to an exact step graph (spec numerics).

mod context;
mod writer;

pub use writer::{STREAM, Writer};

use umoec_exact::build::{ModelCard, seal};
use umoec_exact::{ExactError, ModelLimits};

use crate::config::Config;
use crate::data::Stretch;
use crate::network::{initial_states, layers};
use crate::tables::Tables;

/// Bytes that every backend runs when it opens the model.
const SELF_TEST: &[u8] = b"\0The quick brown fox jumps over 13 lazy dogs.\n{\"id\": 7, \"\xc3\xa9\": [0.5]}\n\xff\x00";

/// In a sentence: what a configuration is trained on.
pub fn training_summary(config: &Config, step: u64) -> String {
    let bytes = step * (config.training.lanes * config.training.stretch) as u64;
    let mut families: Vec<&str> =
        config.sources.iter().filter_map(|source| source.path.split('/').next()).collect();
    families.dedup();
    format!("{bytes} bytes of {}; seed {}, {step} steps", families.join(", "), config.seed)
}

/// The ONNX file of a trained network, proved exact and with its self-test. `training` says in
/// a sentence what it was trained on.
///
/// # Errors
///
/// What the verifier finds wrong with the graph.
pub fn export(
    config: &Config,
    parameters: &[Vec<f32>],
    tables: &Tables,
    training: &str,
) -> Result<Vec<u8>, ExactError> {
    let card = ModelCard {
        name: config.name.clone(),
        version: config.version.clone(),
        licence: config.licence.clone(),
        context: 0,
        training: training.to_owned(),
    };
    let mut writer = Writer::new(&card);
    let model = &config.model;
    let mut x = context::rows(&mut writer, model, tables);
    let layers = layers(model, &Stretch::default(), initial_states(model, 1));
    for (index, (layer, parameters)) in layers.iter().zip(parameters).enumerate() {
        writer.prefix = format!("{index}.");
        x = layer.layer().export(&mut writer, &x, parameters);
    }
    writer.graph.output("logits", &x, &[256]);
    seal(&writer.finish(), &ModelLimits::default(), SELF_TEST)
}
