//! Lanes: segments of a moving superblock that one model codes in turn, a byte of each at a time. While
//! one lane's byte is coded, the other lanes' advisers may think (`plugins/predictor-mix/spec.md`, section 5).

mod lane;
mod pace;
mod work;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use umoec_codec::Result;
use umoec_codec::limits::reserve_towards;
use umoec_codec::plugin::{DecisionCoder, Helpers, PredictorState};

use self::lane::{Common, Lane};
use self::pace::Pace;
use self::work::{Alone, GIVEN_UP, Shift, Turn};
use crate::advice::{Advised, Adviser};
use crate::model::Model;
use crate::params::Params;
use crate::simd::Kernel;

/// A stream in lanes.
pub(crate) struct Lanes<A> {
    lanes: Vec<Lane<A>>,
    common: Common,
    rest: u32,
    /// Bytes of a whole segment.
    segment: usize,
    /// Bytes of the stream.
    len: usize,
    /// Bytes that the caller has been given.
    given: usize,
    /// Whether an adviser gave up.
    failed: bool,
    pace: Pace,
    kernel: Kernel,
    helpers: Helpers,
}

impl<A: Adviser + Send> Lanes<A> {
    /// A stream of `len` bytes, in as many lanes as there are advisers.
    pub(crate) fn new(
        params: &Params,
        len: u64,
        advisers: Vec<A>,
        segment: NonZeroUsize,
        rest: u32,
    ) -> Result<Self> {
        let model = Model::new(params, len, Advised::new((), rest, len)?)?;
        Ok(Self {
            lanes: advisers
                .into_iter()
                .map(|adviser| Lane::new(params, adviser))
                .collect::<Result<_>>()?,
            common: Common {
                model,
                stream: Vec::new(),
            },
            rest,
            segment: segment.get(),
            // Longer streams do not fit the address space, and are refused before.
            len: usize::try_from(len).unwrap_or(usize::MAX),
            given: 0,
            failed: false,
            pace: Pace::default(),
            kernel: Kernel::detect(),
            helpers: Helpers::default(),
        })
    }

    /// Bytes that lanes take beside the model and the advisers, for a stream of `len` bytes.
    pub(crate) fn memory(lanes: u64, len: u64) -> u64 {
        // The stream, and the lanes' own bytes; trackers and opinions.
        2 * len + lanes * (16 << 10)
    }

    /// Codes the next superblock. `false` where an adviser failed.
    fn superblock(&mut self, coder: &mut dyn DecisionCoder) -> bool {
        let base = self.common.stream.len();
        let count = self.lanes.len();
        let size = (self.segment * count).min(self.len - base);
        let segment = if size == self.segment * count {
            self.segment
        } else {
            size.div_ceil(count)
        };
        // The last one goes on where it is.
        self.lanes.rotate_right(1);
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            lane.at = (base + number * segment).min(base + size);
            lane.end = (lane.at + segment).min(base + size);
            lane.tracker.jump(lane.at);
            let more = lane.end - lane.at;
            reserve_towards(&mut lane.own, more, self.len.div_ceil(count) + more);
        }
        reserve_towards(&mut self.common.stream, size, self.len);
        self.common.stream.resize(base + size, 0);
        let helper = self.helpers.borrow();
        let mut left = segment;
        while left > 0 {
            let two = helper.is_some() && coder.shareable().is_some();
            let steps = self.pace.steps(two).min(left);
            let began = Instant::now();
            let done = match (self.pace.with_two(two), coder.shareable()) {
                (true, Some(coder)) => self.together(steps, began + self.pace.most(steps), coder),
                _ => self.alone(steps, coder),
            };
            let Some(done) = done else {
                return false;
            };
            let seconds = began.elapsed().as_secs_f64();
            self.pace.note(two, seconds / done.max(1) as f64);
            left -= done;
        }
        true
    }

    /// So many bytes of each lane on this thread. How many that were; `None` where an adviser failed.
    fn alone(&mut self, steps: usize, coder: &mut dyn DecisionCoder) -> Option<usize> {
        let mut done = false;
        self.kernel.run(Alone {
            lanes: &mut self.lanes,
            steps,
            rest: self.rest,
            common: &mut self.common,
            coder,
            done: &mut done,
        });
        done.then_some(steps)
    }

    /// The same on two threads, or fewer bytes where that takes too long.
    fn together(
        &mut self,
        steps: usize,
        deadline: Instant,
        coder: &mut (dyn DecisionCoder + Send),
    ) -> Option<usize> {
        let (kernel, rest, count) = (self.kernel, self.rest, self.lanes.len());
        let (turn, done) = (Turn::default(), AtomicUsize::new(0));
        let shared = Mutex::new((&mut self.common, coder));
        let half = count / 2;
        let (first, second) = self.lanes.split_at_mut(half);
        let work = |lanes, number| Shift {
            lanes,
            number,
            count,
            steps,
            rest,
            shared: &shared,
            turn: &turn,
            deadline,
            done: &done,
        };
        let (first, second) = (work(first, 0), work(second, half));
        thread::scope(|scope| {
            scope.spawn(|| kernel.run(second));
            kernel.run(first);
        });
        (turn.0.load(Ordering::Acquire) != GIVEN_UP).then(|| done.into_inner())
    }
}

impl<A: Adviser + Send> PredictorState for Lanes<A> {
    fn code(&mut self, mut len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        while len > 0 {
            if self.given == self.common.stream.len() {
                if self.failed || self.given == self.len {
                    // No advice, or more than the stream has: the caller will say so.
                    return;
                }
                if !self.superblock(coder) {
                    self.failed = true;
                    self.common.stream.truncate(self.given);
                    return;
                }
            }
            let piece = len.min(self.common.stream.len() - self.given);
            let end = self.given + piece;
            history.extend_from_slice(&self.common.stream[self.given..end]);
            self.given = end;
            len -= piece;
        }
    }

    fn assist(&mut self, helpers: &Helpers) {
        self.helpers = helpers.clone();
    }
}

#[cfg(test)]
mod tests;
