//! Configurations: one TOML file says all that decides a model, save the data's bytes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::TrainError;

mod model;

pub use model::{BlockConfig, MixerConfig, MlpConfig, ModelConfig, PatchConfig, TableConfig};

/// A whole configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the model.
    pub name: String,
    /// Version of the model.
    pub version: String,
    /// Licence of the model, SPDX.
    pub licence: String,
    /// Seed of all that is random.
    pub seed: u64,
    /// Sizes of the network.
    pub model: ModelConfig,
    /// How it is trained.
    pub training: TrainingConfig,
    /// What it is trained on.
    pub sources: Vec<SourceConfig>,
}

/// How the network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Streams read side by side.
    pub lanes: usize,
    /// Parts a step's lanes are divided in; each is one pass of the network on one thread.
    pub parts: usize,
    /// Bytes each lane advances in a step; gradients reach no further back.
    pub stretch: usize,
    /// Steps in all.
    pub steps: u64,
    /// Steps of rising rate at the start.
    pub warmup: u64,
    /// Steps of falling rate at the end.
    pub decay: u64,
    /// Highest rate of the dense parameters.
    pub rate: f32,
    /// Highest rate of the tables.
    pub table_rate: f32,
}

/// How a source's files divide into streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Pieces of a fixed length.
    Bytes,
    /// A tar archive: each member is a stream.
    Tar,
}

/// One file of the training data and its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Path below the data folder.
    pub path: String,
    /// Share of the bytes seen, relative to the other sources.
    pub weight: f64,
    /// How the file divides.
    #[serde(default = "bytes")]
    pub kind: SourceKind,
    /// Longest stream, in bytes.
    #[serde(default = "piece")]
    pub piece: usize,
}

fn bytes() -> SourceKind {
    SourceKind::Bytes
}

fn piece() -> usize {
    16_384
}

impl Config {
    /// Reads and checks a configuration.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let text = std::fs::read_to_string(path).map_err(|source| TrainError::File {
            path: path.to_owned(),
            source,
        })?;
        let config: Self = toml::from_str(&text)
            .map_err(|error| TrainError::Config(format!("{}: {error}", path.display())))?;
        config.check()?;
        Ok(config)
    }

    /// Refuses sizes that no network or run can have.
    pub fn check(&self) -> Result<(), TrainError> {
        let t = &self.training;
        let rules = [
            (
                t.lanes > 0 && t.parts > 0 && t.lanes % t.parts.max(1) == 0,
                "training: parts does not divide lanes",
            ),
            (
                t.stretch > 0 && t.steps > 0,
                "training: stretch or steps is 0",
            ),
            (
                t.warmup + t.decay <= t.steps,
                "training: warmup and decay are longer than the run",
            ),
            (
                t.rate > 0.0 && t.table_rate > 0.0,
                "training: a rate is not positive",
            ),
            (!self.sources.is_empty(), "no sources"),
            (
                self.sources
                    .iter()
                    .all(|s| s.weight > 0.0 && s.weight.is_finite() && s.piece > 0),
                "sources: a weight or piece is not positive",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(TrainError::Config((*rule).to_owned())),
            None => self.model.check().map_err(TrainError::Config),
        }
    }
}
