//! Which files a command works on: names from the command line, and with -r what lies below.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::console::{Console, Level};
use crate::failure::{Failure, Outcome, shown};
use crate::source::{self, Input};

/// The suffix of compressed files.
pub(crate) const SUFFIX: &str = "umc";

/// Which files of a directory are of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them.
    All,
    /// Those that are not compressed yet.
    Plain,
    /// Those that end in `.umc`.
    Compressed,
}

/// What was found, in the order of the command line; directories sorted by name.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) inputs: Vec<Input>,
    /// What was skipped and why.
    pub(crate) notices: Vec<String>,
    pub(crate) failures: Vec<Failure>,
}

impl Found {
    /// Shows what was skipped and what cannot be read.
    pub(crate) fn show(&self, console: &Console) {
        for notice in &self.notices {
            console.say(Level::Info, &format!("umoec: {notice}"));
        }
        for failure in &self.failures {
            console.fail(failure);
        }
    }
}

/// Finds the inputs that `names` stand for; without any, standard input.
pub(crate) fn find(
    names: &[PathBuf],
    recursive: bool,
    wanted: Wanted,
    command: &str,
) -> Outcome<Found> {
    let mut found = Found::default();
    if names.is_empty() {
        found.inputs.push(source::stdin_or_usage(command)?);
    }
    for name in names {
        if name == Path::new("-") {
            found.inputs.push(Input::stdin());
            continue;
        }
        match name.metadata() {
            Err(e) => found
                .failures
                .push(Failure::io("cannot read", &e).at(shown(name))),
            Ok(m) if m.is_dir() && recursive => walk(name, wanted, &mut found),
            Ok(m) if m.is_dir() => found.failures.push(source::directory(name)),
            Ok(m) => found.inputs.push(Input::file(name.clone(), m)),
        }
    }
    if found.inputs.iter().filter(|i| i.path.is_none()).count() > 1 {
        return Err(Failure::usage("standard input is named twice", ""));
    }
    Ok(found)
}

fn walk(directory: &Path, wanted: Wanted, found: &mut Found) {
    for entry in WalkDir::new(directory).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                let path = e.path().unwrap_or(directory).to_path_buf();
                let error = e
                    .into_io_error()
                    .unwrap_or_else(|| std::io::Error::other("directories form a loop"));
                found
                    .failures
                    .push(Failure::io("cannot read", &error).at(shown(&path)));
                continue;
            }
        };
        let kind = entry.file_type();
        if kind.is_dir() {
            continue;
        }
        let path = entry.path();
        if !kind.is_file() {
            let what = if kind.is_symlink() {
                "a symbolic link"
            } else {
                "not a regular file"
            };
            found
                .notices
                .push(format!("{}: skipped, it is {what}", shown(path)));
            continue;
        }
        let compressed = is_compressed(path);
        match wanted {
            Wanted::Plain if compressed => found.notices.push(format!(
                "{}: skipped, it is compressed already (-f takes it)",
                shown(path)
            )),
            Wanted::Compressed if !compressed => {}
            _ => match entry.metadata() {
                Ok(metadata) => found.inputs.push(Input::file(path.to_path_buf(), metadata)),
                Err(e) => found
                    .failures
                    .push(Failure::io("cannot read", &e.into()).at(shown(path))),
            },
        }
    }
}

fn is_compressed(path: &Path) -> bool {
    path.extension() == Some(OsStr::new(SUFFIX))
}

/// `FILE.umc` for `FILE`.
pub(crate) fn compressed_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(SUFFIX);
    name.into()
}

/// `FILE` for `FILE.umc`.
pub(crate) fn plain_name(path: &Path) -> Outcome<PathBuf> {
    if is_compressed(path) {
        return Ok(path.with_extension(""));
    }
    Err(Failure::usage(
        "its name does not end in .umc, so there is no name for the output",
        "name the output with -o FILE, or write to standard output with -c",
    )
    .at(shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for name in ["a", "a.txt", "dir/.hidden", "x.umc"] {
            let path = Path::new(name);
            assert_eq!(plain_name(&compressed_name(path)).unwrap(), path);
        }
        assert!(plain_name(Path::new("a.txt")).is_err());
        // A file that is called only ".umc" has no other name.
        assert!(plain_name(Path::new("dir/.umc")).is_err());
    }
}
