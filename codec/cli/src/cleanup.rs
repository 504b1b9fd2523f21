//! Ctrl-C, SIGTERM and SIGHUP remove what is unfinished and end the program.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::exit::Exit;

/// Temporary files and directories that would be left behind by a sudden end.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Holds the end of the program off while a file is created or renamed.
pub(crate) struct Guard(MutexGuard<'static, Vec<PathBuf>>);

/// Waits until nobody else creates, renames or cleans up.
pub(crate) fn lock() -> Guard {
    Guard(UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Guard {
    /// `path` is to be removed if the program is interrupted.
    pub(crate) fn add(&mut self, path: &Path) {
        self.0.push(path.to_path_buf());
    }

    /// `path` is finished or gone.
    pub(crate) fn forget(&mut self, path: &Path) {
        self.0.retain(|p| p != path);
    }
}

/// Removes everything unfinished and ends the program.
fn interrupted() -> ! {
    let guard = lock();
    for path in guard.0.iter() {
        // It may be gone already, and there is nobody left to tell.
        let _ = if path.is_dir() {
            std::fs::remove_dir_all(path)
        } else {
            std::fs::remove_file(path)
        };
    }
    // The lock is never released: no other thread renames a file into place from here on.
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

/// Starts to listen for signals. Where that fails the program works as before, so it does.
#[cfg(unix)]
pub(crate) fn install() {
    use std::sync::Arc;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};

    // A write beyond the limit on file sizes is to fail as on a full disk, not to kill.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let ignored = ignored_signals();
    let signals = [SIGHUP, SIGINT, SIGTERM];
    // A signal that was ignored from the start stays so: that is what nohup asks for.
    let wanted = signals.iter().filter(|s| ignored >> (**s - 1) & 1 == 0);
    if let Ok(mut signals) = signal_hook::iterator::Signals::new(wanted) {
        std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                interrupted();
            }
        });
    }
}

/// The signals this process was started to ignore, as a set of bits; none where the system
/// does not tell.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0)
}

/// Starts to listen for Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn install() {
    let _ = ctrlc::set_handler(|| interrupted());
}
