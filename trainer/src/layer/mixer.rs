//! A gated state-space layer in the manner of Mamba-2 (Dao and Gu 2024): each head keeps a
//! running mean of outer products of what it reads, and chooses from the byte at hand how much
//! to take in and how much to forget, which are one number here, so that states stay bounded.

use std::sync::{Arc, Mutex};

use super::{Block, Kept, Layer, add, add_bias, rounded, split};
use crate::grid::{ACTIVATION, GATE, READ_OUT, WRITE};
use crate::kernel::{
    ScanShape, hadamard_grid, keep_inside, matmul, matmul_nt, matmul_tn, quantise, quantise_all,
    scan_backward, scan_forward, sum_columns,
};

/// `x + q(relu(z) · scan(...)) · Wout`, all of z and the scan's inputs from `q(x) · Win + b`.
#[derive(Debug)]
pub struct Mixer {
    /// Width of the residual stream.
    pub width: usize,
    /// Heads, each with its own gate.
    pub heads: usize,
    /// States by channels of all heads.
    pub scan: ScanShape,
    /// A gate's table entry counts 2^-`shift`.
    pub shift: i32,
    /// Where a lane's stream begins anew, [bytes].
    pub starts: Arc<Vec<bool>>,
    /// States of the lanes, one behind the other; the forward pass carries them on.
    pub states: Mutex<Vec<f32>>,
}

/// Entry `d + 128`: how much a head takes in, in units of 2^-shift, at write logit d / 16.
pub fn gate_table() -> [u8; 256] {
    std::array::from_fn(|i| {
        let logit = f64::from(WRITE.step) * (i as f64 - 128.0);
        (255.0 / (1.0 + (-logit).exp())).round() as u8
    })
}

impl Mixer {
    fn channels(&self) -> usize {
        self.scan.channels
    }

    /// Columns of the input product: x, z, b, c, write.
    fn columns(&self) -> usize {
        2 * self.channels() + 2 * self.scan.states + self.heads
    }

    fn lanes(&self) -> usize {
        self.states.lock().map_or(0, |states| states.len()) / self.scan.state_len()
    }

    /// Gates of all channels from rounded write logits, and their derivative.
    fn gates(&self, u: &[f32], table: &[u8; 256]) -> (Vec<f32>, Vec<f32>) {
        let unit = (-self.shift as f32).exp2();
        let (mut gates, mut slopes) = (Vec::new(), Vec::new());
        for row in u.chunks_exact(self.columns()) {
            for &d in &row[self.columns() - self.heads..] {
                let entry = f32::from(table[(d / WRITE.step + 128.0) as usize]);
                gates.push(entry * unit);
                // The derivative of the smooth curve under the table: 255 σ (1 - σ).
                let sigma = 1.0 / (1.0 + (-d).exp());
                slopes.push(255.0 * sigma * (1.0 - sigma) * unit);
            }
        }
        (gates, slopes)
    }

    fn column(&self, u: &[f32], from: usize, width: usize) -> Vec<f32> {
        u.chunks_exact(self.columns()).flat_map(|row| &row[from..from + width]).copied().collect()
    }

    fn spread(&self, gates: &[f32]) -> Vec<f32> {
        let per_head = self.channels() / self.heads;
        gates.iter().flat_map(|&gate| std::iter::repeat_n(gate, per_head)).collect()
    }
}

impl Layer for Mixer {
    fn blocks(&self) -> Vec<Block> {
        let scale = (self.width as f32).sqrt().recip();
        vec![
            Block::weight("in.weight", self.width, self.columns(), scale),
            Block::bias("in.bias", self.columns() - self.heads, 0.0, 0.0),
            // Heads start with memories of many lengths.
            Block::bias("write.bias", self.heads, -1.5, 1.5),
            Block::weight("out.weight", self.channels(), self.width, 0.03),
        ]
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let blocks = split(&self.blocks(), parameters);
        let (columns, channels, states) = (self.columns(), self.channels(), self.scan.states);
        let bytes = x.len() / self.width;
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let mut u = vec![0.0; bytes * columns];
        matmul(&mut u, &q, &rounded(blocks[0]), self.width, columns, false);
        add_bias(&mut u, &[blocks[1], blocks[2]].concat());
        quantise(&mut u, columns, 0, channels, ACTIVATION);
        quantise(&mut u, columns, channels, channels, GATE);
        quantise(&mut u, columns, 2 * channels, 2 * states, ACTIVATION);
        quantise(&mut u, columns, columns - self.heads, self.heads, WRITE);
        let (gates, slopes) = self.gates(&u, &gate_table());
        let gates = self.spread(&gates);
        let (xs, b, c) = (
            self.column(&u, 0, channels),
            self.column(&u, 2 * channels, states),
            self.column(&u, 2 * channels + states, states),
        );
        let mut y = vec![0.0; bytes * channels];
        let mut kept = Vec::new();
        let per_lane = bytes / self.lanes();
        if let Ok(mut all) = self.states.lock() {
            for (lane, state) in all.chunks_exact_mut(self.scan.state_len()).enumerate() {
                let rows = lane * per_lane..(lane + 1) * per_lane;
                let of = |m: usize| rows.start * m..rows.end * m;
                kept.extend(scan_forward(
                    self.scan,
                    &self.starts[rows.clone()],
                    &xs[of(channels)],
                    &gates[of(channels)],
                    &b[of(states)],
                    &c[of(states)],
                    state,
                    &mut y[of(channels)],
                ));
            }
        }
        quantise(&mut y, channels, 0, channels, READ_OUT);
        let mut o = vec![0.0; y.len()];
        hadamard_grid(&mut o, &y, &u, columns, channels, channels, ACTIVATION);
        let mut out = x.to_vec();
        matmul(&mut out, &o, &rounded(blocks[3]), channels, self.width, true);
        (out, vec![q, u, xs, b, c, gates, slopes, kept, y, o])
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let blocks = split(&self.blocks(), parameters);
        let (columns, channels, states) = (self.columns(), self.channels(), self.scan.states);
        let [q, u, xs, b, c, gates, slopes, copies, y, o] = &kept[..] else {
            unreachable!("the forward pass keeps ten matrices")
        };
        let bytes = q.len() / self.width;
        let mut gradient = vec![0.0; parameters.len()];
        let (win, rest) = gradient.split_at_mut(blocks[0].len());
        let (bias, wout) = rest.split_at_mut(columns);

        matmul_tn(wout, o, dy, channels, self.width);
        let mut dout = vec![0.0; o.len()];
        matmul_nt(&mut dout, dy, &rounded(blocks[3]), self.width, channels);
        keep_inside(&mut dout, o, channels, 0, channels, ACTIVATION);

        let mut du = vec![0.0; u.len()];
        for (((du, u), dout), y) in du
            .chunks_exact_mut(columns)
            .zip(u.chunks_exact(columns))
            .zip(dout.chunks_exact_mut(channels))
            .zip(y.chunks_exact(channels))
        {
            let dz = &mut du[channels..2 * channels];
            for (((dz, z), dout), y) in dz.iter_mut().zip(&u[channels..2 * channels]).zip(dout).zip(y) {
                *dz = *dout * y;
                *dout *= z;
            }
        }
        let mut dread = dout;
        keep_inside(&mut dread, y, channels, 0, channels, READ_OUT);

        let mut dxs = vec![0.0; xs.len()];
        let mut dgates = vec![0.0; gates.len()];
        let (mut db, mut dc) = (vec![0.0; b.len()], vec![0.0; c.len()]);
        let per_lane = bytes / self.lanes();
        let per_copy = copies.len() / self.lanes();
        for lane in 0..self.lanes() {
            let rows = lane * per_lane..(lane + 1) * per_lane;
            let of = |m: usize| rows.start * m..rows.end * m;
            scan_backward(
                self.scan,
                &self.starts[rows.clone()],
                &xs[of(channels)],
                &gates[of(channels)],
                &b[of(states)],
                &c[of(states)],
                &copies[lane * per_copy..(lane + 1) * per_copy],
                &dread[of(channels)],
                &mut dxs[of(channels)],
                &mut dgates[of(channels)],
                &mut db[of(states)],
                &mut dc[of(states)],
            );
        }
        let per_head = channels / self.heads;
        for (t, du) in du.chunks_exact_mut(columns).enumerate() {
            du[..channels].copy_from_slice(&dxs[t * channels..][..channels]);
            du[2 * channels..][..states].copy_from_slice(&db[t * states..][..states]);
            du[2 * channels + states..][..states].copy_from_slice(&dc[t * states..][..states]);
            let dgates = dgates[t * channels..][..channels].chunks_exact(per_head);
            let slopes = &slopes[t * self.heads..][..self.heads];
            for ((du, dgates), slope) in du[columns - self.heads..].iter_mut().zip(dgates).zip(slopes) {
                *du = dgates.iter().sum::<f32>() * slope;
            }
        }
        keep_inside(&mut du, u, columns, 0, channels, ACTIVATION);
        keep_inside(&mut du, u, columns, channels, channels, GATE);
        keep_inside(&mut du, u, columns, 2 * channels, 2 * states, ACTIVATION);
        keep_inside(&mut du, u, columns, columns - self.heads, self.heads, WRITE);
        sum_columns(bias, &du);
        matmul_tn(win, q, &du, self.width, columns);
        let mut dx = vec![0.0; q.len()];
        matmul_nt(&mut dx, &du, &rounded(blocks[0]), columns, self.width);
        keep_inside(&mut dx, q, self.width, 0, self.width, ACTIVATION);
        add(&mut dx, dy);
        (dx, gradient)
    }
}
