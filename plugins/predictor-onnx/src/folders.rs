//! The user's folders.

use std::env;
use std::path::PathBuf;

/// umoec's own folder in the user's data folder; `None` where there is no home.
///
/// `$XDG_DATA_HOME/umoec` or `~/.local/share/umoec`; on macOS `~/Library/Application
/// Support/umoec`; on Windows `%APPDATA%\umoec`.
#[must_use]
pub fn data() -> Option<PathBuf> {
    let variable = |name: &str| {
        let value = env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let base = if cfg!(windows) {
        variable("APPDATA")
    } else if let Some(folder) = variable("XDG_DATA_HOME") {
        Some(folder)
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        variable("HOME").map(|home| home.join(".local/share"))
    };
    base.map(|base| base.join("umoec"))
}

/// Where `umoec model add` puts models.
#[must_use]
pub fn models() -> Option<PathBuf> {
    data().map(|data| data.join("models"))
}

/// The folders that `UMOEC_MODEL_PATH` names, separated as in `PATH`, and then [`models`].
#[must_use]
pub fn search_path() -> Vec<PathBuf> {
    let named = env::var_os("UMOEC_MODEL_PATH").unwrap_or_default();
    let named = env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
    named.chain(models()).collect()
}
