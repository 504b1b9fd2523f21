//! From trained weights to an exact step graph (spec numerics).

mod conditions;
mod context;
mod exits;
mod writer;

pub use writer::{STREAM, Writer};

use std::collections::BTreeSet;

use umoec_exact::build::{ModelCard, seal};
use umoec_exact::{ExactError, ModelLimits};

use crate::checkpoint::Trained;
use crate::data::Stretch;
use crate::network::{initial_states, layers};

/// What a model made here may ask for: more than a codec grants to whatever file it is handed, whose memory the model would
/// take.
pub const fn limits() -> ModelLimits {
    ModelLimits {
        file_bytes: 1 << 29,
        fields: 1 << 18,
        nodes: 1 << 14,
        tensor_elements: 1 << 27,
        elements: 1 << 29,
        operations: 1 << 34,
    }
}

/// Bytes that every backend runs when it opens the model.
const SELF_TEST: &[u8] =
    b"\0The quick brown fox jumps over 13 lazy dogs.\n{\"id\": 7, \"\xc3\xa9\": [0.5]}\n\xff\x00";

/// In a sentence: what a network was trained on.
pub fn training_summary(trained: &Trained) -> String {
    let (config, step) = (&trained.config, trained.step);
    let bytes = step * config.training.bytes_per_step() as u64;
    let families = config
        .sources
        .iter()
        .filter_map(|source| source.path.split('/').next());
    let families: BTreeSet<&str> = families.collect();
    let families = families.into_iter().collect::<Vec<_>>().join(", ");
    let init = trained.init.as_ref();
    let init = init.map_or_else(String::new, |init| format!("; begun with {init}"));
    format!(
        "{bytes} bytes of {families}; seed {}, {step} steps{init}",
        config.seed
    )
}

/// The ONNX file of a trained network, proved exact and with its self-test.
///
/// # Errors
///
/// What the verifier finds wrong with the graph.
pub fn export(trained: &Trained) -> Result<Vec<u8>, ExactError> {
    seal(&unsealed(trained), &limits(), SELF_TEST)
}

/// As [`export`], neither proved nor with a self-test.
pub fn unsealed(trained: &Trained) -> Vec<u8> {
    let config = &trained.config;
    let card = ModelCard {
        name: config.name.clone(),
        version: config.version.clone(),
        licence: config.licence.clone(),
        context: 0,
        training: training_summary(trained),
    };
    let mut writer = Writer::new(&card);
    let model = &config.model;
    let mut x = context::rows(&mut writer, model, &trained.tables);
    let told = conditions::told(&mut writer, model.conditions, !model.hasty.is_empty());
    writer.features = told.features.unwrap_or_default();
    let mut exits = told.haste.map(exits::Exits::new);
    let layers = layers(model, &Stretch::default(), initial_states(model, 1));
    for (index, (layer, parameters)) in layers.iter().zip(&trained.parameters).enumerate() {
        writer.prefix = format!("{index}.");
        x = layer.export(&mut writer, &x, parameters);
        // The first layer is the embedding.
        if let (Some(exits), true) = (&mut exits, model.hasty.contains(&index.wrapping_sub(1))) {
            exits.add(&mut writer, &x, model.width, parameters);
        }
    }
    if let Some(exits) = exits {
        x = exits.choose(&mut writer, x);
    }
    writer.graph.output("logits", &x, &[256]);
    writer.finish()
}
