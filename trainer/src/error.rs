//! What can go wrong, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use umoec_exact::ExactError;

/// An error of training, evaluation or export.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file could not be read or written.
    #[error("{}: {}", path.display(), plain(source))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A configuration that cannot be.
    #[error("configuration: {0}")]
    Config(String),
    /// A configuration file that is not what it should be at one place.
    #[error("configuration: {}, line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
        /// What might have been meant.
        hint: Option<String>,
    },
    /// Data that cannot be trained on.
    #[error("data: {0}")]
    Data(String),
    /// A command that cannot be done.
    #[error("{0}")]
    Usage(String),
    /// A model by a name that no file has.
    #[error("model: {0}")]
    Missing(String),
    /// A checkpoint that belongs to another configuration.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// A file that is no checkpoint.
    #[error("checkpoint: {0}")]
    Foreign(String),
    /// A checkpoint whose hash does not match.
    #[error("checkpoint: {0}")]
    Damaged(String),
    /// A program that was called failed.
    #[error("{0}")]
    Program(String),
    /// Burn gave back something other than the values it was given.
    #[error("tensor: {0}")]
    Tensor(String),
    /// A GPU that is not there, or failed.
    #[error("GPU: {0}")]
    Gpu(String),
    /// A model that cannot be used.
    #[error("model: {0}")]
    Model(String),
    /// A graph that is refused or failed.
    #[error("model: {0}")]
    Exact(#[from] ExactError),
    /// A checkpoint could not be written; the one before is whole.
    #[error("the checkpoint of step {step} could not be written: {source}")]
    Save {
        /// The step that would have been saved.
        step: u64,
        /// Whether a checkpoint from before is in place.
        kept: bool,
        /// Why.
        source: Box<TrainError>,
    },
}

/// The system's words without the number behind them.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

impl TrainError {
    /// A file that could not be read or written, for `map_err`.
    pub fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }

    /// What to do about it, where that can be said.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::File { source, .. } => match source.kind() {
                ErrorKind::NotFound => "check the name and the folder",
                ErrorKind::PermissionDenied => "check the permissions of the file and its folder",
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    "make room on the disk, or write elsewhere"
                }
                ErrorKind::IsADirectory => "a folder stands where a file should be",
                _ => return None,
            },
            Self::Line { hint, .. } => return hint.clone(),
            Self::Data(_) => {
                "--data names the folder that the configuration's [[sources]] lie in; without \
                 [[sources]] all files below it are read"
            }
            Self::Checkpoint(_) => {
                "name another file to begin anew, or use the configuration it was written with"
            }
            Self::Foreign(_) => "a checkpoint is what `umoec-train train` writes",
            Self::Damaged(_) => "it was damaged: copy it again, or begin anew with another file",
            Self::Missing(_) => "check the name and the folder",
            Self::Save { kept, source, .. } => {
                let first = source.hint().unwrap_or_default();
                let second = if *kept {
                    "the checkpoint before it is whole: the same command goes on from there"
                } else {
                    "there is no earlier one"
                };
                return Some(if first.is_empty() {
                    second.to_owned()
                } else {
                    format!("{first}; {second}")
                });
            }
            Self::Exact(ExactError::Malformed { .. }) => "is it an ONNX file at all?",
            Self::Exact(_) => "only step graphs run here (spec/numerics.md)",
            Self::Gpu(_) => "without `--device gpu` the processor does everything",
            Self::Config(_) => "trainer/README.md says what each key means",
            Self::Tensor(_) | Self::Model(_) | Self::Usage(_) | Self::Program(_) => return None,
        };
        Some(text.to_owned())
    }
}
