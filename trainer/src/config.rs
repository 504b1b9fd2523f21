//! Configurations: one TOML file says all that decides a model, save the data's bytes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::suggest::fault;

mod attention;
mod gru;
mod model;
mod prior;

pub use attention::AttentionConfig;
pub use gru::GruConfig;
pub(crate) use model::exit_weight;
pub use model::{
    AdalnConfig, BlockConfig, Mamba2Config, MixerConfig, MlpConfig, ModConfig, ModelConfig,
    MoeConfig, PatchConfig, TableConfig,
};
pub use prior::PriorConfig;

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
    /// What it is evaluated on while it is trained.
    #[serde(default)]
    pub validation: Option<ValidationConfig>,
    /// What it is to stand beside, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<PriorConfig>,
    /// What it is trained on; without any, all files of the data folder
    /// ([`fill_sources`](crate::data::fill_sources)).
    #[serde(default)]
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
    /// Steps of falling rate at the end; a cosine falls from the rise's end on and has none.
    #[serde(default)]
    pub decay: u64,
    /// How the rate falls.
    #[serde(default)]
    pub schedule: Schedule,
    /// Passes whose gradients are averaged for one step.
    #[serde(default = "one")]
    pub accumulate: usize,
    /// Highest rate of the dense parameters.
    pub rate: f32,
    /// What moves the matrices between layers.
    #[serde(default)]
    pub optimiser: Optimiser,
    /// Share of themselves that the matrices lose in a step at rate 1, whatever the gradient.
    #[serde(default)]
    pub weight_decay: f32,
    /// Highest rate of the tables.
    pub table_rate: f32,
    /// What a value of a row costs in each step, in binary orders per byte for each whole that it is off zero: those that are not worth it
    /// become zero, and the file smaller where it is compressed.
    #[serde(default)]
    pub table_cost: f32,
    /// What the sums of squared gradients begin with where the run begins with a model's file, which does not hold them. The
    /// greater, the less a row moves when it is first read. With a `table_cost`, rows whose sums are not above it count as never read, and are not drawn.
    #[serde(default)]
    pub table_squares: f32,
    /// Share of the streams, by chance, in which memories are silent, so that the network does without them as well
    /// ([`without_memories`](crate::checkpoint::Trained::without_memories)).
    #[serde(default)]
    pub memory_drop: f64,
    /// Activation checkpointing: less memory, a third more work, the same result.
    #[serde(default)]
    pub recompute: bool,
    /// For a run that begins with another network: the block there that each block takes over, -1 for those that begin
    /// anew. Empty where both networks are the same.
    #[serde(default)]
    pub grow: Vec<i64>,
}

impl TrainingConfig {
    /// Bytes read for one step.
    pub fn bytes_per_step(&self) -> usize {
        self.lanes * self.stretch * self.accumulate
    }

    /// Steps before the rate begins to fall.
    pub fn level(&self) -> u64 {
        match self.schedule {
            Schedule::LevelThenStraight => self.steps.saturating_sub(self.decay),
            Schedule::Cosine => self.warmup.min(self.steps),
        }
    }
}

/// What moves the matrices between layers. The rest is moved by Adam in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Steps that are orthogonal matrices (Jordan et al. 2024).
    #[default]
    Muon,
    /// Steps of about the same size for every weight (Loshchilov and Hutter 2019).
    Adamw,
}

/// How the rate changes after its rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Level, then `decay` steps of straight fall to zero (Hu et al. 2024, "MiniCPM", calls it
    /// warm-up, stable, decay).
    #[default]
    LevelThenStraight,
    /// Half a cosine down to zero (Loshchilov and Hutter 2017).
    Cosine,
}

/// How the network is evaluated while it is trained, on data that it is never trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationConfig {
    /// Steps between evaluations.
    pub every: u64,
    /// Evaluations without a gain before the run stops; 0: it never does.
    #[serde(default)]
    pub patience: u64,
    /// Share of each source's streams that is kept for evaluation.
    #[serde(default)]
    pub share: f64,
    /// Files below the data folder that are kept for evaluation whole.
    #[serde(default)]
    pub files: Vec<String>,
    /// Bytes of each source or file that one evaluation reads, to the end of a stream.
    #[serde(default = "read")]
    pub bytes: usize,
}

fn one() -> usize {
    1
}

fn read() -> usize {
    65_536
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

impl SourceConfig {
    /// The file at `path`, an archive by its name alone.
    pub fn of(path: String) -> Self {
        let kind = if path.ends_with(".tar") {
            SourceKind::Tar
        } else {
            SourceKind::Bytes
        };
        Self {
            path,
            weight: 1.0,
            kind,
            piece: piece(),
        }
    }
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
        let text = std::fs::read_to_string(path).map_err(TrainError::file(path))?;
        let config: Self = toml::from_str(&text).map_err(|error| fault(path, &text, &error))?;
        config.check()?;
        Ok(config)
    }

    /// Paths of all files that are read: sources, files of the validation, and what another predictor says of each.
    pub fn data_files(&self) -> impl Iterator<Item = String> {
        let sources = self.sources.iter().map(|source| &source.path);
        let files = self.validation.iter().flat_map(|v| &v.files);
        let files = sources.chain(files);
        let suffix = self.prior.iter().map(|prior| &prior.suffix);
        let priors = suffix.flat_map({
            let files = files.clone();
            move |suffix| files.clone().map(move |file| format!("{file}{suffix}"))
        });
        files.cloned().chain(priors)
    }

    /// Refuses sizes that no network or run can have.
    pub fn check(&self) -> Result<(), TrainError> {
        let t = &self.training;
        let rules = [
            (
                t.lanes > 0 && t.parts > 0 && t.lanes.is_multiple_of(t.parts.max(1)),
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
            (
                t.table_cost >= 0.0 && t.table_squares >= 0.0,
                "training: table_cost or table_squares is negative",
            ),
            (
                (0.0..1.0).contains(&(t.rate * t.weight_decay)),
                "training: rate times weight_decay is not in 0 to 1",
            ),
            (
                (0.0..=1.0).contains(&t.memory_drop),
                "training: memory_drop is not in 0..=1",
            ),
            (
                t.memory_drop == 0.0 || self.model.tables.iter().any(TableConfig::is_memory),
                "training: memory_drop is set, and no table is a memory",
            ),
            (t.accumulate > 0, "training: accumulate is 0"),
            (
                self.validation.as_ref().is_none_or(|v| v.every > 0),
                "validation: every is 0",
            ),
            (
                self.validation
                    .as_ref()
                    .is_none_or(|v| (0.0..=0.5).contains(&v.share) && v.bytes > 0),
                "validation: share is not in 0..=0.5, or bytes is 0",
            ),
            (
                self.validation
                    .as_ref()
                    .is_none_or(|v| v.share > 0.0 || !v.files.is_empty()),
                "validation: neither share nor files says what is held out",
            ),
            (
                self.validation
                    .iter()
                    .flat_map(|v| &v.files)
                    .all(|file| self.sources.iter().all(|s| s.path != *file)),
                "validation: a file is a source as well, so it would be trained on",
            ),
            (
                self.prior
                    .as_ref()
                    .is_none_or(|p| (0.0..=1.0).contains(&p.own)),
                "prior: own is not in 0..=1",
            ),
            (
                self.prior
                    .as_ref()
                    .is_none_or(|p| !p.suffix.is_empty() && !p.suffix.contains(['/', '\\'])),
                "prior: suffix is empty or names a folder",
            ),
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
