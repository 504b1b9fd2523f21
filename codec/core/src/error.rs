//! One error type for the libraries, its variants sorted by who is at fault.

use std::io;
use std::path::PathBuf;

use crate::plugin::{Kind, PluginId};

/// A result with the codec's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what to do about it.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not a well-formed `.umc` file.
    #[error("{section} at byte {offset}: {reason}")]
    Format {
        /// Offset in the input at which the fault was noticed.
        offset: u64,
        /// The section or field that was being read, such as `header` or `frame 3`.
        section: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The file is well formed but ends too early.
    #[error("{section} at byte {offset}: the input ends too early")]
    Truncated {
        /// Offset at which more bytes were needed.
        offset: u64,
        /// The section or field that was being read.
        section: String,
    },

    /// The file needs something that this program does not have.
    #[error("{what} is not supported by this program: {hint}")]
    Unsupported {
        /// What is needed: a format version, a section, a plugin (kind, id and version).
        what: String,
        /// How to get it.
        hint: String,
    },

    /// Stored and computed checks differ: the file was damaged.
    #[error("{section} at byte {offset}: {what} does not match, the data is damaged")]
    Integrity {
        /// Offset of the section whose check failed.
        offset: u64,
        /// The section whose check failed.
        section: String,
        /// The check that failed, such as `CRC-32`.
        what: String,
    },

    /// Decoding would need more than the caller allows.
    #[error("{what} needs {needed} bytes, the limit is {limit}: {hint}")]
    Limit {
        /// What would exceed the limit.
        what: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
        /// How to allow it.
        hint: String,
    },

    /// The system does not have the memory that the limits allow.
    #[error("{what}: the system has no memory for {needed} bytes")]
    Memory {
        /// What it was for.
        what: String,
        /// Bytes asked for in one piece.
        needed: u64,
    },

    /// The caller asked for something that does not exist or does not fit together.
    #[error("{0}")]
    Config(String),

    /// A plugin failed or broke its contract.
    #[error("plugin {kind} {id}: {reason}")]
    Plugin {
        /// The kind of the plugin at fault.
        kind: Kind,
        /// The id of the plugin at fault.
        id: PluginId,
        /// What it did.
        reason: String,
    },

    /// A dynamic library is not taken as a source of plugins.
    #[error("{} is refused: {reason}; {hint}", path.display())]
    Library {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do about it.
        hint: String,
    },

    /// Reading or writing failed.
    #[error(transparent)]
    Io(std::io::Error),
}

impl Error {
    /// What an [`io::Error`] of one of this crate's readers and writers really says: they can
    /// only fail with an `io::Error`, inside which the codec's own error travels.
    #[must_use]
    pub fn from_io(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(foreign) => Self::Io(foreign),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::from_io(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => Self::other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_way_through_io() {
        let through = |e: Error| Error::from(io::Error::from(e));
        let config = through(Error::Config("no".into()));
        assert!(matches!(config, Error::Config(text) if text == "no"));
        let missing = through(Error::Io(io::ErrorKind::NotFound.into()));
        assert!(matches!(missing, Error::Io(e) if e.kind() == io::ErrorKind::NotFound));
    }
}
