//! Checkpoints: everything a run needs to go on as if it had never stopped.
//!
//! A line of JSON (configuration, step, data position, lengths), then all values as
//! little-endian `f32`, then their BLAKE3 hash.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::beside::Balance;
use crate::config::Config;
use crate::data::FeederState;
use crate::error::TrainError;
use crate::random::Random;
use crate::tables::Tables;
use crate::trainer::{Trainer, initial_parameters};
use crate::validate::Progress;

#[derive(Serialize, Deserialize)]
struct Header {
    config: Config,
    step: u64,
    feeder: FeederState,
    /// BLAKE3 of each file of the data; checkpoints of the first version have none.
    #[serde(default)]
    data: Vec<String>,
    #[serde(default)]
    progress: Progress,
    /// What the network began with, if it was another's.
    #[serde(default)]
    init: Option<String>,
}

fn foreign(what: impl ToString) -> TrainError {
    TrainError::Foreign(what.to_string())
}

fn damaged(what: &str) -> TrainError {
    TrainError::Damaged(what.to_owned())
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
        all.push(&mut self.balance.weights);
        all.push(&mut self.balance.moments.first);
        all.push(&mut self.balance.moments.second);
        all
    }

    /// Writes a checkpoint, replacing the file in one move: whatever fails, the file that was
    /// there is there still.
    pub fn save(&mut self, path: &Path) -> Result<(), TrainError> {
        let header = Header {
            config: self.config.clone(),
            step: self.step,
            feeder: self.feeder.state().clone(),
            data: self.feeder.digests(),
            progress: self.progress.clone(),
            init: self.init.clone(),
        };
        let mut bytes = serde_json::to_vec(&header).map_err(foreign)?;
        bytes.push(b'\n');
        for vector in self.vectors() {
            bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(blake3::hash(&bytes).as_bytes());
        write_whole(path, &bytes).map_err(|source| TrainError::Save {
            step: self.step,
            kept: path.is_file(),
            source: Box::new(source),
        })
    }

    /// Goes on from a checkpoint. Only the length of the run and of its decay may differ from
    /// the configuration it was written with, and only while the rate has not begun to fall; and
    /// how often the run is evaluated, and its patience.
    pub fn load(config: Config, folder: &Path, path: &Path) -> Result<Self, TrainError> {
        let bytes = fs::read(path).map_err(TrainError::file(path))?;
        let (header, body) = parse(&bytes)?;
        let (was, now) = (&header.config.training, &config.training);
        let mut same = header.config.clone();
        if header.step <= was.level().min(now.level()) {
            (same.training.steps, same.training.decay) = (now.steps, now.decay);
        }
        if let (Some(was), Some(now)) = (&mut same.validation, &config.validation) {
            (was.every, was.patience) = (now.every, now.patience);
        }
        if let Some(difference) = difference(&same, &config) {
            return Err(TrainError::Checkpoint(format!(
                "it belongs to another configuration: {difference}"
            )));
        }
        let mut trainer = Self::new(config, folder)?;
        let mut values = body
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&b| f32::from_le_bytes(b));
        if trainer.vectors().iter().map(|v| v.len()).sum::<usize>() * 4 != body.len() {
            return Err(foreign(
                "it has another length than its configuration asks for",
            ));
        }
        for vector in trainer.vectors() {
            for (to, from) in vector.iter_mut().zip(&mut values) {
                *to = from;
            }
        }
        trainer.step = header.step;
        (trainer.progress, trainer.init) = (header.progress, header.init);
        let digests = trainer.feeder.digests();
        let changed = digests.iter().zip(&header.data).position(|(a, b)| a != b);
        if let Some(file) = changed.and_then(|at| trainer.config.data_files().nth(at)) {
            return Err(TrainError::Checkpoint(format!(
                "{file} is not the file that it was trained on"
            )));
        }
        trainer.feeder.restore(header.feeder)?;
        Ok(trainer)
    }
}

/// Name of the file beside `path` that is written first.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Writes `bytes` beside `path`, brings them to the disk and moves them there.
///
/// # Errors
///
/// What the system says; nothing half-written is left behind.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let beside = beside(path);
    let write = || {
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    let moved = write()
        .map_err(TrainError::file(&beside))
        .and_then(|()| fs::rename(&beside, path).map_err(TrainError::file(path)));
    if moved.is_err() {
        // What failed is reported already; this only tidies up.
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// The first key in which two configurations differ, in words.
fn difference(was: &Config, now: &Config) -> Option<String> {
    let [was, now] = [was, now].map(|config| serde_json::to_value(config).ok());
    let (was, now) = (was?, now?);
    first_difference("", &was, &now)
}

fn first_difference(key: &str, was: &Value, now: &Value) -> Option<String> {
    if was == now {
        return None;
    }
    let below = |name: &str| {
        let dot = if key.is_empty() { "" } else { "." };
        format!("{key}{dot}{name}")
    };
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => was.keys().chain(now.keys()).find_map(|k| {
            let [was, now] = [was, now].map(|all| all.get(k).unwrap_or(&Value::Null));
            first_difference(&below(k), was, now)
        }),
        (Value::Array(was), Value::Array(now)) if was.len() == now.len() => {
            let pairs = was.iter().zip(now).enumerate();
            let mut differences = pairs
                .filter_map(|(i, (was, now))| first_difference(&below(&i.to_string()), was, now));
            differences.next()
        }
        (Value::Array(was), Value::Array(now)) => Some(format!(
            "{key} had {} entries and has {}",
            was.len(),
            now.len()
        )),
        _ => Some(format!("{key} was {was} and is {now}")),
    }
}

fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), TrainError> {
    let (content, hash) = bytes
        .split_last_chunk::<32>()
        .filter(|_| bytes.starts_with(b"{"))
        .ok_or_else(|| foreign("it is no checkpoint, or cut"))?;
    if blake3::hash(content).as_bytes() != hash {
        return Err(damaged("its hash is not that of its content"));
    }
    let end = content
        .iter()
        .position(|&b| b == b'\n')
        .ok_or_else(|| foreign("it has no header"))?;
    let header: Header = serde_json::from_slice(&content[..end]).map_err(foreign)?;
    header.config.check().map_err(foreign)?;
    Ok((header, &content[end + 1..]))
}

/// A network as it was at a checkpoint, without the run around it.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The run's configuration.
    pub config: Config,
    /// Flat parameters of each layer.
    pub parameters: Vec<Vec<f32>>,
    /// The n-gram tables.
    pub tables: Tables,
    /// Steps done.
    pub step: u64,
    /// File and hash of the network that training began with, if it was another's.
    pub init: Option<String>,
    /// How far it and what it was trained beside are believed.
    pub balance: Balance,
}

impl Trained {
    /// Reads the network of a checkpoint; needs no data.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        Self::parse(&fs::read(path).map_err(TrainError::file(path))?)
    }

    /// As [`Self::load`], of a file in memory.
    pub fn parse(file: &[u8]) -> Result<Self, TrainError> {
        let (header, body) = parse(file)?;
        let mut trained = Self::initial(header.config);
        (trained.step, trained.init) = (header.step, header.init);
        let dense: usize = trained.parameters.iter().map(Vec::len).sum();
        if body.len() < 4 * (3 * dense + 2 * trained.tables.values.len()) {
            return Err(foreign(
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
        // The balance and its two moments stand at the end.
        let weights = &mut trained.balance.weights;
        let last = body.len().checked_sub(12 * weights.len());
        let last = last.and_then(|at| body.get(at..)).unwrap_or_default();
        for (to, &from) in weights.iter_mut().zip(last.as_chunks::<4>().0) {
            *to = f32::from_le_bytes(from);
        }
        Ok(trained)
    }

    /// A network before training.
    pub fn initial(config: Config) -> Self {
        let (parameters, _) = initial_parameters(&config);
        let tables = Tables::new(&config.model, &mut Random::new(config.seed, 2));
        Self {
            balance: Balance::new(config.prior.as_ref()),
            config,
            parameters,
            tables,
            step: 0,
            init: None,
        }
    }
}
