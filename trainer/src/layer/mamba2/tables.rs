//! The functions of one variable that a Mamba-2 layer looks up: SiLU, and what a head makes of a step size.
//! The training passes take values and slopes from the same entries as the exported graph.

use crate::grid::{ACTIVATION, GAIN, SILU, WRITE};

/// Entries of a table: one for each value of eight bits.
pub(super) const ENTRIES: usize = 256;

/// SiLU, `v σ(v)`, of the values of [`SILU`] on [`ACTIVATION`], and the slope, which is 0 at both ends of
/// the grid.
pub(super) struct Silu {
    values: [f32; ENTRIES],
    slopes: [f32; ENTRIES],
}

impl Silu {
    pub(super) fn new() -> Self {
        let point = |i: usize| {
            let v = f64::from(SILU.step) * (i as f64 - 128.0);
            (v, 1.0 / (1.0 + (-v).exp()))
        };
        let mut slopes = std::array::from_fn(|i| {
            let (v, sigma) = point(i);
            (sigma * (1.0 + v * (1.0 - sigma))) as f32
        });
        (slopes[0], slopes[ENTRIES - 1]) = (0.0, 0.0);
        let values = std::array::from_fn(|i| {
            let (v, sigma) = point(i);
            ACTIVATION.round((v * sigma) as f32)
        });
        Self { values, slopes }
    }

    /// The values as integers, from that of the least on.
    pub(super) fn integers(&self) -> Vec<f32> {
        self.values.iter().map(|v| v / ACTIVATION.step).collect()
    }

    /// SiLU of `x`, which lies on [`SILU`].
    pub(super) fn apply(&self, x: &[f32]) -> Vec<f32> {
        x.iter()
            .map(|&x| self.values[entry(x, SILU.step)])
            .collect()
    }

    /// Multiplies the gradient of SiLU by its slope at `x`.
    pub(super) fn backward(&self, gradient: &mut [f32], x: &[f32]) {
        for (g, &x) in gradient.iter_mut().zip(x) {
            *g *= self.slopes[entry(x, SILU.step)];
        }
    }
}

/// The entry of `x` of a grid of `step` from -128 to 127.
pub(super) fn entry(x: f32, step: f32) -> usize {
    usize::from((x / step + 128.0) as u8)
}

/// What one head does at one step size.
///
/// With `dt = softplus(d)` and `a = exp(-dt · exp(rate))` the head forgets the share `1 - a` of its state
/// and takes in `dt · x`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// `1 - a`, from 1 to 255 in units of 2^-shift.
    pub gate: f32,
    /// `dt / gate` on [`GAIN`]: the head takes in `gate · gain · x`.
    pub gain: f32,
    /// Slopes of gate and gain with `d`, straight through their rounding.
    pub by_logit: [f32; 2],
    /// Slopes of gate and gain with `rate`.
    pub by_rate: [f32; 2],
}

impl Step {
    fn new(logit: f64, rate: f64, shift: i32) -> Self {
        let unit = f64::from(-shift).exp2();
        let (dt, sigma) = (logit.exp().ln_1p(), 1.0 / (1.0 + (-logit).exp()));
        let kept = (-dt * rate.exp()).exp();
        let gate = ((1.0 - kept) / unit).round().clamp(1.0, 255.0) * unit;
        // Beyond its greatest value the gate stands still; below its least it may come back.
        let slope = if 1.0 - kept < 255.0 * unit {
            kept * rate.exp()
        } else {
            0.0
        };
        let (gate_logit, gate_rate) = (slope * sigma, slope * dt);
        let gain = dt / gate;
        let (gain_logit, gain_rate) = if gain < f64::from(GAIN.high * GAIN.step) {
            ((sigma - gain * gate_logit) / gate, -gain * gate_rate / gate)
        } else {
            (0.0, 0.0)
        };
        Self {
            gate: gate as f32,
            gain: GAIN.round(gain as f32),
            by_logit: [gate_logit as f32, gain_logit as f32],
            by_rate: [gate_rate as f32, gain_rate as f32],
        }
    }
}

/// What each head does at each step size, [heads, [`ENTRIES`]]; `rates`: [heads].
pub(super) fn steps(rates: &[f32], shift: i32) -> Vec<Step> {
    let entries = |&rate: &f32| {
        (0..ENTRIES).map(move |i| {
            let logit = f64::from(WRITE.step) * (i as f64 - 128.0);
            Step::new(logit, f64::from(rate), shift)
        })
    };
    rates.iter().flat_map(entries).collect()
}
