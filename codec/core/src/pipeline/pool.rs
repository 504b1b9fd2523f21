//! Worker threads whose results come back in the order of the jobs.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::budget::{Budget, Ticket};
use super::options::Progress;
use crate::plugin::Helpers;

/// What long work shares with those who wait for it: it looks here now and then.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    cancelled: Arc<AtomicBool>,
    progress: Option<Progress>,
    helpers: Helpers,
}

impl Watch {
    /// Whether nobody waits for results any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The threads that have nothing to do.
    pub(super) fn helpers(&self) -> &Helpers {
        &self.helpers
    }

    /// So many more bytes were coded.
    pub(super) fn advance(&self, bytes: usize) {
        if let Some(progress) = &self.progress {
            progress.0.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }
}

type Job<T> = Box<dyn FnOnce() -> T + Send>;
type Numbered<T> = (u64, T);
type Outcome<T> = Result<T, Box<dyn Any + Send>>;

/// Runs jobs on up to `threads` threads, or on the caller's own where that is one.
pub(super) struct Pool<T> {
    threads: usize,
    budget: Arc<Budget>,
    watch: Watch,
    /// Jobs of a pool without threads, run when their result is asked for.
    inline: VecDeque<Job<T>>,
    jobs: Option<Sender<Numbered<Job<T>>>>,
    queue: Arc<Mutex<Receiver<Numbered<Job<T>>>>>,
    done: Sender<Numbered<Outcome<T>>>,
    results: Receiver<Numbered<Outcome<T>>>,
    /// Results that came before their turn.
    early: BTreeMap<u64, Outcome<T>>,
    workers: Vec<JoinHandle<()>>,
    submitted: u64,
    taken: u64,
}

impl<T: Send + 'static> Pool<T> {
    /// So many threads, which lend themselves to `helpers`, or else to one another.
    pub(super) fn new(
        threads: usize,
        budget: Arc<Budget>,
        progress: Option<Progress>,
        helpers: Option<Helpers>,
    ) -> Self {
        let (jobs, queue) = channel();
        let (done, results) = channel();
        Self {
            threads: threads.max(1),
            budget,
            watch: Watch {
                progress,
                helpers: helpers.unwrap_or_else(|| Helpers::new(threads.max(1))),
                ..Watch::default()
            },
            inline: VecDeque::new(),
            jobs: Some(jobs),
            queue: Arc::new(Mutex::new(queue)),
            done,
            results,
            early: BTreeMap::new(),
            workers: Vec::new(),
            submitted: 0,
            taken: 0,
        }
    }

    /// Jobs whose results have not been taken.
    pub(super) fn in_flight(&self) -> u64 {
        self.submitted - self.taken
    }

    /// Whether a result should be taken before the next job is submitted.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight() >= self.threads as u64
    }

    /// Submits a job, which is given its ticket for memory.
    pub(super) fn submit(&mut self, job: impl FnOnce(Ticket, &Watch) -> T + Send + 'static) {
        let (ticket, watch) = (self.budget.ticket(), self.watch.clone());
        let job: Job<T> = Box::new(move || {
            let _busy = watch.helpers.take();
            job(ticket, &watch)
        });
        let number = self.submitted;
        self.submitted += 1;
        if self.threads == 1 {
            self.inline.push_back(job);
            return;
        }
        if self.workers.len() < self.threads && self.workers.len() as u64 <= self.in_flight() {
            self.spawn();
        }
        if let Some(jobs) = &self.jobs {
            // Cannot fail: the pool itself keeps the receiver.
            let _ = jobs.send((number, job));
        }
    }

    fn spawn(&mut self) {
        let (queue, done) = (Arc::clone(&self.queue), self.done.clone());
        let watch = self.watch.clone();
        self.workers.push(std::thread::spawn(move || {
            loop {
                let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let (number, job) = match job {
                    Ok(next) if !watch.is_cancelled() => next,
                    _ => return,
                };
                let outcome = catch_unwind(AssertUnwindSafe(job));
                if done.send((number, outcome)).is_err() {
                    return;
                }
            }
        }));
    }

    /// The result of the oldest job that was not taken; `None` where there is none.
    /// A panic of the job goes on here.
    pub(super) fn take(&mut self) -> Option<T> {
        if self.in_flight() == 0 {
            return None;
        }
        let number = self.taken;
        self.taken += 1;
        if let Some(job) = self.inline.pop_front() {
            return Some(job());
        }
        loop {
            if let Some(outcome) = self.early.remove(&number) {
                return Some(outcome.unwrap_or_else(|panic| resume_unwind(panic)));
            }
            // Cannot fail: the pool itself keeps a sender.
            let (number, outcome) = self.results.recv().ok()?;
            self.early.insert(number, outcome);
        }
    }
}

impl<T> Drop for Pool<T> {
    fn drop(&mut self) {
        self.watch.cancelled.store(true, Ordering::Relaxed);
        self.budget.close();
        self.jobs = None;
        for worker in self.workers.drain(..) {
            // Jobs' panics were caught; there is nothing else to learn from a worker.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for threads in 1..=4 {
            let mut pool = Pool::new(threads, Budget::new(0), None, None);
            for i in 0..40u64 {
                pool.submit(move |ticket, _| {
                    let _permit = ticket.acquire(1);
                    std::thread::sleep(Duration::from_micros(i * 37 % 500));
                    i
                });
            }
            let results: Vec<u64> = std::iter::from_fn(|| pool.take()).collect();
            assert_eq!(results, (0..40).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_dropped_pool_does_not_wait_for_the_rest() {
        let mut pool = Pool::new(2, Budget::new(1), None, None);
        for _ in 0..10 {
            pool.submit(|ticket, watch| {
                let permit = ticket.acquire(1);
                while !watch.is_cancelled() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                permit
            });
        }
        drop(pool);
    }

    #[test]
    fn progress_counts_what_all_jobs_do() {
        for threads in 1..=3 {
            let progress = Progress::default();
            let mut pool = Pool::new(threads, Budget::new(0), Some(progress.clone()), None);
            for i in 0..10 {
                pool.submit(move |_, watch| watch.advance(i));
            }
            while pool.take().is_some() {}
            assert_eq!(progress.bytes(), 45);
        }
    }

    #[test]
    #[should_panic(expected = "of the job")]
    fn a_panic_reaches_the_caller() {
        let mut pool = Pool::new(2, Budget::new(1), None, None);
        pool.submit(|_, _| panic!("of the job"));
        pool.take();
    }
}
