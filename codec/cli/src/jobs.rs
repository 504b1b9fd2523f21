//! Several files at once, with messages in the order of the files.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::console::{Console, Log};
use crate::failure::Outcome;

/// Works on all `items` with `threads` threads. Those that are `large` get all threads, one
/// item after another; between them small ones share the threads.
pub(crate) fn run<T: Sync>(
    console: &Console,
    items: &[T],
    threads: usize,
    large: impl Fn(&T) -> bool,
    work: impl Fn(&T, usize, &mut Log) -> Outcome + Sync,
) {
    for group in items.chunk_by(|a, b| !large(a) && !large(b)) {
        run_group(console, group, threads, &work);
    }
}

fn run_group<T: Sync>(
    console: &Console,
    items: &[T],
    threads: usize,
    work: &(impl Fn(&T, usize, &mut Log) -> Outcome + Sync),
) {
    let workers = threads.min(items.len()).max(1);
    let share = (threads / workers).max(1);
    let next = AtomicUsize::new(0);
    let turn = Mutex::new(Turn {
        next: 0,
        waiting: BTreeMap::new(),
    });
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return;
            };
            let mut log = Log::default();
            let outcome = work(item, share, &mut log);
            turn.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .done(console, index, log, outcome);
        }
    };
    if workers == 1 {
        return worker();
    }
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(worker);
        }
    });
}

/// Whose messages come next.
struct Turn {
    next: usize,
    waiting: BTreeMap<usize, (Log, Outcome)>,
}

impl Turn {
    fn done(&mut self, console: &Console, index: usize, log: Log, outcome: Outcome) {
        self.waiting.insert(index, (log, outcome));
        while let Some((log, outcome)) = self.waiting.remove(&self.next) {
            log.show(console);
            if let Err(failure) = outcome {
                console.fail(&failure);
            }
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_items_get_all_threads_and_small_ones_share() {
        let seen = Mutex::new(Vec::new());
        let console = Console::new(2, 0, true);
        let items = [1, 1, 1, 9, 9, 1];
        run(
            &console,
            &items,
            4,
            |&n| n == 9,
            |&n, threads, _| {
                seen.lock().unwrap().push((n, threads));
                Ok(())
            },
        );
        let seen = seen.into_inner().unwrap();
        // Three small ones on four threads: one each. A single one of any size: all.
        assert_eq!(seen[..3], [(1, 1); 3]);
        assert_eq!(seen[3..], [(9, 4), (9, 4), (1, 4)]);
    }
}
