//! Plugins in dynamic libraries: which files are looked at.
//!
//! Those that `--plugin-lib` names; those in the folders of `UMOEC_PLUGIN_PATH`; and those in the
//! user's own plugin folder. Nothing is ever taken from the working folder because it lies there.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use umoec_codec::plugin::Registry;
use umoec_predictor_onnx::folders;

use crate::console::{Console, Level};
use crate::failure::{Failure, Outcome, shown};

/// What the command line says.
struct Asked {
    named: Vec<PathBuf>,
    quiet: bool,
}

static ASKED: OnceLock<Asked> = OnceLock::new();

/// Notices that were shown, since a command may ask for the plugins several times.
static SHOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Keeps what the command line says, once.
pub(crate) fn choose(named: &[PathBuf], console: &Console) {
    ASKED.get_or_init(|| Asked {
        named: named.to_vec(),
        quiet: !console.shows(Level::Info),
    });
}

/// Adds all libraries there are. One that was named and cannot be used is a failure; one that was
/// found is left out, with a notice, since what is done may not need it.
pub(crate) fn add_to(registry: &mut Registry) -> Outcome {
    let named = ASKED.get().map_or(&[][..], |asked| &asked.named);
    for path in named {
        let added = registry.add_library(path);
        added.map_err(|e| Failure::codec("cannot read", e).at(shown(path)))?;
    }
    for folder in search_path() {
        for path in libraries(&folder) {
            if let Err(error) = registry.add_library(&path) {
                notice(&Failure::codec("cannot read", error).at(shown(&path)));
            }
        }
    }
    Ok(())
}

/// The user's own plugin folder.
pub(crate) fn own_folder() -> Option<PathBuf> {
    folders::data().map(|data| data.join("plugins"))
}

/// The folders of `UMOEC_PLUGIN_PATH`, separated as in `PATH`, and then the user's own. One that
/// depends on the working folder is left out.
fn search_path() -> Vec<PathBuf> {
    let named = env::var_os("UMOEC_PLUGIN_PATH").unwrap_or_default();
    let (absolute, relative): (Vec<_>, Vec<_>) = env::split_paths(&named)
        .filter(|path| !path.as_os_str().is_empty())
        .partition(|path| path.is_absolute());
    for path in relative {
        notice(
            &Failure::usage(
                "is left out of UMOEC_PLUGIN_PATH: it depends on the working folder",
                "name the folder from the root on",
            )
            .at(shown(&path)),
        );
    }
    absolute.into_iter().chain(own_folder()).collect()
}

/// The files of a folder that are libraries by their names, sorted; none where it cannot be read.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new(env::consts::DLL_EXTENSION)))
        .collect();
    found.sort();
    found
}

fn notice(failure: &Failure) {
    let text = failure.to_string();
    let quiet = ASKED.get().is_some_and(|asked| asked.quiet);
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if !quiet && shown.insert(text.clone()) {
        // Nothing can be done about a closed standard error.
        let _ = writeln!(
            io::stderr(),
            "{text}\n  it is left out; the rest works without it"
        );
    }
}
