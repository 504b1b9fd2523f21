//! The bytes of a superblock, coded by one thread or by two that take turns.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use std::{hint, thread};

use umoec_codec::plugin::DecisionCoder;

use super::lane::{Common, Lane, part, think};
use crate::advice::Adviser;
use crate::simd::{Job, Ops};

/// Turns that never come: somebody gave up, or the first thread had enough of waiting.
pub(super) const GIVEN_UP: usize = usize::MAX;
const STOPPED: usize = usize::MAX - 1;
/// Looks at the turn before a thread lets others run: longer than a byte takes.
const PATIENCE: u32 = 1 << 11;
/// Steps between two looks at the clock.
const STEPS_PER_LOOK: usize = 16;

/// All lanes on one thread.
pub(super) struct Alone<'a, A> {
    pub(super) lanes: &'a mut [Lane<A>],
    pub(super) steps: usize,
    pub(super) rest: u32,
    pub(super) common: &'a mut Common,
    pub(super) coder: &'a mut dyn DecisionCoder,
    pub(super) done: &'a mut bool,
}

impl<A: Adviser> Job for Alone<'_, A> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        for _ in 0..self.steps {
            if !think(self.lanes, self.rest) {
                return;
            }
            // The lanes of the last superblock end one after another.
            for lane in self.lanes.iter_mut().filter(|lane| lane.at < lane.end) {
                lane.code::<O>(self.common, self.coder);
            }
        }
        *self.done = part(self.lanes);
    }
}

/// Whose turn it is to code: counts the bytes of all lanes.
#[derive(Default)]
pub(super) struct Turn(pub(super) AtomicUsize);

impl Turn {
    /// Waits for that turn. `false` where it does not come.
    #[inline(always)]
    fn wait(&self, for_turn: usize) -> bool {
        let mut looks = 0;
        loop {
            match self.0.load(Ordering::Acquire) {
                GIVEN_UP | STOPPED => return false,
                turn if turn == for_turn => return true,
                _ => {}
            }
            looks += 1;
            if looks < PATIENCE {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

/// Gives up for all, unless the work is done or stopped: a panic must not leave the other thread waiting.
struct Unfinished<'a>(&'a Turn, bool);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.0.store(GIVEN_UP, Ordering::Release);
        }
    }
}

/// What a thread needs while it codes.
pub(super) type Shared<'a, 'b> = Mutex<(&'a mut Common, &'b mut (dyn DecisionCoder + Send))>;

/// Some of the lanes on one of two threads.
pub(super) struct Shift<'a, 'b, 'c, A> {
    pub(super) lanes: &'a mut [Lane<A>],
    /// The first one's number, and how many there are on both threads.
    pub(super) number: usize,
    pub(super) count: usize,
    pub(super) steps: usize,
    pub(super) rest: u32,
    pub(super) shared: &'a Shared<'b, 'c>,
    pub(super) turn: &'a Turn,
    /// When the first thread stops both.
    pub(super) deadline: Instant,
    /// Steps that both have done.
    pub(super) done: &'a AtomicUsize,
}

impl<A: Adviser> Job for Shift<'_, '_, '_, A> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        let mut unfinished = Unfinished(self.turn, false);
        for step in 0..self.steps {
            if !think(self.lanes, self.rest) {
                return;
            }
            let first = step * self.count + self.number;
            if !self.turn.wait(first) {
                let stopped = self.turn.0.load(Ordering::Acquire) == STOPPED;
                unfinished.1 = stopped && part(self.lanes);
                return;
            }
            if self.number == 0 {
                // The other thread has done all steps before this one.
                self.done.store(step, Ordering::Release);
                if step % STEPS_PER_LOOK == STEPS_PER_LOOK - 1 && Instant::now() > self.deadline {
                    self.turn.0.store(STOPPED, Ordering::Release);
                    unfinished.1 = part(self.lanes);
                    return;
                }
            }
            {
                // Nobody waits here: turns come one after another.
                let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                let (common, coder) = &mut *shared;
                for lane in self.lanes.iter_mut().filter(|lane| lane.at < lane.end) {
                    lane.code::<O>(common, &mut **coder);
                }
            }
            self.turn
                .0
                .store(first + self.lanes.len(), Ordering::Release);
        }
        if self.number == 0 {
            self.done.store(self.steps, Ordering::Release);
        }
        unfinished.1 = part(self.lanes);
    }
}
