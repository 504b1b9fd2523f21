//! Several files at once, with messages in the order of the files.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use umoec_codec::plugin::Helpers;

use crate::console::{Console, Log};
use crate::failure::Outcome;

/// The threads that one file has.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) threads: usize,
    /// Those of all files that have nothing to do.
    pub(crate) idle: Helpers,
}

impl Share {
    /// For a file that is alone.
    pub(crate) fn all(threads: usize) -> Self {
        Self {
            threads,
            idle: Helpers::new(threads),
        }
    }
}

/// From this size on files are begun before smaller ones, the largest first, so that threads end about together.
const FIRST: u64 = 1 << 20;

/// Works on all `items` with `threads` threads. Those that are `large` get all threads, one
/// item after another; between them others share the threads. Each has about `size` bytes of work.
pub(crate) fn run<T: Sync>(
    console: &Console,
    items: &[T],
    threads: usize,
    large: impl Fn(&T) -> bool,
    size: impl Fn(&T) -> u64,
    work: impl Fn(&T, &Share, &mut Log) -> Outcome + Sync,
) {
    let all = Share::all(threads);
    for group in items.chunk_by(|a, b| !large(a) && !large(b)) {
        let mut order: Vec<usize> = (0..group.len()).collect();
        order.sort_by_key(|&index| match size(&group[index]) {
            0..FIRST => Reverse(0),
            large => Reverse(large),
        });
        run_group(console, group, &order, &all, &work);
    }
}

fn run_group<T: Sync>(
    console: &Console,
    items: &[T],
    order: &[usize],
    all: &Share,
    work: &(impl Fn(&T, &Share, &mut Log) -> Outcome + Sync),
) {
    let workers = all.threads.min(items.len()).max(1);
    let share = Share {
        threads: (all.threads / workers).max(1),
        idle: all.idle.clone(),
    };
    let next = AtomicUsize::new(0);
    let turn = Mutex::new(Turn {
        next: 0,
        waiting: BTreeMap::new(),
    });
    let worker = || {
        loop {
            let begun = next.fetch_add(1, Ordering::Relaxed);
            let Some(&index) = order.get(begun) else {
                return;
            };
            let mut log = Log::default();
            let outcome = work(&items[index], &share, &mut log);
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
            |&n| n,
            |&n, share, _| {
                seen.lock().unwrap().push((n, share.threads));
                Ok(())
            },
        );
        let seen = seen.into_inner().unwrap();
        // Three small ones on four threads: one each. A single one of any size: all.
        assert_eq!(seen[..3], [(1, 1); 3]);
        assert_eq!(seen[3..], [(9, 4), (9, 4), (1, 4)]);
    }

    #[test]
    fn the_largest_are_begun_first_and_others_as_they_come() {
        let begun = Mutex::new(Vec::new());
        let console = Console::new(2, 0, true);
        let items = [7, 5 << 20, 3, 9 << 20, 0, 4];
        let note = |&n: &u64, _: &Share, _: &mut Log| {
            begun.lock().unwrap().push(n);
            Ok(())
        };
        run(&console, &items, 1, |_| false, |&n| n, note);
        assert_eq!(begun.into_inner().unwrap(), [9 << 20, 5 << 20, 7, 3, 0, 4]);
    }

    #[test]
    fn who_has_nothing_left_to_do_is_lent_to_the_others() {
        let console = Console::new(2, 0, true);
        let lent = Mutex::new(Vec::new());
        let work = |&n: &u64, share: &Share, _: &mut Log| {
            let _busy = share.idle.take();
            if n > FIRST {
                // The other thread has the small item, until it is done.
                while share.idle.borrow().is_none() {
                    std::thread::yield_now();
                }
                lent.lock().unwrap().push(n);
            }
            Ok(())
        };
        run(&console, &[2 * FIRST, 1], 2, |_| false, |&n| n, work);
        assert_eq!(lent.into_inner().unwrap(), [2 * FIRST]);
    }
}
