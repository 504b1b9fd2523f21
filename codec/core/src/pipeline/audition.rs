//! A contest of adapters: each codes a sample of what it makes of the bytes, in rounds, and those far behind
//! drop out, so that most of the effort goes to those that are close.

use super::contests::{Contest, Entry};
use super::measure::Measure;
use crate::Result;
use crate::plugin::{Adapted, Adapter, Trial};
use crate::probability::TOTAL_BITS;

/// Share of the bytes that is tried for each that stays to the end, and its bounds.
const SAMPLE_SHARE: usize = 16;
const SAMPLE_MIN: usize = 32 << 10;
const SAMPLE_MAX: usize = 64 << 10;
/// Rounds: how many eighths of the sample were tried at the end of each, and by what part of the least cost an adapter may be
/// more expensive then, as a divisor; in the end all that are left are compared. (In 17 contests on binary training data
/// the later winner was at most 3.8 % behind after the first round, 2.3 % after the second.)
const ROUNDS: [(usize, u64); 4] = [(1, 10), (2, 16), (4, 28), (8, 1)];
/// Least bytes of a stream that are tried, if it has as many.
const STREAM_MIN: usize = 2 << 10;
/// How many times the share of what is opened is tried.
const OPENED: u128 = 2;
/// What a proposal must save of the plain adapter's cost, as divisors: where next to nothing of the block is in the
/// sample, which is not the block; and where the sample is the block.
const MARGINS: [u64; 2] = [50, 400];
/// The same of one proposal against another that comes before it: the streams of the later one are more, or smaller, and look
/// better at first.
const CLOSE: [u64; 2] = [200, u64::MAX];

/// An adapter with what it makes of the bytes.
pub(super) struct Entrant<'a> {
    pub(super) adapter: &'a dyn Adapter,
    pub(super) adapted: Adapted,
    /// What it costs in bytes beside its streams and its parameters.
    pub(super) fixed: u64,
}

/// The one that was chosen.
pub(super) struct Won<'a> {
    pub(super) adapter: &'a dyn Adapter,
    pub(super) adapted: Adapted,
    /// The predictor's parameters for each stream, where they are known.
    pub(super) plans: Vec<Option<Vec<u8>>>,
}

/// The best of `entrants`, of which there is at least one. The first is the plain adapter where that is `contested`: the
/// others must beat it by a margin, and where it wins it is `dropped`, so that nothing is planned. `contest` is noted if
/// there is something to say.
pub(super) fn hold<'a>(
    mut entrants: Vec<Entrant<'a>>,
    contested: bool,
    dropped: bool,
    measure: &Measure<'_>,
    mut contest: Contest,
) -> Result<Won<'a>> {
    let length = contest.length as usize;
    let most = (length / SAMPLE_SHARE)
        .clamp(SAMPLE_MIN, SAMPLE_MAX)
        .min(length);
    let mut auditions = Vec::with_capacity(entrants.len());
    for entrant in &entrants {
        auditions.push(Audition::new(entrant, length, most, measure)?);
    }
    let mut left: Vec<usize> = (0..entrants.len()).collect();
    for (eighths, divisor) in ROUNDS {
        for &number in &left {
            auditions[number].until(most * eighths / 8)?;
        }
        // Long rows are not cut up: who has them has coded more, and learned more. The others follow.
        let seen = left.iter().map(|&n| auditions[n].seen()).max().unwrap_or(0);
        for &number in &left {
            auditions[number].until(seen.min(most))?;
        }
        let least = left.iter().map(|&n| auditions[n].cost).min().unwrap_or(0);
        let bound = least.saturating_add(least / divisor);
        left.retain(|&n| auditions[n].cost <= bound || auditions[n].is_opened());
        if left.len() == 1 {
            break;
        }
    }
    // What comes first is the simplest: what a sample is not sure of is left at that.
    let bar = |n: usize| auditions[n].below(if n == 0 && contested { MARGINS } else { CLOSE });
    let mut left = left.into_iter();
    let mut best = left.next().unwrap_or(0);
    for next in left {
        if auditions[next].cost < bar(best) {
            best = next;
        }
    }
    if let Some(contests) = measure.contests {
        let entries = entrants.iter().zip(&auditions);
        contest.entries = entries.map(|(e, a)| entry(e, a.cost)).collect();
        contest.chosen = best;
        contests.add(contest);
    }
    let plans = match best {
        0 if contested && dropped => Vec::new(),
        _ => auditions.swap_remove(best).plans()?,
    };
    drop(auditions);
    Ok(won(entrants.swap_remove(best), plans))
}

fn won(entrant: Entrant<'_>, plans: Vec<Option<Vec<u8>>>) -> Won<'_> {
    let streams = entrant.adapted.streams.len();
    let mut plans = plans;
    plans.resize(streams, None);
    Won {
        adapter: entrant.adapter,
        adapted: entrant.adapted,
        plans,
    }
}

fn entry(entrant: &Entrant<'_>, cost: u64) -> Entry {
    let descriptor = entrant.adapter.descriptor();
    Entry {
        adapter: descriptor.name.to_string(),
        about: entrant
            .adapter
            .describe(descriptor.version, &entrant.adapted.params),
        estimate: (cost >> TOTAL_BITS).div_ceil(8),
    }
}

/// The streams of an adapter on trial.
struct Audition<'a> {
    trials: Vec<(usize, Box<dyn Trial + 'a>)>,
    /// Bytes of the streams, and of what they stand for.
    total: usize,
    length: usize,
    /// What does not depend on the streams, and all that they would cost; in 2^-16 bits.
    fixed: u64,
    cost: u64,
}

impl<'a> Audition<'a> {
    /// `length` bytes stand for themselves, of which `most` are tried at most.
    fn new(
        entrant: &'a Entrant<'_>,
        length: usize,
        most: usize,
        measure: &'a Measure<'_>,
    ) -> Result<Self> {
        let streams = &entrant.adapted.streams;
        let total = streams.iter().map(|s| s.data.len()).sum();
        let most = reach(most, total, length);
        let mut trials = Vec::with_capacity(streams.len());
        for stream in streams {
            let len = stream.data.len();
            trials.push((len, measure.trial(stream, share(most, len, total))?));
        }
        let fixed = ((entrant.adapted.params.len() as u64 + entrant.fixed) * 8) << TOTAL_BITS;
        Ok(Self {
            trials,
            total,
            length,
            fixed,
            cost: fixed,
        })
    }

    /// Whether the streams are what was packed in the bytes. A model learns on the way, and of what is opened there is far
    /// more to learn from than a sample shows: it looks worse than it is, and is not given up before the end.
    fn is_opened(&self) -> bool {
        is_opened(self.total, self.length)
    }

    /// Goes on until `bytes` were tried.
    fn until(&mut self, bytes: usize) -> Result<()> {
        self.cost = self.fixed;
        let bytes = reach(bytes, self.total, self.length);
        for (len, trial) in &mut self.trials {
            trial.until(share(bytes, *len, self.total))?;
            let (seen, cost) = trial.seen();
            let all = u128::from(cost) * *len as u128 / seen.max(1) as u128;
            let all = u64::try_from(all).unwrap_or(u64::MAX);
            self.cost = self.cost.saturating_add(all);
        }
        Ok(())
    }

    /// Bytes of the streams that were tried.
    fn tried(&self) -> usize {
        self.trials.iter().map(|(_, trial)| trial.seen().0).sum()
    }

    /// For how many bytes of what they stand for that is: the inverse of [`reach`].
    fn seen(&self) -> usize {
        let tried = self.tried();
        match self.is_opened() {
            true => (tried as u128 * self.length as u128 / (OPENED * self.total as u128)) as usize,
            false => tried,
        }
    }

    /// Below what another must be to be better, with these margins.
    fn below(&self, margins: [u64; 2]) -> u64 {
        let share = self.tried() as f64 / self.total.max(1) as f64;
        let [unseen, seen] = margins.map(|margin| self.cost / margin);
        self.cost - unseen + ((unseen - seen) as f64 * share.min(1.0)) as u64
    }

    fn plans(self) -> Result<Vec<Option<Vec<u8>>>> {
        let trials = self.trials.into_iter();
        trials.map(|(_, trial)| trial.params().map(Some)).collect()
    }
}

/// Whether `total` bytes are far more than the `length` that they stand for.
const fn is_opened(total: usize, length: usize) -> bool {
    total / 2 >= length && length > 0
}

/// Bytes of streams of `total` that are tried for `bytes` of the `length` that they stand for: as many, or of what is opened
/// a larger share.
fn reach(bytes: usize, total: usize, length: usize) -> usize {
    match is_opened(total, length) {
        true => ((bytes as u128 * OPENED * total as u128 / length as u128) as usize).min(total),
        false => bytes,
    }
}

/// What a stream of `len` bytes has of `bytes`, where all have `total`.
fn share(bytes: usize, len: usize, total: usize) -> usize {
    let share = bytes as u128 * len as u128 / total.max(1) as u128;
    (share as usize).max(STREAM_MIN).min(len)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::plugin::{
        Descriptor, Kind, Layout, Model, Opened, Plugin, PluginId, Predictor, Settings, Stream,
    };
    use crate::{Error, Limits};

    fn descriptor(kind: Kind) -> Descriptor {
        Descriptor {
            kind,
            id: PluginId(9),
            name: Cow::Borrowed("test"),
            version: 1,
            oldest: 1,
            summary: Cow::Borrowed("of the tests"),
        }
    }

    fn unused<T>() -> Result<T> {
        Err(Error::Config("nobody asks for that here".into()))
    }

    struct Any(Descriptor);

    impl Plugin for Any {
        fn descriptor(&self) -> &Descriptor {
            &self.0
        }
    }

    impl Adapter for Any {
        fn forward(&self, _: &[u8], _: &Settings) -> Result<Adapted> {
            unused()
        }

        fn inverse(
            &self,
            _: u8,
            _: &[u8],
            _: Vec<Vec<u8>>,
            _: usize,
            _: &Limits,
        ) -> Result<Vec<u8>> {
            unused()
        }
    }

    /// A byte costs as many bits as its value says; the first byte of a stream is its parameters. One that ends in [`LONG`] is
    /// coded by halves of what is tried.
    struct Counting(Descriptor, AtomicUsize);

    impl Plugin for Counting {
        fn descriptor(&self) -> &Descriptor {
            &self.0
        }
    }

    impl Predictor for Counting {
        fn plan(&self, _: &[u8], _: &Layout, _: &Settings) -> Result<Vec<u8>> {
            unused()
        }

        fn trial<'a>(
            &'a self,
            stream: &'a Stream,
            most: usize,
            _: &'a Settings,
            _: &'a [Arc<Model>],
        ) -> Result<Option<Box<dyn Trial + 'a>>> {
            Ok(Some(Box::new(Count {
                all: &self.1,
                data: &stream.data[..most.min(stream.data.len())],
                long: stream.data.ends_with(&[LONG]),
                seen: 0,
            })))
        }

        fn open(&self, _: u8, _: &[u8], _: u64, _: &Limits) -> Result<Box<dyn Opened>> {
            unused()
        }
    }

    struct Count<'a> {
        all: &'a AtomicUsize,
        data: &'a [u8],
        long: bool,
        seen: usize,
    }

    impl Trial for Count<'_> {
        fn until(&mut self, bytes: usize) -> Result<()> {
            assert!(bytes <= self.data.len(), "no more than was announced");
            let step = if self.long { self.data.len() / 2 } else { 1 };
            let new = bytes.next_multiple_of(step).saturating_sub(self.seen);
            self.all.fetch_add(new, Ordering::Relaxed);
            self.seen += new;
            Ok(())
        }

        fn seen(&self) -> (usize, u64) {
            let bits: u64 = self.data[..self.seen].iter().map(|&b| u64::from(b)).sum();
            (self.seen, bits << TOTAL_BITS)
        }

        fn params(self: Box<Self>) -> Result<Vec<u8>> {
            Ok(self.data.iter().take(1).copied().collect())
        }
    }

    const LEN: usize = 1 << 20;
    /// What is tried of that to the end.
    const MOST: usize = LEN / SAMPLE_SHARE;
    /// See [`Counting`].
    const LONG: u8 = 255;

    /// The number of the one that wins, its streams' parameters, and how many bytes were tried.
    fn held(entrants: Vec<Vec<Vec<u8>>>, contested: bool) -> (usize, Vec<Option<Vec<u8>>>, usize) {
        let adapter = Any(descriptor(Kind::Adapter));
        let predictor = Counting(descriptor(Kind::Predictor), AtomicUsize::new(0));
        let contests = crate::pipeline::Contests::default();
        let settings = Settings::new();
        let measure = Measure {
            predictor: &predictor,
            settings: &settings,
            models: &[],
            limits: Limits::default(),
            contests: Some(&contests),
        };
        let entrants = entrants.into_iter().map(|streams| Entrant {
            adapter: &adapter,
            adapted: Adapted {
                params: vec![],
                streams: streams
                    .into_iter()
                    .map(|data| Stream {
                        data,
                        layout: Layout::default(),
                    })
                    .collect(),
            },
            fixed: 0,
        });
        let contest = Contest {
            offset: 0,
            length: LEN as u64,
            entries: vec![],
            chosen: 0,
        };
        let won = hold(entrants.collect(), contested, false, &measure, contest).unwrap();
        let chosen = contests.take()[0].chosen;
        (chosen, won.plans, predictor.1.into_inner())
    }

    /// `first` up to the end of the first round, `then` from there on.
    fn stream(first: u8, then: u8) -> Vec<u8> {
        let mut data = vec![first; MOST / 8];
        data.resize(LEN, then);
        data
    }

    #[test]
    fn who_is_far_behind_drops_out_after_the_first_round() {
        let all = [100, 40, 90].map(|bits| vec![stream(bits, bits)]);
        let (chosen, plans, tried) = held(all.to_vec(), true);
        assert_eq!((chosen, plans), (1, vec![Some(vec![40])]));
        assert_eq!(tried, 3 * (MOST / 8));
    }

    #[test]
    fn who_is_a_little_behind_at_first_may_win() {
        let all = [(100, 100), (70, 60), (66, 61)].map(|(a, b)| vec![stream(a, b)]);
        let (chosen, _, tried) = held(all.to_vec(), true);
        assert_eq!(chosen, 1);
        assert_eq!(tried, MOST / 8 + 2 * MOST);
    }

    #[test]
    fn the_plain_one_is_to_be_beaten_by_a_margin_where_it_is_contested() {
        let all = [200, 198].map(|bits| vec![stream(bits, bits)]);
        assert_eq!(held(all.to_vec(), true).0, 0);
        assert_eq!(held(all.to_vec(), false).0, 1);
        let all = [200, 194].map(|bits| vec![stream(bits, bits)]);
        assert_eq!(held(all.to_vec(), true).0, 1);
    }

    #[test]
    fn who_goes_on_for_longer_is_compared_with_what_others_cost_by_then() {
        let mut long = stream(100, 20);
        long[LEN - 1] = LONG;
        let (chosen, plans, tried) = held(vec![vec![long], vec![stream(90, 19)]], false);
        assert_eq!((chosen, plans), (1, vec![Some(vec![90])]));
        // Half of it by each, and that was enough.
        assert_eq!(tried, MOST);
    }

    #[test]
    fn streams_have_their_share_of_what_is_tried() {
        let two = vec![vec![30; LEN / 4], vec![10; LEN / 4 * 3]];
        let (chosen, plans, tried) = held(vec![vec![stream(40, 40)], two], true);
        assert_eq!(chosen, 1);
        assert_eq!(plans, [Some(vec![30]), Some(vec![10])]);
        assert_eq!(tried, 2 * (MOST / 8));
    }

    #[test]
    fn nothing_and_next_to_nothing_are_no_trouble() {
        let (chosen, plans, _) = held(vec![vec![vec![], vec![7]], vec![vec![3]]], false);
        assert_eq!((chosen, plans.len()), (1, 1));
    }
}
