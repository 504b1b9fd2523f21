//! Inputs: standard input, or a file.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome, shown};

/// Something to read.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// The file; `None` is standard input.
    pub(crate) path: Option<PathBuf>,
    /// What the system says of the file.
    pub(crate) metadata: Option<Metadata>,
}

/// An opened input.
pub(crate) struct Source {
    pub(crate) reader: Box<dyn Read + Send>,
    /// Bytes to come, where that is known.
    pub(crate) size: Option<u64>,
}

impl Input {
    /// Standard input.
    pub(crate) fn stdin() -> Self {
        Self {
            path: None,
            metadata: None,
        }
    }

    /// A file that was found to be there.
    pub(crate) fn file(path: PathBuf, metadata: Metadata) -> Self {
        Self {
            path: Some(path),
            metadata: Some(metadata),
        }
    }

    /// Its name in messages.
    pub(crate) fn name(&self) -> String {
        self.path.as_deref().map_or_else(|| "stdin".into(), shown)
    }

    /// Metadata of a regular file, whose mode and time an output takes over.
    pub(crate) fn regular(&self) -> Option<&Metadata> {
        self.metadata.as_ref().filter(|m| m.is_file())
    }

    /// The size, where that is known before it is opened.
    pub(crate) fn size(&self) -> Option<u64> {
        self.regular().map(Metadata::len)
    }

    /// Opens it for reading from begin to end.
    pub(crate) fn open(&self) -> Outcome<Source> {
        let Some(path) = &self.path else {
            return open_stdin();
        };
        let (file, size) = open_file(path)?;
        Ok(Source {
            reader: Box::new(file),
            size,
        })
    }

    /// Opens it for reading anywhere, if it can be.
    pub(crate) fn open_seekable(&self) -> Outcome<Option<File>> {
        let file = match &self.path {
            Some(path) => Some(open_file(path)?.0),
            // Who has read a part of it wants the rest, not the whole.
            None => stdin_file().filter(|mut f| f.stream_position().is_ok_and(|at| at == 0)),
        };
        Ok(file.filter(|f| f.metadata().is_ok_and(|m| m.is_file())))
    }
}

fn open_file(path: &Path) -> Outcome<(File, Option<u64>)> {
    let failed = |e| Failure::io("cannot read", &e).at(shown(path));
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(directory(path));
    }
    Ok((file, metadata.is_file().then_some(metadata.len())))
}

/// A directory where a file is needed.
pub(crate) fn directory(path: &Path) -> Failure {
    Failure::usage("is a directory", "use -r to work on the files in it").at(shown(path))
}

#[cfg(unix)]
fn stdin_file() -> Option<File> {
    use std::os::fd::AsFd;
    io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .ok()
        .map(File::from)
}

#[cfg(not(unix))]
fn stdin_file() -> Option<File> {
    None
}

fn open_stdin() -> Outcome<Source> {
    let Some(mut file) = stdin_file() else {
        return Ok(Source {
            reader: Box::new(io::stdin()),
            size: None,
        });
    };
    // `umoec compress < FILE` knows the size as well as `umoec compress FILE` does.
    let size = match file.metadata() {
        Ok(m) if m.is_file() => file
            .stream_position()
            .ok()
            .map(|at| m.len().saturating_sub(at)),
        _ => None,
    };
    Ok(Source {
        reader: Box::new(file),
        size,
    })
}

/// Refuses to wait for somebody to type compressed data, or files.
pub(crate) fn stdin_or_usage(command: &str) -> Outcome<Input> {
    if io::stdin().is_terminal() {
        return Err(Failure::usage(
            "no file was named",
            format!("use `umoec {command} FILE`, or pipe data in"),
        ));
    }
    Ok(Input::stdin())
}
