use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use umoec_codec::plugin::{DecisionCoder, Helpers, PredictorState};

use super::Lanes;
use crate::advice::Adviser;
use crate::params::Params;
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

/// Never asked before a lane's first byte; alone only while it is not together with another.
struct Started {
    echo: Echo,
    together: bool,
    /// How often two were asked together.
    pairs: Arc<AtomicUsize>,
}

impl Adviser for Started {
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
        assert!(!self.together, "asked alone, though not parted");
        if history.is_empty() {
            self.echo.1.fill(1);
            return Some(&self.echo.1);
        }
        self.echo.advise(history)
    }

    fn advise_both<'a>(
        [one, other]: [&'a mut Self; 2],
        [first, second]: [&[u8]; 2],
    ) -> Option<[&'a [u32; 256]; 2]> {
        assert_eq!(one.together, other.together);
        Self::part([&mut *one, &mut *other]);
        one.pairs.fetch_add(1, Ordering::Relaxed);
        let done = one.advise(first).is_some() && other.advise(second).is_some();
        (one.together, other.together) = (true, true);
        done.then_some([&one.echo.1, &other.echo.1])
    }

    fn part([one, other]: [&mut Self; 2]) -> bool {
        (one.together, other.together) = (false, false);
        true
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
    let pairs = Arc::new(AtomicUsize::new(0));
    let advisers = (0..count).map(|_| Started {
        echo: Echo(patience, [1; 256]),
        together: false,
        pairs: Arc::clone(&pairs),
    });
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

#[test]
fn neighbours_are_asked_together_where_both_want_to_know() {
    let data = content(6 * SEGMENT);
    for (count, threads, some) in [(2, 1, true), (3, 1, true), (2, 2, true), (4, 2, true)] {
        let state = lanes(count, data.len(), usize::MAX);
        let pairs = Arc::clone(&state.lanes[0].adviser().pairs);
        let (_, bytes) = run(state, &data, threads);
        assert!(bytes == data);
        let pairs = pairs.load(Ordering::Relaxed);
        assert_eq!(pairs > 0, some, "{count} lanes, {threads} threads");
        // Where matches are long nobody is asked.
        assert!(2 * pairs < data.len());
    }
}
