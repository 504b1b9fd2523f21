//! Keeps files that are worked on at the same time within the memory there is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use umoec_codec::Limits;

use crate::args::Memory;

/// Bytes of memory that all files in work may take together.
///
/// Without --memory that is half of what the system says is free, but at least what one file may
/// take.
pub(crate) fn allowed(memory: &Memory) -> u64 {
    memory
        .memory
        .unwrap_or_else(|| (free() / 2).max(Limits::DEFAULT_MEMORY))
}

/// Free memory in bytes; 0 where the system does not tell.
fn free() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    text.lines()
        .find_map(|line| {
            line.strip_prefix("MemAvailable:")?
                .trim()
                .strip_suffix(" kB")
        })
        .and_then(|kib| kib.parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}

/// Lets files through as long as their memory fits.
pub(crate) struct Gate {
    allowed: u64,
    taken: Mutex<u64>,
    changed: Condvar,
}

/// Memory that is taken until this is dropped.
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    bytes: u64,
}

impl Gate {
    pub(crate) fn new(allowed: u64) -> Self {
        Self {
            allowed,
            taken: Mutex::new(0),
            changed: Condvar::new(),
        }
    }

    /// Waits until `bytes` fit. A file that is alone always gets through: its own limit is
    /// checked by the codec.
    pub(crate) fn enter(&self, bytes: u64) -> Pass<'_> {
        let mut taken = self.lock();
        while *taken > 0 && taken.saturating_add(bytes) > self.allowed {
            taken = self
                .changed
                .wait(taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *taken = taken.saturating_add(bytes);
        drop(taken);
        Pass { gate: self, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut taken = self.gate.lock();
        *taken = taken.saturating_sub(self.bytes);
        drop(taken);
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn what_is_inside_fits_or_is_alone() {
        let gate = Gate::new(10);
        let inside = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for bytes in [3, 4, 5, 30, 6, 2, 10, 1] {
                let (gate, inside) = (&gate, &inside);
                scope.spawn(move || {
                    let pass = gate.enter(bytes);
                    let now = inside.fetch_add(bytes, Ordering::SeqCst) + bytes;
                    assert!(now <= 10 || now == bytes, "{now} with {bytes}");
                    std::thread::sleep(std::time::Duration::from_millis(2));
                    inside.fetch_sub(bytes, Ordering::SeqCst);
                    drop(pass);
                });
            }
        });
        assert_eq!(*gate.lock(), 0);
    }
}
