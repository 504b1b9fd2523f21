//! A gate for each byte that decides whether a block is computed for it: mixture of depths (Raposo et al. 2024,
//! arXiv 2404.02258, section 3).
//!
//! With `F(x) = inner(x) - x` of a block that looks at nothing but its own row:
//!
//! ```text
//! r = write(q(x) · w + b)                    one number per byte
//! y = x + stream(squash(r) · F(x))  where r > 0, else x
//! squash(r) = tanh r
//! ```
//!
//! The paper takes the k rows of a sequence with the greatest r, which would look into the future; here the border is
//! fixed, and `b` is moved until the share of the rows above it is the capacity, as experts are balanced without
//! an auxiliary loss (Wang et al. 2024, arXiv 2408.15664, section 3). The squash is 0 at the border, so `y` is continuous there, and a row
//! below it has the gradient 0, as a rectified unit has. Of the gradient of r, the mean over the chosen rows is taken away: early in
//! training all rows want more of F, `w` can grant that faster than `b` can take it back, and the share leaves the capacity for good.
//! What is left says which rows want it more than others. Training computes F for the chosen rows alone.

use std::sync::Mutex;

use super::adaln::{export_residual, inner_blocks};
use super::{Block, Kept, Layer, Rule, rounded, split};
use crate::differentiable::Shared;
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, RESIDUAL, SQUASH, WRITE};
use crate::kernel::{
    add_gated, gated_backward, keep_inside, matmul, matmul_tn, quantise, quantise_all, residual,
};

/// [`Self::inner`] for a share of the bytes.
#[derive(Debug)]
pub struct Depths {
    /// Width of the residual stream.
    pub width: usize,
    /// Share of the bytes that the block is wanted for.
    pub capacity: f32,
    /// The block, one that looks at nothing but its own row.
    pub inner: Shared,
    /// The share of the last forward pass; none before one.
    pub share: Mutex<Option<f32>>,
}

/// How far a step moves the border, in units of `r`: a fifth of it does not keep up with `w` in short runs. The swing that it
/// leaves in the share ends with the rate's fall at the end of training.
const PACE: f32 = 0.1;

/// Entry `d + 128`: `tanh r` in units of the [`SQUASH`] grid at `r = d / 16`, 0 where `r` is not positive.
pub fn squash_table() -> [u8; 256] {
    std::array::from_fn(|i| {
        let r = f64::from(WRITE.step) * (i as f64 - 128.0);
        let units = r.max(0.0).tanh() / f64::from(SQUASH.step);
        units.round().min(f64::from(SQUASH.high)) as u8
    })
}

/// Rows of `x` by their indices.
fn gather(x: &[f32], rows: &[f32], width: usize) -> Vec<f32> {
    let row = |&at: &f32| &x[at as usize * width..][..width];
    rows.iter().flat_map(row).copied().collect()
}

impl Depths {
    fn own(&self) -> Vec<Block> {
        let scale = (self.width as f32).sqrt().recip();
        vec![
            Block::weight("gate.weight", self.width, 1, scale),
            Block {
                rule: Rule::Sign(PACE),
                ..Block::bias("gate.bias", 1, 0.0, 0.0)
            },
        ]
    }
}

impl Layer for Depths {
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.own();
        blocks.extend(inner_blocks(&self.inner));
        blocks
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let width = self.width;
        let (own, inner) = parameters.split_at(width + 1);
        let blocks = split(&self.own(), own);
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let mut r = vec![blocks[1][0]; x.len() / width];
        matmul(&mut r, &q, &rounded(blocks[0]), width, 1, true);
        quantise(&mut r, 1, 0, 1, WRITE);

        let above = r.iter().zip(0..).filter(|(r, _)| **r > 0.0);
        let mut rows: Vec<f32> = above.map(|(_, at)| at as f32).collect();
        if let Ok(mut share) = self.share.lock() {
            *share = Some(rows.len() as f32 / r.len() as f32);
        }
        if rows.is_empty() {
            // The inner block always has a row; the gate of this one is 0.
            rows.push(0.0);
        }
        let r = gather(&r, &rows, 1);
        let table = squash_table();
        let gates: Vec<f32> = r
            .iter()
            .map(|r| f32::from(table[(r / WRITE.step - WRITE.low) as usize]) * SQUASH.step)
            .flat_map(|gate| std::iter::repeat_n(gate, width))
            .collect();
        let chosen = gather(x, &rows, width);
        let (o, mut kept) = self.inner.forward(&chosen, inner);
        let mut f = vec![0.0; chosen.len()];
        residual(&mut f, &o, &chosen);
        let mut out = chosen;
        add_gated(&mut out, &f, &gates, 0.0, width, 0, width);
        let mut y = x.to_vec();
        for (row, out) in rows.iter().zip(out.chunks_exact(width)) {
            y[*row as usize * width..][..width].copy_from_slice(out);
        }
        kept.extend([gather(&q, &rows, width), r, gates, f, rows]);
        (y, kept)
    }

    fn backward(&self, parameters: &[f32], mut kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let width = self.width;
        let (own, inner) = parameters.split_at(width + 1);
        let weight = rounded(&own[..width]);
        let last = kept.split_off(kept.len() - 5);
        let [q, r, gates, f, rows] = &last[..] else {
            unreachable!("the forward pass keeps five matrices behind the inner block's")
        };
        let dy_chosen = gather(dy, rows, width);
        let (mut df, mut dgates) = (vec![0.0; f.len()], vec![0.0; f.len()]);
        gated_backward(
            &mut df,
            &mut dgates,
            &dy_chosen,
            f,
            gates,
            0.0,
            width,
            0,
            width,
        );
        let mut dr: Vec<f32> = dgates
            .chunks_exact(width)
            .zip(r)
            .map(|(dgates, r)| {
                let slope = if *r > 0.0 {
                    1.0 - r.tanh().powi(2)
                } else {
                    0.0
                };
                slope * dgates.iter().sum::<f32>()
            })
            .collect();
        keep_inside(&mut dr, r, 1, 0, 1, WRITE);
        let common = dr.iter().sum::<f32>() / dr.len() as f32;
        dr.iter_mut().for_each(|dr| *dr -= common);

        let mut gradient = vec![0.0; width];
        matmul_tn(&mut gradient, q, &dr, width, 1);
        let above = r.iter().filter(|&&r| r > 0.0).count() as f32;
        gradient.push(above / (dy.len() / width) as f32 - self.capacity);
        let mut dq = vec![0.0; q.len()];
        matmul(&mut dq, &dr, &weight, 1, width, false);
        keep_inside(&mut dq, q, width, 0, width, ACTIVATION);
        let (dchosen, dinner) = self.inner.backward(inner, kept, &df);
        gradient.extend(dinner);
        let mut dx = dy.to_vec();
        for (at, row) in rows.iter().enumerate() {
            let dx = &mut dx[*row as usize * width..][..width];
            let from = at * width..(at + 1) * width;
            let given = dchosen[from.clone()]
                .iter()
                .zip(&df[from.clone()])
                .zip(&dq[from]);
            for (dx, ((dchosen, df), dq)) in dx.iter_mut().zip(given) {
                // The inner block's own residual path is no part of F.
                *dx += dchosen - df + dq;
            }
        }
        (dx, gradient)
    }

    fn states(&self) -> Vec<Vec<f32>> {
        self.inner.states()
    }

    /// Of a byte on average, if an engine skips what is not chosen.
    fn macs(&self) -> f64 {
        self.width as f64 + f64::from(self.capacity) * self.inner.macs()
    }

    /// The share of the rows that were chosen, then the inner block's.
    fn load(&self) -> Vec<f32> {
        let share = self.share.lock().ok().and_then(|share| *share);
        let mut load = Vec::from_iter(share);
        load.extend(self.inner.load());
        load
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let (own, inner) = parameters.split_at(self.width + 1);
        let blocks = self.own();
        let values = split(&blocks, own);
        let q = writer.round(x, STREAM, ACTIVATION);
        let weight = writer.weight(&blocks[0], values[0]);
        let r = writer.graph.matmul(&q, &weight);
        let shift = STREAM - WRITE.bits();
        let bias = writer.bias(&blocks[1].name, values[1], (shift as f32 - 1.0).exp2());
        let r = writer.graph.add(&r, &bias);
        let r = writer.shift(&r, shift, WRITE.low, WRITE.high);
        let place = writer.plus(&r, -WRITE.low);
        let name = format!("{}squash", writer.prefix);
        let table = squash_table().map(f32::from);
        let table = writer.graph.initializer_f32(&name, &[256], &table);
        let gate = writer.graph.look_up(&table, &place, 0);

        // Blocks look at ±4 of the stream; the bound keeps the proof of the difference small.
        let within = writer.graph.clip(x, RESIDUAL.low, RESIDUAL.high);
        let f = export_residual(writer, &self.inner, &within, inner);
        let f = writer.graph.mul(&f, &gate);
        let one = (SQUASH.bits() as f32).exp2();
        let f = writer.plus(&f, one / 2.0);
        let f = writer.times(&f, 1.0 / one);
        let f = writer.graph.floor(&f);
        let deeper = writer.graph.add(x, &f);
        let zero = writer.graph.scalar(0.0);
        let above = writer.graph.greater(&r, &zero);
        writer.graph.select(&above, &deeper, x)
    }
}
