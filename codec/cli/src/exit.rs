//! Exit codes. The man page is written from this table.

use std::process::ExitCode;

/// Why the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Usage = 1,
    Io = 2,
    Format = 3,
    Integrity = 4,
    Unsupported = 5,
    Limit = 6,
    Plugin = 7,
    Interrupted = 130,
}

impl Exit {
    /// Every code with what it means.
    pub(crate) const TABLE: [(Self, &'static str); 9] = [
        (Self::Ok, "All went well."),
        (
            Self::Usage,
            "Wrong usage or configuration, or refused: an output that exists, a terminal as output, \
             an unknown profile or plugin name.",
        ),
        (
            Self::Io,
            "Reading or writing failed: no such file, no permission, disk full.",
        ),
        (
            Self::Format,
            "The input is not a .umc file, or it ends too early; a model is none, or not exact.",
        ),
        (
            Self::Integrity,
            "A check does not match: the input was damaged.",
        ),
        (
            Self::Unsupported,
            "The input needs a newer program or a plugin that is not there.",
        ),
        (
            Self::Limit,
            "More memory is needed than --memory allows or the system has.",
        ),
        (
            Self::Plugin,
            "A plugin failed, or a library of plugins is refused.",
        ),
        (
            Self::Interrupted,
            "Interrupted by Ctrl-C, SIGTERM or SIGHUP; nothing half-written is left behind.",
        ),
    ];

    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
