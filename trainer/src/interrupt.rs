//! Ctrl-C and the signals like it: a run finishes its step and writes its checkpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Exit code of a program that was interrupted, as shells know it.
pub const EXIT_CODE: u8 = 130;

/// Ctrl-C, a request to end, and a terminal that was closed.
const SIGNALS: &[i32] = &[
    SIGINT,
    SIGTERM,
    #[cfg(unix)]
    SIGHUP,
];

/// Whether someone asked the program to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for the signals; the second one ends the program at once.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn listen() -> std::io::Result<Self> {
        let interrupt = Self::default();
        for &signal in SIGNALS {
            let asked = Arc::clone(&interrupt.0);
            flag::register_conditional_shutdown(signal, EXIT_CODE.into(), Arc::clone(&asked))?;
            flag::register(signal, asked)?;
        }
        Ok(interrupt)
    }

    /// Asks, as a signal does.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
