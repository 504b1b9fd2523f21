//! A residual layer of squared rectified units (So et al. 2021, "Primer").

use super::{Block, Kept, Layer, add, add_bias, rounded, split};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, HIDDEN, SQUARED};
use crate::kernel::{
    hadamard_grid, keep_inside, matmul, matmul_nt, matmul_tn, quantise, quantise_all, sum_columns,
};

/// `x + relu(q(x) · W1 + b)² · W2`.
#[derive(Debug)]
pub struct Mlp {
    /// Width of the residual stream.
    pub width: usize,
    /// Hidden units.
    pub hidden: usize,
}

impl Layer for Mlp {
    fn blocks(&self) -> Vec<Block> {
        let scale = (self.width as f32).sqrt().recip();
        vec![
            Block::weight("up.weight", self.width, self.hidden, scale),
            Block::bias("up.bias", self.hidden, 0.0, 0.0),
            Block::weight("down.weight", self.hidden, self.width, 0.03),
        ]
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let blocks = split(&self.blocks(), parameters);
        let (width, hidden) = (self.width, self.hidden);
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let mut u = vec![0.0; x.len() / width * hidden];
        matmul(&mut u, &q, &rounded(blocks[0]), width, hidden, false);
        add_bias(&mut u, blocks[1]);
        quantise(&mut u, hidden, 0, hidden, HIDDEN);
        let mut h = vec![0.0; u.len()];
        hadamard_grid(&mut h, &u, &u, hidden, 0, hidden, SQUARED);
        let mut y = x.to_vec();
        matmul(&mut y, &h, &rounded(blocks[2]), hidden, width, true);
        (y, vec![q, u, h])
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let blocks = split(&self.blocks(), parameters);
        let (width, hidden) = (self.width, self.hidden);
        let [q, u, h] = &kept[..] else {
            unreachable!("the forward pass keeps three matrices")
        };
        let mut gradient = vec![0.0; parameters.len()];
        let (up, rest) = gradient.split_at_mut(blocks[0].len());
        let (bias, down) = rest.split_at_mut(hidden);
        matmul_tn(down, h, dy, hidden, width);
        let mut du = vec![0.0; u.len()];
        matmul_nt(&mut du, dy, &rounded(blocks[2]), width, hidden);
        for (du, u) in du.iter_mut().zip(u) {
            *du *= 2.0 * u;
        }
        keep_inside(&mut du, u, hidden, 0, hidden, HIDDEN);
        sum_columns(bias, &du);
        matmul_tn(up, q, &du, width, hidden);
        let mut dx = vec![0.0; q.len()];
        matmul_nt(&mut dx, &du, &rounded(blocks[0]), hidden, width);
        keep_inside(&mut dx, q, width, 0, width, ACTIVATION);
        add(&mut dx, dy);
        (dx, gradient)
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.blocks();
        let values = split(&blocks, parameters);
        let q = writer.round(x, STREAM, ACTIVATION);
        let weight = writer.weight(&blocks[0], values[0]);
        let u = writer.graph.matmul(&q, &weight);
        let shift = STREAM - HIDDEN.bits();
        let bias = writer.bias(&blocks[1].name, values[1], (shift as f32 - 1.0).exp2());
        let u = writer.graph.add(&u, &bias);
        let u = writer.shift(&u, shift, HIDDEN.low, HIDDEN.high);
        let h = writer.graph.mul(&u, &u);
        let h = writer.round(&h, 2 * HIDDEN.bits(), SQUARED);
        let weight = writer.weight(&blocks[2], values[2]);
        let y = writer.graph.matmul(&h, &weight);
        writer.graph.add(x, &y)
    }
}
