//! Lanes: segments of a moving superblock that one model codes in turn, a byte of each at a time. While
//! one lane's byte is coded, the other lanes' advisers may think (`plugins/predictor-mix/spec.md`, section 5).

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{hint, thread};

use umoec_codec::Result;
use umoec_codec::limits::reserve_towards;
use umoec_codec::plugin::{DecisionCoder, Helpers, PredictorState};

use crate::advice::{Advised, Adviser, Opinion};
use crate::matcher::Follower;
use crate::model::Model;
use crate::params::Params;
use crate::simd::{Job, Kernel, Ops};
use crate::tracker::Tracker;

/// Turns that never come: somebody gave up, or the first thread had enough of waiting.
const GIVEN_UP: usize = usize::MAX;
const STOPPED: usize = usize::MAX - 1;
/// Looks at the turn before a thread lets others run: longer than a byte takes.
const PATIENCE: u32 = 1 << 11;
/// Steps between two looks at the clock.
const STEPS_PER_LOOK: usize = 16;

/// One lane.
struct Lane<A> {
    adviser: A,
    opinion: Opinion,
    /// Whether that is the opinion on the next byte.
    thought: bool,
    tracker: Box<Tracker>,
    followers: Vec<Follower>,
    /// The bytes that this lane coded, which is what its adviser sees.
    own: Vec<u8>,
    /// Where in the stream it is, and where its segment ends.
    at: usize,
    end: usize,
}

/// What the lanes have together.
struct Common {
    model: Model<Advised<()>>,
    /// The stream; 0 where no lane has been.
    stream: Vec<u8>,
}

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
        let model = Model::new(params, len, Advised::new((), rest)?)?;
        let lane = |adviser| {
            Ok(Lane {
                adviser,
                opinion: Opinion::new(),
                thought: false,
                tracker: Box::new(Tracker::without_pairs(params)?),
                followers: vec![Follower::default(); params.recipe.matches.len()],
                own: Vec::new(),
                at: 0,
                end: 0,
            })
        };
        Ok(Self {
            lanes: advisers.into_iter().map(lane).collect::<Result<_>>()?,
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

/// Whether the second thread is worth having: on a busy machine two threads that wait for one another can be slower than
/// one. What is coded does not depend on it.
#[derive(Default)]
struct Pace {
    /// Seconds a step takes on one thread, the least of late; 0 where that is not known.
    alone: f64,
    /// Calls on one thread before two are tried again, and how many that will be if they are slower again.
    wait: u32,
    patience: u32,
    /// Calls on two threads since one was looked at.
    streak: u32,
    /// Stops two threads as soon as it looks.
    #[cfg(test)]
    hurries: bool,
}

impl Pace {
    /// Steps of a call, and of one that tries something. A call on two threads starts one, so it should not be short.
    const STEPS: usize = 4096;
    const TRIAL: usize = 64;
    /// Bounds of `patience`.
    const PATIENCE: [u32; 2] = [8, 1024];
    /// Calls on one thread at first: a single one may have been interrupted.
    const AT_FIRST: u32 = 3;
    /// Calls on two threads before one is looked at again, and by how much more it may have become slower each time.
    const STREAK: u32 = 16;
    const SLOWER: f64 = 1.2;

    /// Whether the next call should be on two threads, if there are two.
    fn with_two(&self, two: bool) -> bool {
        two && self.alone > 0.0 && self.wait == 0 && self.streak < Self::STREAK
    }

    /// Steps of the next call.
    fn steps(&self, two: bool) -> usize {
        let sure = self.patience == Self::PATIENCE[0];
        let waits = two && self.wait > Self::AT_FIRST;
        if (self.with_two(two) && sure) || waits || !two {
            Self::STEPS
        } else {
            Self::TRIAL
        }
    }

    /// What a call of so many steps on two threads may take.
    fn most(&self, steps: usize) -> Duration {
        #[cfg(test)]
        if self.hurries {
            return Duration::ZERO;
        }
        // Somewhat more than on one, and the time that a thread needs to begin.
        Duration::from_secs_f64(self.alone * steps as f64 * 1.25) + Duration::from_micros(500)
    }

    /// That call took so many seconds a step.
    fn note(&mut self, two: bool, seconds: f64) {
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

impl<A: Adviser> Lane<A> {
    /// Asks the adviser about the next byte.
    #[inline(always)]
    fn think(&mut self, rest: u32) -> bool {
        if self.thought {
            return true;
        }
        let lengths = self.followers.iter().map(Follower::length);
        let length = lengths.into_iter().find(|&n| n != 0).unwrap_or(0);
        self.thought = self
            .opinion
            .form(&mut self.adviser, &self.own, length, rest);
        self.thought
    }

    /// Codes the next byte.
    #[inline(always)]
    fn code<O: Ops>(&mut self, common: &mut Common, coder: &mut dyn DecisionCoder) {
        let (model, stream) = (&mut common.model, &mut common.stream);
        model.exchange(&mut self.tracker, &mut self.followers);
        std::mem::swap(&mut model.advice.opinion, &mut self.opinion);
        coder.seek(self.at);
        let byte = model.byte::<O>(coder, &stream[..self.at]);
        stream[self.at] = byte;
        self.at += 1;
        model.end_byte(byte, &stream[..self.at]);
        std::mem::swap(&mut model.advice.opinion, &mut self.opinion);
        model.exchange(&mut self.tracker, &mut self.followers);
        self.own.push(byte);
        self.thought = false;
    }
}

/// All lanes on one thread.
struct Alone<'a, A> {
    lanes: &'a mut [Lane<A>],
    steps: usize,
    rest: u32,
    common: &'a mut Common,
    coder: &'a mut dyn DecisionCoder,
    done: &'a mut bool,
}

impl<A: Adviser> Job for Alone<'_, A> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        for _ in 0..self.steps {
            // The lanes of the last superblock end one after another.
            for lane in self.lanes.iter_mut().filter(|lane| lane.at < lane.end) {
                if !lane.think(self.rest) {
                    return;
                }
                lane.code::<O>(self.common, self.coder);
            }
        }
        *self.done = true;
    }
}

/// Whose turn it is to code: counts the bytes of all lanes.
#[derive(Default)]
struct Turn(AtomicUsize);

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
type Shared<'a, 'b> = Mutex<(&'a mut Common, &'b mut (dyn DecisionCoder + Send))>;

/// Some of the lanes on one of two threads.
struct Shift<'a, 'b, 'c, A> {
    lanes: &'a mut [Lane<A>],
    /// The first one's number, and how many there are on both threads.
    number: usize,
    count: usize,
    steps: usize,
    rest: u32,
    shared: &'a Shared<'b, 'c>,
    turn: &'a Turn,
    /// When the first thread stops both.
    deadline: Instant,
    /// Steps that both have done.
    done: &'a AtomicUsize,
}

impl<A: Adviser> Job for Shift<'_, '_, '_, A> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        let mut unfinished = Unfinished(self.turn, false);
        for step in 0..self.steps {
            for lane in self.lanes.iter_mut().filter(|lane| lane.at < lane.end) {
                if !lane.think(self.rest) {
                    return;
                }
            }
            let first = step * self.count + self.number;
            if !self.turn.wait(first) {
                unfinished.1 = self.turn.0.load(Ordering::Acquire) == STOPPED;
                return;
            }
            if self.number == 0 {
                // The other thread has done all steps before this one.
                self.done.store(step, Ordering::Release);
                if step % STEPS_PER_LOOK == STEPS_PER_LOOK - 1 && Instant::now() > self.deadline {
                    self.turn.0.store(STOPPED, Ordering::Release);
                    unfinished.1 = true;
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
        unfinished.1 = true;
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
mod tests {
    use super::*;
    use crate::presets;
    use umoec_codec::probability::{BitProbability, ByteDistribution};

    /// Answers with `data` and keeps every probability it was asked under, with the place.
    struct Recorder<'a> {
        data: &'a [u8],
        at: usize,
        bits: u32,
        asked: Vec<(usize, u32)>,
        shareable: bool,
    }

    impl DecisionCoder for Recorder<'_> {
        fn bit(&mut self, one: BitProbability) -> bool {
            self.asked.push((self.at, one.one()));
            let bit = self.data[self.at] >> (7 - self.bits) & 1 == 1;
            self.bits += 1;
            bit
        }

        fn byte(&mut self, _: &ByteDistribution) -> u8 {
            unreachable!("cm codes bits")
        }

        fn seek(&mut self, position: usize) {
            (self.at, self.bits) = (position, 0);
        }

        fn shareable(&mut self) -> Option<&mut (dyn DecisionCoder + Send)> {
            self.shareable.then_some(self as _)
        }
    }

    /// Expects the byte that followed the last byte's last occurrence in its lane; fails behind so many bytes.
    struct Echo(usize, [u32; 256]);

    impl Adviser for Echo {
        fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
            self.1.fill(1);
            let (last, before) = history.split_last()?;
            let next = before
                .iter()
                .rposition(|b| b == last)
                .map(|at| history[at + 1]);
            self.1[usize::from(next.unwrap_or(*last))] = 1 << 12;
            (history.len() < self.0).then_some(&self.1)
        }
    }

    /// Never asked before a lane's first byte.
    struct Started(Echo);

    impl Adviser for Started {
        fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
            if history.is_empty() {
                self.0.1.fill(1);
                return Some(&self.0.1);
            }
            self.0.advise(history)
        }
    }

    const SEGMENT: usize = 500;

    fn content(len: usize) -> Vec<u8> {
        (0..len)
            .map(|i| b"Turn by turn, lane by lane. "[(i * i / 7 + i) % 28])
            .collect()
    }

    fn lanes(count: usize, len: usize, patience: usize) -> Lanes<Started> {
        let preset = presets::all()
            .iter()
            .find(|p| p.name == "deep-record")
            .unwrap();
        let params = Params {
            recipe: preset.recipe.clone(),
            preset: preset.number,
            size: Params::size_for(1 << 10),
            strides: [3, 12],
            numbers: Default::default(),
        };
        let advisers = (0..count).map(|_| Started(Echo(patience, [1; 256])));
        let segment = NonZeroUsize::new(SEGMENT).unwrap();
        Lanes::new(&params, len as u64, advisers.collect(), segment, 20).unwrap()
    }

    /// The decisions, and the bytes that came of it in pieces.
    fn run(mut state: Lanes<Started>, data: &[u8], threads: usize) -> (Vec<(usize, u32)>, Vec<u8>) {
        let mut coder = Recorder {
            data,
            at: 0,
            bits: 0,
            asked: Vec::new(),
            shareable: threads > 1,
        };
        state.assist(&Helpers::new(threads - 1));
        let mut history = Vec::new();
        while history.len() < data.len() {
            let before = history.len();
            state.code(333.min(data.len() - before), &mut coder, &mut history);
            if history.len() == before {
                break;
            }
        }
        (coder.asked, history)
    }

    #[test]
    fn two_threads_make_the_decisions_of_one() {
        for count in [2, 3, 8] {
            // Two superblocks, and one whose last lanes have less than the others, or nothing.
            for rest in [0, 1, 5, 501, 1499] {
                let data = content(2 * count * SEGMENT + rest);
                let (one, bytes) = run(lanes(count, data.len(), usize::MAX), &data, 1);
                assert!(bytes == data);
                let (two, bytes) = run(lanes(count, data.len(), usize::MAX), &data, 2);
                assert!(bytes == data && one == two, "{count} lanes");
                let mut places: Vec<_> = one.iter().step_by(8).map(|(at, _)| *at).collect();
                assert_eq!(
                    places[..count],
                    (0..count).map(|l| l * SEGMENT).collect::<Vec<_>>()
                );
                places.sort_unstable();
                assert!(
                    places.into_iter().eq(0..data.len()),
                    "each byte is coded once"
                );
            }
        }
    }

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
        assert_eq!(calls(9.0, 1000), 7, "behind 3, 8, 16, 32, 64, ... calls");
        // Once it pays, it stays, but for a look at one thread now and then.
        assert!(calls(0.6, 3000) > 2000);
        assert_eq!(calls(0.6, 170), 160);
        assert!(!pace.with_two(false));
    }

    #[test]
    fn threads_that_are_stopped_half_way_make_the_same_decisions() {
        let data = content(9 * SEGMENT + 77);
        let (one, _) = run(lanes(3, data.len(), usize::MAX), &data, 1);
        let mut hurried = lanes(3, data.len(), usize::MAX);
        hurried.pace.hurries = true;
        let (two, bytes) = run(hurried, &data, 2);
        assert!(bytes == data && one == two);
    }

    #[test]
    fn an_adviser_that_fails_ends_it_for_all() {
        let data = content(4 * SEGMENT);
        for threads in [1, 2] {
            let (_, bytes) = run(lanes(2, data.len(), SEGMENT + 9), &data, threads);
            assert!(bytes == data[..2 * SEGMENT]);
        }
    }

    #[test]
    fn lanes_learn_from_one_another() {
        // The second lane's bytes are the first one's, but later.
        let half: Vec<u8> = content(9000)
            .iter()
            .enumerate()
            .map(|(i, b)| b ^ ((i * i) >> 9) as u8)
            .collect();
        let cost = |asked: &[(usize, u32)], data: &[u8]| -> f64 {
            let mut bits = [0u32; 1 << 15];
            let costs = asked.iter().map(|&(at, one)| {
                let bit = data[at] >> (7 - bits[at]) & 1 == 1;
                bits[at] += 1;
                16.0 - f64::from(if bit { one } else { 65_536 - one }).log2()
            });
            costs.sum()
        };
        let alone = {
            let (asked, _) = run(lanes(2, 2 * SEGMENT, usize::MAX), &half[..2 * SEGMENT], 1);
            cost(&asked, &half)
        };
        let data = [&half[..SEGMENT], &half[..SEGMENT]].concat();
        let (asked, _) = run(lanes(2, data.len(), usize::MAX), &data, 1);
        assert!(cost(&asked, &data) < 0.9 * alone);
    }
}
