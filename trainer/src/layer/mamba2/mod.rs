//! Mamba-2 (Dao and Gu 2024, arXiv 2405.21060, section 7 and figure 6): a head's state takes in and forgets
//! as much as it chooses from the byte at hand, and what it takes in has seen the bytes just before.
//!
//! ```text
//! z, v, d = q(x) · Win                       [channels], [channels + 2 states], [heads]
//! x, B, C = silu(conv(v))                    conv: causal, of width 4, each channel for itself
//! dt = softplus(d + bias)   a = exp(-dt · exp(rate))           for each head
//! S ← a S + dt B xᵀ         y = C S + skip · x
//! out = x + (y · silu(z)) · Wout
//! ```
//!
//! What differs from the paper, so that all is exact in integers:
//!
//! * The update is written `S ← S + g (B (γ x)ᵀ - S)` with `g = 1 - a` and `γ = dt / g`, which is the
//!   same. In this form a state cannot grow beyond the greatest `B γ x`, and `g` is 1 to 255 units of
//!   2^-shift, as in [`Mixer`](super::Mixer): the product with a state of 16 bits stays below 2^24. Both
//!   are looked up by the head and the rounded `d + bias`. Where `g` meets its ends `γ` makes up for it, so
//!   that `dt` is what was asked for.
//! * No normalisation before `Wout`, whose inputs are rounded to ±4 instead.
//! * SiLU is a table of 256 values, also for `z`, where [`Mixer`](super::Mixer) has a rectifier: the
//!   table is there for the convolution anyway, and a gate that is never quite shut keeps a gradient. A
//!   look-up costs more than a rectifier, for 128 channels not much.
//! * Rates begin around 1, not between 1 and 16: the state is a mean of `B x` divided by the rate, and
//!   all heads should use the same bits of it.

mod convolution;
mod export;
mod recurrence;
mod tables;

use std::sync::Arc;

pub use self::recurrence::ScanForm;
use self::tables::{ENTRIES, Silu, Step, entry, steps};
use super::{Block, Carried, Kept, Layer, Place, Rule, add, rounded, split};
use crate::config::Mamba2Config;
use crate::export::Writer;
use crate::grid::{ACTIVATION, Grid, INPUT, READ_OUT, SILU, SKIP, WRITE};
use crate::kernel::{
    ScanShape, TAIL, TAPS, add_dots, columns, hadamard_grid, keep_inside, matmul, matmul_nt,
    matmul_tn, quantise, quantise_all, scale_heads, set_columns, sum_columns,
};

/// A Mamba-2 layer with its residual connection.
#[derive(Debug)]
pub struct Mamba2 {
    /// Width of the residual stream.
    pub width: usize,
    /// Heads, each with its own step size.
    pub heads: usize,
    /// States by channels of all heads.
    pub scan: ScanShape,
    /// Gates count in 2^-`shift`.
    pub shift: i32,
    /// How training computes the recurrence.
    pub form: ScanForm,
    /// Lanes of the stretch.
    pub lanes: usize,
    /// Where a lane's stream begins anew, `[bytes]`.
    pub starts: Arc<Vec<bool>>,
    /// The last inputs of the convolution, [lanes, [`TAIL`], channels + 2 states].
    pub tails: Carried,
    /// States of the recurrence, [lanes, states, channels].
    pub states: Carried,
}

impl Mamba2 {
    /// The layer at `place`, which takes two of `states`.
    pub fn new(
        config: &Mamba2Config,
        place: &Place,
        states: &mut std::vec::IntoIter<Vec<f32>>,
    ) -> Self {
        Self {
            width: place.width,
            heads: config.heads,
            scan: ScanShape {
                states: config.states,
                channels: config.channels,
            },
            shift: config.shift,
            form: ScanForm::FASTEST,
            lanes: place.lanes,
            starts: Arc::clone(&place.starts),
            tails: Carried::new(states.next().unwrap_or_default()),
            states: Carried::new(states.next().unwrap_or_default()),
        }
    }

    /// What the layer carries at the start of `lanes` lanes.
    pub fn initial_states(config: &Mamba2Config, lanes: usize) -> Vec<Vec<f32>> {
        let mixed = config.channels + 2 * config.states;
        vec![
            vec![0.0; lanes * TAIL * mixed],
            vec![0.0; lanes * config.states * config.channels],
        ]
    }

    /// Channels of the convolution: x, b, c.
    fn mixed(&self) -> usize {
        self.scan.channels + 2 * self.scan.states
    }

    /// Columns of the input product: z, x, b, c, d.
    fn columns(&self) -> usize {
        self.scan.channels + self.mixed() + self.heads
    }

    /// Rows of each lane.
    fn rows(&self) -> Vec<std::ops::Range<usize>> {
        let per_lane = self.starts.len() / self.lanes;
        let rows = |lane| lane * per_lane..(lane + 1) * per_lane;
        (0..self.lanes).map(rows).collect()
    }

    /// What the heads do at the step sizes in the last columns of `u`, [bytes, heads].
    fn look_up<'a>(&self, table: &'a [Step], u: &[f32]) -> Vec<&'a Step> {
        let mut found = Vec::with_capacity(self.starts.len() * self.heads);
        for row in u.chunks_exact(self.columns()) {
            let logits = &row[self.columns() - self.heads..];
            let tables = table.chunks_exact(ENTRIES);
            found.extend(
                logits
                    .iter()
                    .zip(tables)
                    .map(|(&d, table)| &table[entry(d, WRITE.step)]),
            );
        }
        found
    }
}

/// `values` rounded to `grid`.
fn rounded_to(grid: Grid, values: &[f32]) -> Vec<f32> {
    values.iter().map(|&value| grid.round(value)).collect()
}

impl Layer for Mamba2 {
    fn blocks(&self) -> Vec<Block> {
        let scale = (self.width as f32).sqrt().recip();
        vec![
            Block::weight("in.weight", self.width, self.columns(), scale),
            Block {
                rule: Rule::Adam,
                ..Block::weight("conv.weight", TAPS, self.mixed(), 0.3)
            },
            Block::bias("conv.bias", self.mixed(), 0.0, 0.0),
            // Heads start with memories of many lengths.
            Block::bias("step.bias", self.heads, -3.0, 1.5),
            Block {
                limit: 4.0,
                ..Block::bias("rate", self.heads, 0.0, 0.5)
            },
            Block {
                limit: SKIP.high * SKIP.step,
                ..Block::bias("skip", self.heads, 1.0, 0.0)
            },
            Block::weight("out.weight", self.scan.channels, self.width, 0.03),
        ]
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let blocks = split(&self.blocks(), parameters);
        let [win, conv, conv_bias, step_bias, rates, skip, wout] = blocks[..] else {
            unreachable!("the layer has seven blocks of parameters")
        };
        let (stride, channels, states) = (self.columns(), self.scan.channels, self.scan.states);
        let (heads, mixed) = (self.heads, self.mixed());
        let bytes = x.len() / self.width;
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let mut u = vec![0.0; bytes * stride];
        matmul(&mut u, &q, &rounded(win), self.width, stride, false);
        for u in u.chunks_exact_mut(stride) {
            add(&mut u[stride - heads..], step_bias);
        }
        quantise(&mut u, stride, 0, channels, SILU);
        quantise(&mut u, stride, channels, mixed, ACTIVATION);
        quantise(&mut u, stride, stride - heads, heads, WRITE);

        let silu = Silu::new();
        let v = columns(&u, stride, channels, mixed);
        let mut t = self.convolve(&v, conv, conv_bias);
        quantise(&mut t, mixed, 0, mixed, SILU);
        let s = silu.apply(&t);
        let xs = columns(&s, mixed, 0, channels);
        let b = columns(&s, mixed, channels, states);
        let c = columns(&s, mixed, channels + states, states);

        let table = steps(rates, self.shift);
        let found = self.look_up(&table, &u);
        let gates: Vec<f32> = found.iter().map(|step| step.gate).collect();
        let gains: Vec<f32> = found.iter().map(|step| step.gain).collect();
        let mut input = xs.clone();
        scale_heads(&mut input, channels, heads, &gains, heads, 1);
        quantise(&mut input, channels, 0, channels, INPUT);
        let (mut y, copies) = self.scan(&input, &gates, &b, &c);
        let mut passed = xs.clone();
        let skip = rounded_to(SKIP, skip);
        scale_heads(&mut passed, channels, heads, &skip, 0, 1);
        add(&mut y, &passed);
        quantise(&mut y, channels, 0, channels, READ_OUT);
        let z = silu.apply(&columns(&u, stride, 0, channels));
        let mut o = vec![0.0; y.len()];
        hadamard_grid(&mut o, &y, &z, channels, 0, channels, ACTIVATION);
        let mut out = x.to_vec();
        matmul(&mut out, &o, &rounded(wout), channels, self.width, true);
        let kept = vec![q, u, v, t, xs, b, c, gates, input, copies, y, z, o];
        (out, kept)
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let blocks = split(&self.blocks(), parameters);
        let (stride, channels, states) = (self.columns(), self.scan.channels, self.scan.states);
        let (heads, mixed) = (self.heads, self.mixed());
        let [q, u, v, t, xs, b, c, gates, input, copies, y, z, o] = &kept[..] else {
            unreachable!("the forward pass keeps thirteen matrices")
        };
        let bytes = q.len() / self.width;
        let mut gradients: Vec<Vec<f32>> = blocks.iter().map(|b| vec![0.0; b.len()]).collect();
        let [dwin, dconv, dconv_bias, dstep_bias, drates, dskip, dwout] = &mut gradients[..] else {
            unreachable!("the layer has seven blocks of parameters")
        };
        let [win, conv, _, _, rates, skip, wout] = blocks[..] else {
            unreachable!("the layer has seven blocks of parameters")
        };

        matmul_tn(dwout, o, dy, channels, self.width);
        let mut dread = vec![0.0; o.len()];
        matmul_nt(&mut dread, dy, &rounded(wout), self.width, channels);
        keep_inside(&mut dread, o, channels, 0, channels, ACTIVATION);
        let silu = Silu::new();
        let mut dz: Vec<f32> = dread.iter().zip(y).map(|(d, y)| d * y).collect();
        silu.backward(&mut dz, &columns(u, stride, 0, channels));
        for (d, z) in dread.iter_mut().zip(z) {
            *d *= z;
        }
        keep_inside(&mut dread, y, channels, 0, channels, READ_OUT);

        let mut dots = vec![0.0; bytes * heads];
        add_dots(&mut dots, &dread, xs, heads, 1.0);
        sum_columns(dskip, &dots);
        let inputs = [&input[..], &gates[..], &b[..], &c[..]];
        let [mut dinput, dgates, db, dc] = self.scan_backward(inputs, copies, &dread);
        keep_inside(&mut dinput, input, channels, 0, channels, INPUT);
        let mut dgains = vec![0.0; bytes * heads];
        add_dots(&mut dgains, &dinput, xs, heads, 1.0);
        let table = steps(rates, self.shift);
        let found = self.look_up(&table, u);
        let mut dlogits = vec![0.0; bytes * heads];
        for (at, step) in found.iter().enumerate() {
            let both = |[gate, gain]: [f32; 2]| dgates[at] * gate + dgains[at] * gain;
            dlogits[at] = both(step.by_logit);
            drates[at % heads] += both(step.by_rate);
        }

        let gains: Vec<f32> = found.iter().map(|step| step.gain).collect();
        let skip = rounded_to(SKIP, skip);
        scale_heads(&mut dread, channels, heads, &skip, 0, 1);
        scale_heads(&mut dinput, channels, heads, &gains, heads, 1);
        add(&mut dinput, &dread);
        let mut ds = vec![0.0; t.len()];
        set_columns(&mut ds, mixed, 0, channels, &dinput);
        set_columns(&mut ds, mixed, channels, states, &db);
        set_columns(&mut ds, mixed, channels + states, states, &dc);
        silu.backward(&mut ds, t);
        let dv = self.convolve_backward(v, conv, &ds, [dconv, dconv_bias]);

        let mut du = vec![0.0; u.len()];
        set_columns(&mut du, stride, 0, channels, &dz);
        set_columns(&mut du, stride, channels, mixed, &dv);
        set_columns(&mut du, stride, stride - heads, heads, &dlogits);
        keep_inside(&mut du, u, stride, channels, mixed, ACTIVATION);
        keep_inside(&mut du, u, stride, stride - heads, heads, WRITE);
        sum_columns(dstep_bias, &columns(&du, stride, stride - heads, heads));
        matmul_tn(dwin, q, &du, self.width, stride);
        let mut dx = vec![0.0; q.len()];
        matmul_nt(&mut dx, &du, &rounded(win), stride, self.width);
        keep_inside(&mut dx, q, self.width, 0, self.width, ACTIVATION);
        add(&mut dx, dy);
        (dx, gradients.concat())
    }

    fn states(&self) -> Vec<Vec<f32>> {
        vec![self.tails.after(), self.states.after()]
    }

    fn macs(&self) -> f64 {
        let matrices = self.width * self.columns() + self.scan.channels * self.width;
        (matrices + TAPS * self.mixed() + 2 * self.scan.state_len()) as f64
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        self.nodes(writer, x, parameters)
    }
}
