//! The plugin with backends that are always there: tract and the reference interpreter.

mod backends;
mod hostile;
mod models;
mod pairs;
mod streams;
mod told;

use std::sync::Arc;

use umoec_adapter_bytes as _;
use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, Profile};
use umoec_codec::plugin::{Model, Registry};
use umoec_coder_rans as _;
use umoec_coder_stored as _;
use umoec_exact::{ModelLimits, StepModel};

use crate::sample::{Size, sample};

/// A small model that knows that text is made of letters.
fn tiny() -> Arc<Model> {
    Model::new("tiny", sample("tiny", Size::TINY, 7).unwrap())
}

fn step_model(model: &Model) -> Arc<StepModel> {
    Arc::new(StepModel::load(model.bytes(), &ModelLimits::default()).unwrap())
}

fn text(len: usize) -> Vec<u8> {
    let words =
        b"all happy families resemble one another; each unhappy family is unhappy in its own way. ";
    words.iter().copied().cycle().take(len).collect()
}

/// This plugin, the coder and a plain adapter, with these models.
fn registry(models: &[Arc<Model>]) -> Arc<Registry> {
    let mut registry = Registry::linked().unwrap();
    for model in models {
        registry.models_mut().insert(Arc::clone(model));
    }
    Arc::new(registry)
}

fn options(block_size: usize, settings: &str) -> EncodeOptions {
    EncodeOptions::new(
        Profile::from_toml(&format!(
            "name = 'test'\nblock_size = {block_size}\nmemory = '64 MiB'\n\
             adapter = {{ plugin = 'bytes' }}\ncoder = {{ plugin = 'rans' }}\n\
             [predictor]\nplugin = 'tier1-onnx'\n{settings}\n"
        ))
        .unwrap(),
    )
}

fn decode(file: &[u8], registry: &Arc<Registry>) -> umoec_codec::Result<Vec<u8>> {
    umoec_codec::pipeline::decompress(file, registry, &DecodeOptions::default())
}
