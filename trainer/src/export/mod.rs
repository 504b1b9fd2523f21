//! From trained weights to an exact step graph (spec numerics).

mod context;
mod writer;

pub use writer::{STREAM, Writer};

use umoec_exact::build::ModelCard;

use crate::config::Config;
use crate::data::Stretch;
use crate::network::{initial_states, layers};
use crate::tables::Tables;

/// The ONNX file of a trained network. `training` says in a sentence what it was trained on;
/// `metadata` holds further entries.
pub fn export(
    config: &Config,
    parameters: &[Vec<f32>],
    tables: &Tables,
    training: &str,
    metadata: &[(&str, &str)],
) -> Vec<u8> {
    let card = ModelCard {
        name: config.name.clone(),
        version: config.version.clone(),
        licence: config.licence.clone(),
        context: 0,
        training: training.to_owned(),
    };
    let mut writer = Writer::new(&card);
    for (key, value) in metadata {
        writer.graph.metadata(key, value);
    }
    let model = &config.model;
    let mut x = context::rows(&mut writer, model, tables);
    let layers = layers(model, &Stretch::default(), initial_states(model, 1));
    for (index, (layer, parameters)) in layers.iter().zip(parameters).enumerate() {
        writer.prefix = format!("{index}.");
        x = layer.layer().export(&mut writer, &x, parameters);
    }
    writer.graph.output("logits", &x, &[256]);
    writer.finish()
}
