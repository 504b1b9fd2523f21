//! A gated recurrent layer, minGRU (Feng et al. 2024, "Were RNNs All We Needed?", section 3.1):
//! candidate and gate come from the byte at hand alone, so each channel is a running mean.

use std::sync::{Arc, LazyLock};

use umoec_exact::interface::StateRange;

use super::{Block, Carried, Kept, Layer, add, add_bias, gate_table, rounded, split};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, WRITE};
use crate::kernel::{
    ScanShape, columns, keep_inside, matmul, matmul_nt, matmul_tn, quantise, quantise_all,
    scan_backward, scan_forward, set_columns, sum_columns,
};

/// `x + q(h) · Wout` with `h ← h + g (c − h)`: candidate c and the logit of the gate g are the
/// two halves of `q(x) · Win + b`.
#[derive(Debug)]
pub struct Gru {
    /// Width of the residual stream.
    pub width: usize,
    /// Width of the state, a multiple of 16.
    pub channels: usize,
    /// A gate's table entry counts 2^-`shift`.
    pub shift: i32,
    /// Where a lane's stream begins anew, `[bytes]`.
    pub starts: Arc<Vec<bool>>,
    /// h of the lanes, [lanes, channels]; the forward pass carries them on.
    pub states: Carried,
}

/// log2 of a state's units per one.
const STATE_BITS: i32 = ACTIVATION.bits() + 8;
/// A state is a mean of candidates, so it stays within ± the greatest of them, and
/// `(c − h) · g` stays below 2 · 32512 · 255 < 2^24.
const STATE_LIMIT: i32 = 127 << 8;

/// Entry `d + 128`: derivative by the logit of the curve under [`gate_table`], 255 σ (1 − σ).
static SLOPES: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let logit = WRITE.step * (i as f32 - 128.0);
        let sigma = 1.0 / (1.0 + (-logit).exp());
        255.0 * sigma * (1.0 - sigma)
    })
});

impl Gru {
    fn scan(&self) -> ScanShape {
        ScanShape {
            states: 1,
            channels: self.channels,
        }
    }

    fn lanes(&self) -> usize {
        self.states.before().len() / self.channels
    }

    /// `table`, in gates' units, at the rounded logits of all rows of `u`.
    fn looked_up(&self, u: &[f32], table: &[f32; 256]) -> Vec<f32> {
        let unit = (-self.shift as f32).exp2();
        u.chunks_exact(2 * self.channels)
            .flat_map(|row| &row[self.channels..])
            .map(|&d| unit * table[(d / WRITE.step + 128.0) as usize])
            .collect()
    }
}

impl Layer for Gru {
    fn blocks(&self) -> Vec<Block> {
        let scale = (self.width as f32).sqrt().recip();
        vec![
            Block::weight("in.weight", self.width, 2 * self.channels, scale),
            Block::bias("candidate.bias", self.channels, 0.0, 0.0),
            // Channels start with memories of many lengths.
            Block::bias("gate.bias", self.channels, -1.5, 1.5),
            Block::weight("out.weight", self.channels, self.width, 0.03),
        ]
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let blocks = split(&self.blocks(), parameters);
        let (width, channels) = (self.width, self.channels);
        let bytes = x.len() / width;
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let mut u = vec![0.0; bytes * 2 * channels];
        matmul(&mut u, &q, &rounded(blocks[0]), width, 2 * channels, false);
        add_bias(&mut u, &[blocks[1], blocks[2]].concat());
        quantise(&mut u, 2 * channels, 0, channels, ACTIVATION);
        quantise(&mut u, 2 * channels, channels, channels, WRITE);
        let candidates = columns(&u, 2 * channels, 0, channels);
        let gates = self.looked_up(&u, &gate_table().map(f32::from));

        // The scan of a state-space layer whose b and c are one.
        let ones = vec![1.0; bytes];
        let mut h = vec![0.0; bytes * channels];
        let mut kept = Vec::new();
        let per_lane = bytes / self.lanes();
        let mut carried = self.states.before().to_vec();
        for (lane, state) in carried.chunks_exact_mut(channels).enumerate() {
            let rows = lane * per_lane..(lane + 1) * per_lane;
            let values = rows.start * channels..rows.end * channels;
            kept.extend(scan_forward(
                self.scan(),
                &self.starts[rows.clone()],
                &candidates[values.clone()],
                &gates[values.clone()],
                &ones[rows.clone()],
                &ones[rows],
                state,
                &mut h[values],
            ));
        }
        self.states.leave(carried);
        quantise(&mut h, channels, 0, channels, ACTIVATION);
        let mut out = x.to_vec();
        matmul(&mut out, &h, &rounded(blocks[3]), channels, width, true);
        (out, vec![q, u, candidates, gates, kept, h])
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let blocks = split(&self.blocks(), parameters);
        let (width, channels) = (self.width, self.channels);
        let [q, u, candidates, gates, copies, h] = &kept[..] else {
            unreachable!("the forward pass keeps six matrices")
        };
        let bytes = q.len() / width;
        let mut gradient = vec![0.0; parameters.len()];
        let (win, rest) = gradient.split_at_mut(blocks[0].len());
        let (bias, wout) = rest.split_at_mut(2 * channels);
        matmul_tn(wout, h, dy, channels, width);
        let mut dh = vec![0.0; h.len()];
        matmul_nt(&mut dh, dy, &rounded(blocks[3]), width, channels);
        keep_inside(&mut dh, h, channels, 0, channels, ACTIVATION);

        let ones = vec![1.0; bytes];
        let (mut dcandidates, mut dgates) = (vec![0.0; h.len()], vec![0.0; h.len()]);
        // Gradients of the ones, which are no parameters.
        let (mut db, mut dc) = (vec![0.0; bytes], vec![0.0; bytes]);
        let (per_lane, per_copy) = (bytes / self.lanes(), copies.len() / self.lanes());
        for lane in 0..self.lanes() {
            let rows = lane * per_lane..(lane + 1) * per_lane;
            let values = rows.start * channels..rows.end * channels;
            scan_backward(
                self.scan(),
                &self.starts[rows.clone()],
                &candidates[values.clone()],
                &gates[values.clone()],
                &ones[rows.clone()],
                &ones[rows.clone()],
                &copies[lane * per_copy..(lane + 1) * per_copy],
                &dh[values.clone()],
                &mut dcandidates[values.clone()],
                &mut dgates[values],
                &mut db[rows.clone()],
                &mut dc[rows],
            );
        }
        for (dgate, slope) in dgates.iter_mut().zip(self.looked_up(u, &SLOPES)) {
            *dgate *= slope;
        }
        let mut du = vec![0.0; u.len()];
        set_columns(&mut du, 2 * channels, 0, channels, &dcandidates);
        set_columns(&mut du, 2 * channels, channels, channels, &dgates);
        keep_inside(&mut du, u, 2 * channels, 0, channels, ACTIVATION);
        keep_inside(&mut du, u, 2 * channels, channels, channels, WRITE);
        sum_columns(bias, &du);
        matmul_tn(win, q, &du, width, 2 * channels);
        let mut dx = vec![0.0; q.len()];
        matmul_nt(&mut dx, &du, &rounded(blocks[0]), 2 * channels, width);
        keep_inside(&mut dx, q, width, 0, width, ACTIVATION);
        add(&mut dx, dy);
        (dx, gradient)
    }

    fn states(&self) -> Vec<Vec<f32>> {
        vec![self.states.after()]
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.blocks();
        let values = split(&blocks, parameters);
        let channels = self.channels as i64;
        let q = writer.round(x, STREAM, ACTIVATION);
        let weight = writer.weight(&blocks[0], values[0]);
        let sums = writer.graph.matmul(&q, &weight);
        let parts = writer.graph.split(&sums, &[channels, channels], 1);
        let [candidate, logit] = [(0, ACTIVATION), (1, WRITE)].map(|(part, grid)| {
            let shift = STREAM - grid.bits();
            let block = &blocks[1 + part];
            let bias = writer.bias(&block.name, values[1 + part], (shift as f32 - 1.0).exp2());
            let sum = writer.graph.add(&parts[part], &bias);
            writer.shift(&sum, shift, grid.low, grid.high)
        });
        let logit = writer.plus(&logit, -WRITE.low);
        let name = format!("{}gates", writer.prefix);
        let table = gate_table().map(f32::from);
        let table = writer.graph.initializer_f32(&name, &[256], &table);
        let gate = writer.graph.look_up(&table, &logit, 0);

        let name = format!("{}state", writer.prefix);
        let range = StateRange::integers(-STATE_LIMIT, STATE_LIMIT);
        let state = writer.graph.state(&name, &[self.channels], range);
        let target = writer.times(&candidate, ((STATE_BITS - ACTIVATION.bits()) as f32).exp2());
        let change = writer.graph.sub(&target, &state);
        let change = writer.graph.mul(&change, &gate);
        let change = writer.plus(&change, (self.shift as f32 - 1.0).exp2());
        let change = writer.times(&change, (-self.shift as f32).exp2());
        let change = writer.graph.floor(&change);
        let next = writer.graph.add(&state, &change);
        // Changes nothing; it tells the verifier that a mean stays among what it is a mean of.
        let limit = STATE_LIMIT as f32;
        let next = writer.graph.clip(&next, -limit, limit);
        writer.next_state(&name, &next, &[self.channels]);

        let h = writer.round(&next, STATE_BITS, ACTIVATION);
        let weight = writer.weight(&blocks[3], values[3]);
        let y = writer.graph.matmul(&h, &weight);
        writer.graph.add(x, &y)
    }
}
