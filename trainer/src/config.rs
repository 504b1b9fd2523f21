//! Configurations: one TOML file says all that decides a model, save the data's bytes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::TrainError;

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

/// One n-gram table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// What its rows stand for.
    pub context: Context,
    /// log2 of the number of rows.
    pub bits: u32,
}

/// Sizes of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Width of the residual stream.
    pub width: usize,
    /// Width of a table's row.
    pub row_width: usize,
    /// The n-gram tables.
    pub tables: Vec<TableConfig>,
    /// Channels of a mixer, all heads together, a multiple of 16.
    pub channels: usize,
    /// Heads of a mixer.
    pub heads: usize,
    /// States per channel.
    pub states: usize,
    /// Hidden units of an MLP.
    pub hidden: usize,
    /// One block (mixer, MLP) each: a gate's unit is 2^-shift, 8 to 12.
    pub shifts: Vec<i32>,
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
        let (m, t) = (&self.model, &self.training);
        let rules = [
            (
                m.width > 0 && m.hidden > 0 && m.row_width > 0,
                "model: a width is 0",
            ),
            (
                m.row_width % 2 == 0,
                "model: row_width is odd, and rows are packed in pairs",
            ),
            (!m.tables.is_empty(), "model: no tables"),
            (
                m.channels > 0 && m.channels % 16 == 0,
                "model: channels is no multiple of 16",
            ),
            (
                m.heads > 0 && m.channels % m.heads.max(1) == 0,
                "model: heads does not divide channels",
            ),
            (
                m.states > 0 && m.states <= 32,
                "model: states is not in 1..=32",
            ),
            (
                m.shifts.iter().all(|s| (8..=12).contains(s)),
                "model: a shift is not in 8..=12",
            ),
            (
                m.tables.iter().all(|table| {
                    (4..=20).contains(&table.bits)
                        && !matches!(table.context, Context::Bytes(n) if !(2..=6).contains(&n))
                }),
                "model: a table has not 2 to 6 bytes, or not 2^4 to 2^20 rows",
            ),
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
            None => Ok(()),
        }
    }
}
