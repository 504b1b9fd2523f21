//! A stream: `cm` with a network as its adviser, one for each lane.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use umoec_codec::plugin::{DecisionCoder, Helpers, PredictorState};
use umoec_codec::{Error, Result};
use umoec_predictor_cm::{Adviser, start_advised, start_lanes};
use umoec_predictor_onnx::{Network, Pair, Regions, Running, spared};

use crate::params::Lanes;

/// Bytes that the network takes in, at most, after it rested: enough for its view of the last words. (600 kB of
/// Rust: 55,847 bytes with 8, 55,771 with 16; 56,435 with only the last.)
const CAUGHT_UP: usize = 16;

/// A state at the beginning of a stream of `len` bytes, under these parameters of `cm`. The network rests where
/// a match has at least `rest` bytes.
pub(crate) fn start(
    cm: &[u8],
    len: u64,
    network: &Network,
    rest: u32,
    lanes: Option<Lanes>,
) -> Result<State> {
    let told = Arc::new(Told::default());
    let adviser = |pair| -> Result<Advice> {
        Ok(Advice {
            network: network.start()?,
            pair,
            taken: 0,
            told: Arc::clone(&told),
        })
    };
    let mixer = match lanes {
        None => start_advised(cm, len, adviser(None)?, rest)?,
        Some(lanes) => {
            // One for every other lane: two make their steps together.
            let advisers = (0..lanes.count).map(|lane| match lane % 2 {
                0 => adviser(network.pair()?.map(Box::new)),
                _ => adviser(None),
            });
            let advisers = advisers.collect::<Result<_>>()?;
            start_lanes(cm, len, advisers, lanes.segment(), rest)?
        }
    };
    Ok(State {
        mixer,
        told,
        macs: network.macs(),
        coded: 0,
    })
}

/// What the networks of a stream tell.
#[derive(Default)]
struct Told {
    /// Bytes that they were asked about.
    asked: AtomicU64,
    /// Steps that they made.
    steps: AtomicU64,
    /// What its parts under conditions computed in these, and left out.
    run: AtomicU64,
    skipped: AtomicU64,
    failure: Mutex<Option<Error>>,
}

impl Told {
    fn failure(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        // Only replaced as a whole: a panic elsewhere leaves it sound.
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The network as `cm` sees it.
struct Advice {
    network: Running,
    /// What this one and another make their steps together with; either of the two may have it.
    pair: Option<Box<Pair>>,
    /// Bytes of the stream up to the last that the network took in.
    taken: usize,
    told: Arc<Told>,
}

impl Advice {
    /// The first of the bytes that the network takes in before it speaks of the one behind `history`.
    fn first(&self, history: &[u8]) -> usize {
        self.taken.max(history.len().saturating_sub(CAUGHT_UP))
    }

    /// The network was asked behind `history`, and made so many steps.
    fn note(&mut self, history: &[u8], steps: usize) {
        self.taken = history.len();
        self.told.asked.fetch_add(1, Ordering::Relaxed);
        self.told.steps.fetch_add(steps as u64, Ordering::Relaxed);
    }

    /// Tells what a step computed and left out.
    fn count(&self, Regions { run, skipped }: Regions) {
        if run + skipped > 0 {
            self.told.run.fetch_add(run, Ordering::Relaxed);
            self.told.skipped.fetch_add(skipped, Ordering::Relaxed);
        }
    }
}

impl Adviser for Advice {
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
        let first = self.first(history);
        self.note(history, (history.len() - first).max(1));
        // Of the steps before this one.
        let regions = self.network.regions();
        self.count(regions);
        let next = match &history[first..] {
            [] => self.network.next(None),
            [before @ .., last] => self
                .network
                .take(before)
                .and_then(|()| self.network.next(Some(*last))),
        };
        match next {
            Ok(weights) => Some(weights),
            Err(error) => {
                *self.told.failure() = Some(error);
                None
            }
        }
    }

    fn advise_both<'a>(
        [one, other]: [&'a mut Self; 2],
        [first, second]: [&[u8]; 2],
    ) -> Option<[&'a [u32; 256]; 2]> {
        // Lanes move on from superblock to superblock, and so do their neighbours.
        if one.pair.is_none() {
            one.pair = other.pair.take();
        }
        let single = one.first(first) + 1 == first.len() && other.first(second) + 1 == second.len();
        let (Some(_), true, Some(&last), Some(&its)) =
            (&one.pair, single, first.last(), second.last())
        else {
            return if Self::part([&mut *one, &mut *other]) {
                Some([one.advise(first)?, other.advise(second)?])
            } else {
                None
            };
        };
        one.note(first, 1);
        other.note(second, 1);
        let regions = one.pair.as_mut()?.regions();
        one.count(regions);
        let pair = one.pair.as_mut()?;
        match pair.next([&mut one.network, &mut other.network], [last, its]) {
            Ok(weights) => Some(weights),
            Err(error) => {
                *one.told.failure() = Some(error);
                None
            }
        }
    }

    fn part([one, other]: [&mut Self; 2]) -> bool {
        let Some(pair) = &mut one.pair else {
            return true;
        };
        let parted = pair.part([&mut one.network, &mut other.network]);
        parted
            .map_err(|error| *one.told.failure() = Some(error))
            .is_ok()
    }
}

/// The state of a stream.
pub(crate) struct State {
    mixer: Box<dyn PredictorState>,
    told: Arc<Told>,
    /// Multiplications of a step.
    macs: u64,
    /// Bytes coded, those of lanes that are ahead not counted.
    coded: u64,
}

impl PredictorState for State {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        let before = history.len();
        self.mixer.code(len, coder, history);
        self.coded += (history.len() - before) as u64;
    }

    fn assist(&mut self, helpers: &Helpers) {
        self.mixer.assist(helpers);
    }

    fn failure(&mut self) -> Option<Error> {
        self.told.failure().take()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let left = |done: &AtomicU64| self.coded.saturating_sub(done.load(Ordering::Relaxed));
        let [run, skipped] =
            [&self.told.run, &self.told.skipped].map(|n| n.load(Ordering::Relaxed));
        let mut counts = vec![
            ("bytes at which the network rested", left(&self.told.asked)),
            ("steps that the network was spared", left(&self.told.steps)),
        ];
        counts.extend(spared(Regions { run, skipped }, self.macs));
        counts
    }
}
