//! How many threads a stream in lanes is worth at the time.

use std::time::Duration;

/// Whether the second thread is worth having: on a busy machine two threads that wait for one another can be slower than
/// one. What is coded does not depend on it.
#[derive(Default)]
pub(super) struct Pace {
    /// Seconds a step takes on one thread, the least of late; 0 where that is not known.
    alone: f64,
    /// Calls on one thread before two are tried again, and how many that will be if they are slower again.
    wait: u32,
    patience: u32,
    /// Calls on two threads since one was looked at.
    streak: u32,
    /// Stops two threads as soon as it looks.
    #[cfg(test)]
    pub(super) hurries: bool,
}

impl Pace {
    /// Steps of a call, and of one that tries something. A call on two threads starts one, on a core whose caches know nothing of the
    /// work: of 64 steps it is slower than one thread where of 4096 it takes two thirds of the time.
    const STEPS: usize = 4096;
    const TRIAL: usize = 1024;
    /// Bounds of `patience`. A call that is given up costs a quarter of a trial, so the greatest loss is 2 %, and 0.1 % where it goes on.
    const PATIENCE: [u32; 2] = [4, 64];
    /// Calls on one thread at first: a single one may have been interrupted.
    const AT_FIRST: u32 = 3;
    /// Calls on two threads before one is looked at again, and by how much more it may have become slower each time.
    const STREAK: u32 = 16;
    const SLOWER: f64 = 1.2;

    /// Whether the next call should be on two threads, if there are two.
    pub(super) fn with_two(&self, two: bool) -> bool {
        two && self.alone > 0.0 && self.wait == 0 && self.streak < Self::STREAK
    }

    /// Steps of the next call.
    pub(super) fn steps(&self, two: bool) -> usize {
        let sure = self.patience == Self::PATIENCE[0];
        let waits = two && self.wait > Self::AT_FIRST;
        if (self.with_two(two) && sure) || waits || !two {
            Self::STEPS
        } else {
            Self::TRIAL
        }
    }

    /// What a call of so many steps on two threads may take.
    pub(super) fn most(&self, steps: usize) -> Duration {
        #[cfg(test)]
        if self.hurries {
            return Duration::ZERO;
        }
        // Somewhat more than on one, and the time that a thread needs to begin.
        Duration::from_secs_f64(self.alone * steps as f64 * 1.25) + Duration::from_micros(500)
    }

    /// That call took so many seconds a step.
    pub(super) fn note(&mut self, two: bool, seconds: f64) {
        let [least, most] = Self::PATIENCE;
        if !self.with_two(two) {
            if self.alone == 0.0 {
                (self.alone, self.wait) = (seconds, Self::AT_FIRST);
            }
            self.alone = seconds.min(self.alone * Self::SLOWER);
            self.wait = self.wait.saturating_sub(1);
            self.streak = 0;
        } else if seconds < self.alone {
            self.patience = least;
            self.streak += 1;
        } else {
            self.wait = self.patience.max(least);
            self.patience = (2 * self.wait).min(most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_that_are_slower_are_tried_less_and_less_often() {
        let mut pace = Pace::default();
        // How long one step takes on two threads, and which of so many calls were on two.
        let mut calls = |seconds: f64, calls: usize| {
            let call = |_| {
                let two = pace.with_two(true);
                pace.note(true, if two { seconds } else { 1.0 });
                usize::from(two)
            };
            (0..calls).map(call).sum::<usize>()
        };
        assert_eq!(
            calls(9.0, 1000),
            19,
            "behind 3, 4, 8, 16, 32, 64, 64, ... calls"
        );
        // Once it pays, it stays, but for a look at one thread now and then.
        assert!(calls(0.6, 3000) > 2000);
        assert_eq!(calls(0.6, 170), 160);
        assert!(!pace.with_two(false));
    }
}
