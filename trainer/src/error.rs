//! What can go wrong.

use std::path::PathBuf;

/// An error of training, evaluation or export.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A configuration that cannot be.
    #[error("configuration: {0}")]
    Config(String),
    /// Data that cannot be trained on.
    #[error("data: {0}")]
    Data(String),
    /// A checkpoint that is damaged or belongs to another configuration.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// Burn gave back something other than the values it was given.
    #[error("tensor: {0}")]
    Tensor(String),
}
