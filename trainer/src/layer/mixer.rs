//! A gated state-space layer in the manner of Mamba-2 (Dao and Gu 2024): each head keeps a
//! running mean of outer products of what it reads, and chooses from the byte at hand how much
//! to take in and how much to forget, which are one number here, so that states stay bounded.

use std::sync::Arc;

use umoec_exact::interface::StateRange;

use super::{Block, Carried, Kept, Layer, add, add_bias, rounded, split};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, GATE, READ_OUT, WRITE, rounding};
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
    /// Where a lane's stream begins anew, `[bytes]`.
    pub starts: Arc<Vec<bool>>,
    /// States of the lanes, one behind the other; the forward pass carries them on.
    pub states: Carried,
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
        self.states.before().len() / self.scan.state_len()
    }

    /// Gates of all channels from rounded write logits, and their derivative.
    fn gates(&self, u: &[f32], table: &[u8; 256]) -> (Vec<f32>, Vec<f32>) {
        let unit = (-self.shift as f32).exp2();
        let (mut gates, mut slopes) = (Vec::new(), Vec::new());
        for row in u.chunks_exact(self.columns()) {
            for &d in &row[self.columns() - self.heads..] {
                // The derivative of the smooth curve under the table: 255 σ (1 - σ).
                let sigma = 1.0 / (1.0 + (-d).exp());
                let entry = if rounding() {
                    f32::from(table[(d / WRITE.step + 128.0) as usize])
                } else {
                    255.0 * sigma
                };
                gates.push(entry * unit);
                slopes.push(255.0 * sigma * (1.0 - sigma) * unit);
            }
        }
        (gates, slopes)
    }

    fn column(&self, u: &[f32], from: usize, width: usize) -> Vec<f32> {
        u.chunks_exact(self.columns())
            .flat_map(|row| &row[from..from + width])
            .copied()
            .collect()
    }

    fn spread(&self, gates: &[f32]) -> Vec<f32> {
        let per_head = self.channels() / self.heads;
        gates
            .iter()
            .flat_map(|&gate| std::iter::repeat_n(gate, per_head))
            .collect()
    }
}

/// log2 of a state's units per one: `2 b x` of two [`ACTIVATION`]s.
pub(super) const STATE_BITS: i32 = 2 * ACTIVATION.bits() + 1;
/// States stay within ± this. Twice the largest product is 32258, and with 32767
/// `(2 b x - S) · gate` stays below 2^24.
const STATE_LIMIT: i32 = 32_767;
/// log2 of the units that a state is read out in: 32 states · 127 · 4096 stay below 2^24.
pub(super) const READ_BITS: i32 = STATE_BITS - 3;

/// The scan of one byte: state in, state out, `c S` [lanes, channels] back, in 2^-([`READ_BITS`] + bits of
/// `c`).
///
/// `x`: [lanes, channels]; `gate`: [lanes, heads], at most 255 in units of 2^-`shift`; `b`, `c`: [lanes,
/// states], `c` of eight bits. The products `b x` are in the state's units, and at most 32512.
pub(super) fn export_scan(
    writer: &mut Writer,
    (scan, heads): (ScanShape, usize),
    shift: i32,
    [x, gate, b, c]: [&str; 4],
) -> String {
    let (channels, states) = (scan.channels, scan.states);
    let per_head = channels / heads;
    let dims = [states, heads, per_head];
    let [n, h, p] = dims.map(|size| size as i64);
    let name = format!("{}state", writer.prefix);
    let range = StateRange::integers(-STATE_LIMIT, STATE_LIMIT);
    let state = writer.graph.state(&name, &dims, range);

    let b = writer.graph.reshape(b, &[0, n, 1, 1]);
    let x = writer.graph.reshape(x, &[0, 1, h, p]);
    let gate = writer.graph.reshape(gate, &[0, 1, h, 1]);
    let target = writer.graph.mul(&b, &x);
    let change = writer.graph.sub(&target, &state);
    let change = writer.graph.mul(&change, &gate);
    let change = writer.plus(&change, (shift as f32 - 1.0).exp2());
    let change = writer.times(&change, (-shift as f32).exp2());
    let change = writer.graph.floor(&change);
    let next = writer.graph.add(&state, &change);
    let next = writer
        .graph
        .clip(&next, -STATE_LIMIT as f32, STATE_LIMIT as f32);
    writer.next_state(&name, &next, &dims);

    let read = writer.plus(&next, 4.0);
    let read = writer.times(&read, 1.0 / 8.0);
    let read = writer.graph.floor(&read);
    let read = writer.graph.reshape(&read, &[0, n, channels as i64]);
    let c = writer.graph.reshape(c, &[0, 1, n]);
    let y = writer.graph.matmul(&c, &read);
    writer.graph.reshape(&y, &[0, channels as i64])
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
        let mut carried = self.states.before().to_vec();
        for (lane, state) in carried.chunks_exact_mut(self.scan.state_len()).enumerate() {
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
        self.states.leave(carried);
        quantise(&mut y, channels, 0, channels, READ_OUT);
        let mut o = vec![0.0; y.len()];
        hadamard_grid(&mut o, &y, &u, columns, channels, channels, ACTIVATION);
        let mut out = x.to_vec();
        matmul(
            &mut out,
            &o,
            &rounded(blocks[3]),
            channels,
            self.width,
            true,
        );
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
            for (((dz, z), dout), y) in dz
                .iter_mut()
                .zip(&u[channels..2 * channels])
                .zip(dout)
                .zip(y)
            {
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
            for ((du, dgates), slope) in du[columns - self.heads..]
                .iter_mut()
                .zip(dgates)
                .zip(slopes)
            {
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

    fn states(&self) -> Vec<Vec<f32>> {
        vec![self.states.after()]
    }

    fn macs(&self) -> f64 {
        let scanned = 2 * self.scan.state_len();
        (self.width * self.columns() + self.channels() * self.width + scanned) as f64
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.blocks();
        let values = split(&blocks, parameters);
        let (channels, states, heads) = (self.channels(), self.scan.states, self.heads);
        let sizes = |all: &[usize]| all.iter().map(|&n| n as i64).collect::<Vec<_>>();

        let q = writer.round(x, STREAM, ACTIVATION);
        let weight = writer.weight(&blocks[0], values[0]);
        let sums = writer.graph.matmul(&q, &weight);
        let parts = writer
            .graph
            .split(&sums, &sizes(&[self.columns() - heads, heads]), 1);

        let shift = STREAM - ACTIVATION.bits();
        let bias = writer.bias(&blocks[1].name, values[1], (shift as f32 - 1.0).exp2());
        let u = writer.graph.add(&parts[0], &bias);
        let u = writer.shift(&u, shift, ACTIVATION.low, ACTIVATION.high);
        let u = writer
            .graph
            .split(&u, &sizes(&[channels, channels, states, states]), 1);
        let [read, z, b, c] = &u[..] else {
            unreachable!("the value was split in four")
        };
        // GATE is the non-negative half of ACTIVATION.
        let z = writer.graph.relu(z);

        let shift = STREAM - WRITE.bits();
        let bias = writer.bias(&blocks[2].name, values[2], (shift as f32 - 1.0).exp2());
        let d = writer.graph.add(&parts[1], &bias);
        let d = writer.shift(&d, shift, WRITE.low, WRITE.high);
        let d = writer.plus(&d, -WRITE.low);
        let table = gate_table().map(f32::from);
        let name = format!("{}gates", writer.prefix);
        let table = writer.graph.initializer_f32(&name, &[256], &table);
        let gate = writer.graph.look_up(&table, &d, 0);

        let b = writer.times(b, 2.0);
        let scan = (self.scan, heads);
        let y = export_scan(writer, scan, self.shift, [read, &gate, &b, c]);
        let y = writer.round(&y, READ_BITS + ACTIVATION.bits(), READ_OUT);
        let o = writer.graph.mul(&y, &z);
        let o = writer.round(&o, READ_OUT.bits() + GATE.bits(), ACTIVATION);
        let weight = writer.weight(&blocks[3], values[3]);
        let o = writer.graph.matmul(&o, &weight);
        writer.graph.add(x, &o)
    }
}
