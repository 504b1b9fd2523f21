//! Prediction of samples by a cascade of adaptive linear filters (`spec.md`, section 3).
//!
//! Normalised least mean squares (Haykin, *Adaptive Filter Theory*, chapter 6) in integers: each
//! stage predicts what the one before it left, the longest first, as in Monkey's Audio. Sums wrap,
//! so any data gives the same numbers everywhere.

/// Fraction bits of the weights.
const WEIGHT_BITS: u32 = 24;
/// Weights stay within these bounds.
const WEIGHT_MAX: i64 = 1 << 30;
/// Fraction bits of the step beyond those of the weights.
const STEP_BITS: u32 = 12;

/// Taps and rate of each stage: the rate is 2^-rate.
const STAGES: [(usize, u32); 3] = [(256, 9), (32, 8), (16, 7)];
/// Taps of the first stage on the channel itself, and on the one before it.
const OWN: usize = 24;
const OTHER: usize = 8;
const FIRST_RATE: u32 = 8;

/// One filter.
struct Filter {
    weights: Vec<i32>,
    /// The past, the newest last; refilled from its end when it is full.
    past: Vec<i32>,
    end: usize,
    norm: i64,
    rate: u32,
}

impl Filter {
    fn new(taps: usize, rate: u32) -> Self {
        Self {
            weights: vec![0; taps],
            past: vec![0; 8 * taps],
            end: taps,
            norm: 0,
            rate,
        }
    }

    fn predict(&self) -> i64 {
        let past = &self.past[self.end - self.weights.len()..self.end];
        let products = past.iter().zip(&self.weights);
        let sum = products.fold(0i64, |sum, (&x, &w)| {
            sum.wrapping_add(i64::from(x).wrapping_mul(i64::from(w)))
        });
        sum >> WEIGHT_BITS
    }

    /// Learns that the prediction was too low by `error`.
    fn learn(&mut self, error: i64) {
        let past = &self.past[self.end - self.weights.len()..self.end];
        let energy = (self.norm + self.weights.len() as i64).max(1);
        let bits = WEIGHT_BITS + STEP_BITS - self.rate;
        let step = (error << bits) / energy;
        for (w, &x) in self.weights.iter_mut().zip(past) {
            let change = step.wrapping_mul(i64::from(x)) >> STEP_BITS;
            *w = i64::from(*w)
                .wrapping_add(change)
                .clamp(-WEIGHT_MAX, WEIGHT_MAX) as i32;
        }
    }

    /// Takes in the next value.
    fn push(&mut self, value: i32) {
        let taps = self.weights.len();
        if self.end == self.past.len() {
            self.past.copy_within(self.end - taps.., 0);
            self.end = taps;
        }
        let oldest = i64::from(self.past[self.end - taps]);
        let newest = i64::from(value);
        self.norm += newest * newest - oldest * oldest;
        self.past[self.end] = value;
        self.end += 1;
    }
}

/// The predictor of one channel.
pub(crate) struct Channel {
    own: Filter,
    other: Filter,
    stages: Vec<Filter>,
    /// The last sample, and what the first stage and each later one said of the present one.
    last: i64,
    first: i64,
    said: [i64; STAGES.len()],
}

impl Channel {
    pub(crate) fn new() -> Self {
        Self {
            own: Filter::new(OWN, FIRST_RATE),
            other: Filter::new(OTHER, FIRST_RATE),
            stages: STAGES.map(|(taps, rate)| Filter::new(taps, rate)).into(),
            last: 0,
            first: 0,
            said: [0; STAGES.len()],
        }
    }

    /// A sample of the channel before this one: of this frame, or for the first channel of the
    /// last frame.
    pub(crate) fn beside(&mut self, difference: i32) {
        self.other.push(difference);
    }

    /// The next sample.
    pub(crate) fn predict(&mut self) -> i64 {
        self.first = self.own.predict() + self.other.predict();
        let mut sum = self.last.wrapping_add(self.first);
        for (said, stage) in self.said.iter_mut().zip(&self.stages) {
            *said = stage.predict();
            sum = sum.wrapping_add(*said);
        }
        sum
    }

    /// Learns the sample; returns its difference from the one before it.
    pub(crate) fn learn(&mut self, sample: i64) -> i32 {
        let difference = clamp(sample - self.last);
        let mut left = bounded(i64::from(difference).wrapping_sub(self.first));
        self.own.learn(left);
        self.other.learn(left);
        self.own.push(difference);
        for (&said, stage) in self.said.iter().zip(&mut self.stages) {
            let error = bounded(left.wrapping_sub(said));
            stage.learn(error);
            stage.push(clamp(left));
            left = error;
        }
        self.last = sample;
        difference
    }
}

/// Within 24 bits and a sign: what filters work on.
fn bounded(value: i64) -> i64 {
    value.clamp(-(1 << 24), 1 << 24)
}

fn clamp(value: i64) -> i32 {
    bounded(value) as i32
}
