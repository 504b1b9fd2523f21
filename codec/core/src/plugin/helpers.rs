//! Threads that have nothing to do at the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

/// How many of the threads that the caller allows are idle. A clone is the same count.
///
/// Who works takes a thread, be there one or not; who could use one more borrows it, if one is idle.
#[derive(Debug, Clone, Default)]
pub struct Helpers(Arc<AtomicIsize>);

/// A thread that was taken, until this is dropped.
#[derive(Debug)]
pub struct Helper(Helpers);

impl Helpers {
    /// So many idle threads.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let threads = isize::try_from(threads).unwrap_or(isize::MAX);
        Self(Arc::new(AtomicIsize::new(threads)))
    }

    /// Takes a thread for work that has to be done anyway.
    #[must_use]
    pub fn take(&self) -> Helper {
        self.0.fetch_sub(1, Ordering::AcqRel);
        Helper(self.clone())
    }

    /// Takes a thread if one is idle.
    #[must_use]
    pub fn borrow(&self) -> Option<Helper> {
        let one_less = |idle: isize| (idle > 0).then_some(idle - 1);
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less)
            .ok()?;
        Some(Helper(self.clone()))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_idle_threads_are_lent() {
        let threads = Helpers::new(2);
        let work = threads.take();
        let helper = threads.borrow();
        assert!(helper.is_some() && threads.borrow().is_none());
        // More work than threads.
        let more = threads.take();
        drop(helper);
        assert!(threads.borrow().is_none());
        drop((more, work));
        assert!(threads.borrow().is_some());
        assert!(Helpers::default().borrow().is_none());
    }
}
