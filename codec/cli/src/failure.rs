//! What went wrong, as the user reads it: one line, a hint, an exit code.

use std::fmt;
use std::io;
use std::path::Path;

use umoec_codec::Error;

use crate::exit::Exit;

/// A result with a [`Failure`].
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// An error that is ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The file that it is about, as the user named it.
    pub(crate) file: Option<String>,
    /// What is wrong, and where.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The exit code it leads to.
    pub(crate) exit: Exit,
    /// The reader of our output went away: nobody wants to hear about it.
    pub(crate) broken_pipe: bool,
}

impl Failure {
    fn new(exit: Exit, what: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        Self {
            file: None,
            what: what.into(),
            hint: (!hint.is_empty()).then_some(hint),
            exit,
            broken_pipe: false,
        }
    }

    /// The user asked for something that cannot be done.
    pub(crate) fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what, hint)
    }

    /// A model that cannot be used.
    pub(crate) fn model(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Format, what, hint)
    }

    /// Doing `what` failed, such as `cannot read`.
    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "check the name and the directory",
            io::ErrorKind::PermissionDenied => {
                "check the permissions of the file and its directory"
            }
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => {
                "make room on the disk, or write elsewhere with -o; nothing was left behind"
            }
            io::ErrorKind::IsADirectory => "use -r to work on the files in it",
            io::ErrorKind::ReadOnlyFilesystem => "write elsewhere with -o",
            io::ErrorKind::AlreadyExists => "use -f to overwrite it",
            _ => "",
        };
        Self {
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::new(Exit::Io, format!("{what}: {}", plain(error)), hint)
        }
    }

    /// The codec refused or failed. `doing` says what an input or output error interrupted.
    pub(crate) fn codec(doing: &str, error: Error) -> Self {
        match error {
            Error::Format {
                offset,
                section,
                reason,
            } => {
                let hint = if offset == 0 {
                    "is it a .umc file at all?"
                } else {
                    "the file was damaged or did not come from umoec; `umoec inspect` shows its sections"
                };
                Self::new(
                    Exit::Format,
                    format!("{reason} ({section} at byte {offset})"),
                    hint,
                )
            }
            Error::Truncated { offset, section } => Self::new(
                Exit::Format,
                format!("the file ends too early ({section} at byte {offset})"),
                "it was cut short: copy or download it again",
            ),
            Error::Unsupported { what, hint } => {
                Self::new(Exit::Unsupported, format!("{what} is not supported"), hint)
            }
            Error::Integrity {
                offset,
                section,
                what,
            } => Self::new(
                Exit::Integrity,
                format!("{what} does not match, the data is damaged ({section} at byte {offset})"),
                "copy or download it again; no output was written",
            ),
            Error::Limit {
                what,
                needed,
                limit,
                ..
            } => Self::new(
                Exit::Limit,
                format!(
                    "{what} needs {} bytes, the limit is {}",
                    crate::size::grouped(needed),
                    crate::size::grouped(limit)
                ),
                format!("allow it with --memory {}M", needed.div_ceil(1 << 20)),
            ),
            Error::Memory { what, needed } => Self::new(
                Exit::Limit,
                format!(
                    "{what}: the system has no memory for {} bytes",
                    crate::size::grouped(needed)
                ),
                "use one thread with -T 1, or free some memory",
            ),
            Error::Config(what) => Self::new(Exit::Usage, one_line(&what), ""),
            Error::Plugin { kind, id, reason } => Self::new(
                Exit::Plugin,
                format!("{kind} plugin {id} failed: {reason}"),
                "please report this, with the file if you can share it",
            ),
            Error::Library { path, reason, hint } => {
                Self::new(Exit::Plugin, format!("refused: {reason}"), hint).at(shown(&path))
            }
            Error::Io(error) => Self::io(doing, &error),
            other => Self::new(Exit::Plugin, other.to_string(), ""),
        }
    }

    /// As [`codec`](Self::codec), for an error that came through `std::io`.
    pub(crate) fn stream(doing: &str, error: io::Error) -> Self {
        Self::codec(doing, Error::from_io(error))
    }

    /// The same failure, about `file`.
    pub(crate) fn at(mut self, file: impl fmt::Display) -> Self {
        self.file.get_or_insert_with(|| file.to_string());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("umoec: ")?;
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        f.write_str(&self.what)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// A message of several lines as one, without the quotation that a TOML parser adds.
fn one_line(text: &str) -> String {
    let quoted = |line: &str| {
        line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit())
            .starts_with('|')
    };
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !quoted(line) && !line.trim().is_empty())
        .collect();
    lines.join(": ")
}

/// An I/O error without Rust's ` (os error 28)`.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

/// A path for messages: control characters, which could fool a terminal, are escaped.
pub(crate) fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if !text.chars().any(char::is_control) {
        return text;
    }
    text.chars()
        .flat_map(|c| {
            let escaped: Vec<char> = if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            };
            escaped
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_fool_a_terminal() {
        assert_eq!(shown(Path::new("dir/a b")), "dir/a b");
        assert_eq!(shown(Path::new("a\x1b[2Jb\n")), "a\\u{1b}[2Jb\\n");
    }

    #[test]
    fn messages_are_one_line_and_a_hint() {
        let error = "it cannot be used: parse error at line 1\n  |\n1 | x\n  | ^\nno value\n\n";
        let failure = Failure::codec("", Error::Config(error.into())).at("f.toml");
        let line = "umoec: f.toml: it cannot be used: parse error at line 1: no value";
        assert_eq!(failure.to_string(), line);
        let failure = Failure::io("cannot write", &io::Error::from_raw_os_error(28)).at("x");
        let shown = failure.to_string();
        assert!(shown.starts_with("umoec: x: cannot write: ") && !shown.contains("os error"));
        assert!(shown.contains("\n  hint: make room"), "{shown}");
    }

    #[test]
    fn the_first_name_of_a_failure_stays() {
        let failure = Failure::usage("wrong", "").at("inner").at("outer");
        assert_eq!(failure.to_string(), "umoec: inner: wrong");
    }
}
