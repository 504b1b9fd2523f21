//! Checkpoints: everything a run needs to go on as if it had never stopped.
//!
//! A line of JSON (configuration, step, data position, lengths), then all values as
//! little-endian `f32`, then their BLAKE3 hash.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::data::FeederState;
use crate::error::TrainError;
use crate::random::Random;
use crate::tables::Tables;
use crate::trainer::{Trainer, initial_parameters};

#[derive(Serialize, Deserialize)]
struct Header {
    config: Config,
    step: u64,
    feeder: FeederState,
}

fn file_error(path: &Path) -> impl Fn(std::io::Error) -> TrainError + '_ {
    |source| TrainError::File {
        path: path.to_owned(),
        source,
    }
}

fn damaged(what: &str) -> TrainError {
    TrainError::Checkpoint(what.to_owned())
}

impl Trainer {
    fn vectors(&mut self) -> Vec<&mut Vec<f32>> {
        let mut all: Vec<&mut Vec<f32>> = self.parameters.iter_mut().collect();
        for moments in &mut self.moments {
            all.push(&mut moments.first);
            all.push(&mut moments.second);
        }
        all.push(&mut self.tables.values);
        all.push(&mut self.tables.squares);
        all.extend(self.states.iter_mut().flatten());
        all
    }

    /// Writes a checkpoint, replacing the file in one move.
    pub fn save(&mut self, path: &Path) -> Result<(), TrainError> {
        let header = Header {
            config: self.config.clone(),
            step: self.step,
            feeder: self.feeder.state().clone(),
        };
        let mut bytes = serde_json::to_vec(&header).map_err(|error| damaged(&error.to_string()))?;
        bytes.push(b'\n');
        for vector in self.vectors() {
            bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(blake3::hash(&bytes).as_bytes());
        let beside = path.with_extension("part");
        fs::write(&beside, bytes).map_err(file_error(&beside))?;
        fs::rename(&beside, path).map_err(file_error(path))
    }

    /// Goes on from a checkpoint. Only the length of the run and of its decay may differ from
    /// the configuration it was written with, and only while the decay has not begun.
    pub fn load(config: Config, folder: &Path, path: &Path) -> Result<Self, TrainError> {
        let bytes = fs::read(path).map_err(file_error(path))?;
        let (header, body) = parse(&bytes)?;
        let (was, now) = (&header.config.training, &config.training);
        let mut same = header.config.clone();
        same.training.steps = now.steps;
        same.training.decay = now.decay;
        let decays = |training: &crate::config::TrainingConfig| training.steps - training.decay;
        if same != config || (was != now && header.step > decays(was).min(decays(now))) {
            return Err(damaged("it belongs to another configuration"));
        }
        let mut trainer = Self::new(config, folder)?;
        let mut values = body
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&b| f32::from_le_bytes(b));
        if trainer.vectors().iter().map(|v| v.len()).sum::<usize>() * 4 != body.len() {
            return Err(damaged(
                "it has another length than its configuration asks for",
            ));
        }
        for vector in trainer.vectors() {
            for (to, from) in vector.iter_mut().zip(&mut values) {
                *to = from;
            }
        }
        trainer.step = header.step;
        trainer.feeder.restore(header.feeder);
        Ok(trainer)
    }
}

fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), TrainError> {
    let (content, hash) = bytes
        .split_last_chunk::<32>()
        .ok_or_else(|| damaged("it is cut"))?;
    if blake3::hash(content).as_bytes() != hash {
        return Err(damaged("its hash is not that of its content"));
    }
    let end = content
        .iter()
        .position(|&b| b == b'\n')
        .ok_or_else(|| damaged("it has no header"))?;
    let header =
        serde_json::from_slice(&content[..end]).map_err(|error| damaged(&error.to_string()))?;
    Ok((header, &content[end + 1..]))
}

/// A network as it was at a checkpoint, without the run around it.
#[derive(Debug)]
pub struct Trained {
    /// The run's configuration.
    pub config: Config,
    /// Flat parameters of each layer.
    pub parameters: Vec<Vec<f32>>,
    /// The n-gram tables.
    pub tables: Tables,
    /// Steps done.
    pub step: u64,
}

impl Trained {
    /// Reads the network of a checkpoint; needs no data.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let bytes = fs::read(path).map_err(file_error(path))?;
        let (header, body) = parse(&bytes)?;
        let mut trained = Self::initial(header.config);
        trained.step = header.step;
        let dense: usize = trained.parameters.iter().map(Vec::len).sum();
        if body.len() < 4 * (3 * dense + 2 * trained.tables.values.len()) {
            return Err(damaged(
                "it has another length than its configuration asks for",
            ));
        }
        let mut values = body
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&b| f32::from_le_bytes(b));
        for vector in &mut trained.parameters {
            vector
                .iter_mut()
                .zip(&mut values)
                .for_each(|(to, from)| *to = from);
        }
        // The moments of the dense parameters lie between them and the tables.
        let mut values = values.skip(2 * dense);
        for vector in [&mut trained.tables.values, &mut trained.tables.squares] {
            vector
                .iter_mut()
                .zip(&mut values)
                .for_each(|(to, from)| *to = from);
        }
        Ok(trained)
    }

    /// A network before training.
    pub fn initial(config: Config) -> Self {
        let (parameters, _) = initial_parameters(&config);
        let tables = Tables::new(&config.model, &mut Random::new(config.seed, 2));
        Self {
            config,
            parameters,
            tables,
            step: 0,
        }
    }
}
