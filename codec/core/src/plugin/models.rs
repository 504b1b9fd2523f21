//! Where models are found.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::Model;
use super::model::hex;
use crate::container::ModelHash;
use crate::{Error, Result};

/// The most bytes that a model file may have to be looked at.
const MAX_FILE: u64 = 1 << 32;

/// The models that a program can get at: those it holds, and those in folders.
///
/// A model in a folder is a file `NAME.HASH.onnx`, HASH being 64 hexadecimal digits, or
/// any other file that ends in `.onnx`, which then has to be hashed to be found. What a file
/// name says of the hash is believed only after the bytes have been hashed.
#[derive(Debug, Default)]
pub struct Models {
    held: Vec<Arc<Model>>,
    folders: Vec<PathBuf>,
    /// What was read from folders before.
    read: Mutex<Vec<Arc<Model>>>,
}

/// A file that may be a model, by its name.
struct Candidate {
    path: PathBuf,
    name: String,
    hash: Option<ModelHash>,
}

impl Models {
    /// Adds a model. What was added first is found first.
    pub fn insert(&mut self, model: Arc<Model>) {
        if !self.held.iter().any(|held| held.hash() == model.hash()) {
            self.held.push(model);
        }
    }

    /// Adds a folder, searched after those before it. It need not exist.
    pub fn add_folder(&mut self, folder: impl Into<PathBuf>) {
        self.folders.push(folder.into());
    }

    /// The models held in memory, the first added first.
    #[must_use]
    pub fn held(&self) -> &[Arc<Model>] {
        &self.held
    }

    /// The folders, in the order of the search.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The model with that hash; `None` where it is nowhere.
    ///
    /// # Errors
    /// `Config` where a file claims this hash by its name and has another one, `Io` where a file
    /// cannot be read.
    pub fn by_hash(&self, hash: &ModelHash) -> Result<Option<Arc<Model>>> {
        if let Some(model) = self.held.iter().find(|model| model.hash() == *hash) {
            return Ok(Some(Arc::clone(model)));
        }
        let known = |read: &[Arc<Model>]| read.iter().find(|m| m.hash() == *hash).cloned();
        if let Some(model) = known(&self.read.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(Some(model));
        }
        for folder in &self.folders {
            for candidate in candidates(folder) {
                if candidate.hash.is_some_and(|named| named != *hash) {
                    continue;
                }
                let named = candidate.hash.is_some();
                let model = match candidate.read() {
                    Ok(model) => model,
                    Err(error) if named => return Err(error),
                    // Some other file of the folder: not the one that was asked for.
                    Err(_) => continue,
                };
                if model.hash() == *hash {
                    return Ok(Some(self.keep(model)));
                }
            }
        }
        Ok(None)
    }

    /// The model that a user means by its hash, the beginning of it (8 digits or more), or
    /// its name. Names of models in memory come first, then those of files.
    ///
    /// # Errors
    /// `Config` that lists the models there are, or that names several which begin alike; as
    /// [`by_hash`](Self::by_hash).
    pub fn find(&self, wanted: &str) -> Result<Arc<Model>> {
        if let Some(model) = self.held.iter().find(|model| model.name() == wanted) {
            return Ok(Arc::clone(model));
        }
        let mut found: Vec<Arc<Model>> = Vec::new();
        let digits = wanted.to_ascii_lowercase();
        let is_hash = wanted.len() >= 8 && wanted.bytes().all(|c| c.is_ascii_hexdigit());
        for model in self.list()? {
            let by_hash = is_hash && hex(&model.hash()).starts_with(&digits);
            let known = found.iter().any(|other| other.hash() == model.hash());
            if !known && (by_hash || model.name() == wanted) {
                found.push(model);
            }
        }
        match &found[..] {
            [one] => Ok(self.keep(Arc::clone(one))),
            [] => Err(Error::Config(format!(
                "there is no model `{}`; there are: {}",
                wanted.escape_debug(),
                self.names()?
            ))),
            several => Err(Error::Config(format!(
                "`{}` names several models: {}",
                wanted.escape_debug(),
                several
                    .iter()
                    .map(|m| hex(&m.hash()))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }

    /// Every model in memory and in the folders; files that cannot be read are left out.
    ///
    /// # Errors
    /// `Config` where a file claims a hash by its name and has another one.
    pub fn list(&self) -> Result<Vec<Arc<Model>>> {
        let mut all = self.held.clone();
        for candidate in self.folders.iter().flat_map(|folder| candidates(folder)) {
            match candidate.read() {
                Ok(model) => all.push(model),
                Err(Error::Io(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn names(&self) -> Result<String> {
        let mut names: Vec<String> = self.list()?.iter().map(|m| m.name().to_owned()).collect();
        names.dedup();
        Ok(match names.is_empty() {
            true => "none".into(),
            false => names.join(", "),
        })
    }

    fn keep(&self, model: Arc<Model>) -> Arc<Model> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.iter().find(|known| known.hash() == model.hash()) {
            return Arc::clone(known);
        }
        read.push(Arc::clone(&model));
        model
    }

    /// The error for a model that is nowhere; `name` is what the file calls it, if it does.
    #[must_use]
    pub fn missing(&self, hash: &ModelHash, name: Option<&str>) -> Error {
        let name = name.map_or(String::new(), |name| format!("`{}` ", name.escape_debug()));
        let folders: Vec<String> = self
            .folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        let places = if folders.is_empty() {
            String::new()
        } else {
            format!(" (looked in {})", folders.join(", "))
        };
        Error::Unsupported {
            what: format!("model {name}{}, which is not here,", hex(hash)),
            hint: format!(
                "get its .onnx file from who wrote this one and run `umoec model add FILE.onnx`, or \
                 have a folder that holds it in UMOEC_MODEL_PATH{places}"
            ),
        }
    }
}

/// The files of a folder that may be models, by name; none where it cannot be read.
fn candidates(folder: &Path) -> Vec<Candidate> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<Candidate> = entries
        .filter_map(|entry| Candidate::new(entry.ok()?.path()))
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Candidate {
    fn new(path: PathBuf) -> Option<Self> {
        if path.extension() != Some(OsStr::new("onnx")) || !path.is_file() {
            return None;
        }
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        let named = stem
            .rsplit_once('.')
            .and_then(|(name, hash)| Some((name, blake3::Hash::from_hex(hash).ok()?)));
        Some(match named {
            Some((name, hash)) => Self {
                name: name.to_owned(),
                hash: Some(*hash.as_bytes()),
                path,
            },
            None => Self {
                name: stem,
                hash: None,
                path,
            },
        })
    }

    fn read(self) -> Result<Arc<Model>> {
        let length = fs::metadata(&self.path)?.len();
        if length > MAX_FILE {
            return Err(Error::Config(format!(
                "{} has {length} bytes, a model has at most {MAX_FILE}",
                self.path.display()
            )));
        }
        let bytes = fs::read(&self.path)?;
        let model = Model::of_file(self.name, bytes, self.path.clone());
        match self.hash {
            Some(named) if named != model.hash() => Err(Error::Config(format!(
                "{} is damaged: its bytes have the hash {}",
                self.path.display(),
                hex(&model.hash())
            ))),
            _ => Ok(model),
        }
    }
}
