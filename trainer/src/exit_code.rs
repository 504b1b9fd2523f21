//! Exit codes: the numbers of `umoec`, whose commands hand over to this program.

use std::process::ExitCode;

use crate::error::TrainError;
use crate::interrupt::EXIT_CODE;
use umoec_exact::ExactError;

/// Why the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Ok = 0,
    /// Wrong usage, configuration or data, or a checkpoint of another run.
    Usage = 1,
    /// Reading or writing failed: no such file, no permission, disk full.
    Io = 2,
    /// A checkpoint or model is none, or of another network.
    Format = 3,
    /// A checkpoint was damaged: its hash does not match.
    Integrity = 4,
    // `umoec` has 5 for inputs that need a newer program; the trainer reads none.
    /// A model is larger than what is allowed.
    Limit = 6,
    /// A part of the program, or a program that was called, failed.
    Plugin = 7,
    /// Interrupted; the run is whole in its checkpoint.
    Interrupted = EXIT_CODE,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl TrainError {
    /// The exit code it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Config(_)
            | Self::Line { .. }
            | Self::Data(_)
            | Self::Checkpoint(_) => Exit::Usage,
            Self::File { .. } | Self::Missing(_) => Exit::Io,
            Self::Foreign(_) | Self::Model(_) => Exit::Format,
            Self::Damaged(_) => Exit::Integrity,
            Self::Exact(ExactError::Limit { .. }) => Exit::Limit,
            Self::Exact(ExactError::Backend { .. }) => Exit::Plugin,
            Self::Exact(_) => Exit::Format,
            Self::Tensor(_) | Self::Program(_) | Self::Gpu(_) => Exit::Plugin,
            Self::Save { source, .. } => source.exit(),
        }
    }
}
