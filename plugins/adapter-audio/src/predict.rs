//! Prediction of the samples of one channel (`spec.md`, section 3).
//!
//! Two least squares, one that forgets fast and one that does not, over the past of the channel and
//! of the one beside it; then a cascade of filters, each of which predicts what the one before it
//! left, the longest first, as in Monkey's Audio; their sum with weights that are learnt by the signs
//! alone, as the combiner of RLS-LMS in MPEG-4 ALS (ISO/IEC 14496-3, subpart 11). Sac (Lehmann) puts
//! least squares before such a cascade too.

use crate::filter::{Filter, VALUE_BITS};
use crate::least_squares::{LeastSquares, WEIGHT_BITS};

/// Terms from the channel itself and from the one beside it, and how fast either solution forgets.
const SQUARES: [(usize, usize, u32); 2] = [(32, 16, 9), (16, 8, 12)];
const OWN: usize = SQUARES[0].0;
const BESIDE: usize = SQUARES[0].1;

/// Taps and rate of each stage: the rate is 2^-rate.
const STAGES: [(usize, u32); 4] = [(1024, 7), (256, 7), (32, 6), (16, 5)];
/// What the sum weighs: each stage, and the difference of the two least squares.
const PARTS: usize = STAGES.len() + 1;
/// Fraction bits of these weights, what they change by, and their bound.
const SUM_BITS: u32 = 16;
const SUM_STEP: i64 = 1 << 7;
const SUM_MAX: i64 = 1 << 18;

/// Bytes that a channel takes at most: the sums and factors of least squares, and the filters with
/// their pasts.
pub(crate) const MEMORY: u64 = 112 << 10;

/// A channel's state.
pub(crate) struct Channel {
    /// Samples lose so many bits as terms.
    narrow: u32,
    /// Fraction bits of values.
    fraction: u32,
    /// Bound of a prediction by least squares, in values.
    range: i64,
    /// Terms, the newest first.
    own: [i32; OWN],
    beside: [i32; BESIDE],
    stereo: bool,
    squares: [LeastSquares; 2],
    terms: [Vec<i32>; 2],
    stages: Vec<Filter>,
    weights: [i64; PARTS],
    /// What was said of the present sample, in values: first, the parts, and all in all.
    first: i64,
    parts: [i64; PARTS],
    sum: i64,
}

impl Channel {
    /// `width` is the bytes of a sample; `stereo` that there are other channels.
    pub(crate) fn new(width: usize, stereo: bool) -> Self {
        let fraction = if width <= 2 { 6 } else { 0 };
        let squares = SQUARES.map(|(own, beside, forget)| {
            LeastSquares::new(own + if stereo { beside } else { 0 }, forget)
        });
        Self {
            narrow: if width == 4 { 8 } else { 0 },
            fraction,
            range: 1 << (8 * width as u32 + fraction),
            own: [0; OWN],
            beside: [0; BESIDE],
            stereo,
            squares,
            terms: [Vec::new(), Vec::new()],
            stages: STAGES
                .map(|(taps, rate)| Filter::new(taps, rate, 1 << fraction))
                .into(),
            weights: std::array::from_fn(|part| i64::from(part < STAGES.len()) << SUM_BITS),
            first: 0,
            parts: [0; PARTS],
            sum: 0,
        }
    }

    /// A sample of the channel before this one: of this frame, or for the first channel of the
    /// last frame.
    pub(crate) fn beside(&mut self, sample: i64) {
        push(&mut self.beside, (sample >> self.narrow) as i32);
    }

    /// The next sample.
    pub(crate) fn predict(&mut self) -> i64 {
        let mut said = [0; 2];
        for (i, (own, beside, _)) in SQUARES.into_iter().enumerate() {
            let terms = &mut self.terms[i];
            terms.clear();
            terms.extend(&self.own[..own]);
            if self.stereo {
                terms.extend(&self.beside[..beside]);
            }
            let sum = self.squares[i].predict(terms);
            let value = sum >> (WEIGHT_BITS - self.narrow - self.fraction);
            said[i] = value.clamp(-self.range, self.range);
        }
        self.first = (said[0] + said[1]) >> 1;
        for (part, stage) in self.parts.iter_mut().zip(&self.stages) {
            *part = bounded(stage.predict());
        }
        self.parts[PARTS - 1] = said[1] - said[0];
        let parts = self.parts.iter().zip(&self.weights);
        let weighted: i64 = parts.map(|(part, weight)| part * weight).sum();
        self.sum = self.first + (weighted >> SUM_BITS);
        let half = (1 << self.fraction) >> 1;
        (self.sum + half) >> self.fraction
    }

    /// Learns the sample.
    pub(crate) fn learn(&mut self, sample: i64) {
        let value = sample << self.fraction;
        let term = (sample >> self.narrow) as i32;
        for (squares, terms) in self.squares.iter_mut().zip(&self.terms) {
            squares.learn(terms, term);
        }
        push(&mut self.own, term);
        let sign = (value - self.sum).signum();
        for (weight, part) in self.weights.iter_mut().zip(self.parts) {
            *weight = (*weight + sign * part.signum() * SUM_STEP).clamp(-SUM_MAX, SUM_MAX);
        }
        let mut left = bounded(value - self.first);
        for (&part, stage) in self.parts.iter().zip(&mut self.stages) {
            let error = bounded(left - part);
            stage.learn(error as i32);
            stage.push(left as i32);
            left = error;
        }
    }
}

/// What filters work on.
fn bounded(value: i64) -> i64 {
    value.clamp(-(1 << VALUE_BITS), 1 << VALUE_BITS)
}

/// Puts a term before the others; the last falls out.
fn push(terms: &mut [i32], term: i32) {
    terms.copy_within(..terms.len() - 1, 1);
    terms[0] = term;
}
