//! Rows of the n-gram tables through a matrix, plus the embedding of the last byte.

use super::{Block, Kept, Layer, add, rounded, split};
use crate::export::{STREAM, Writer};
use crate::grid::{BYTE, ROW, WEIGHT, rounding};
use crate::kernel::{matmul, matmul_nt, matmul_tn};

/// The first layer: [bytes, tables · row width] to the residual stream.
#[derive(Debug)]
pub struct Embed {
    /// Width of all gathered rows together.
    pub inputs: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// The byte before each position.
    pub bytes: Vec<u8>,
}

impl Layer for Embed {
    fn blocks(&self) -> Vec<Block> {
        let limit = BYTE.high * BYTE.step;
        vec![
            Block::weight("embed.weight", self.inputs, self.width, 0.15),
            Block {
                limit,
                ..Block::bias("embed.byte", self.width, 0.0, 0.5)
            }
            .with_rows(256),
        ]
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let blocks = split(&self.blocks(), parameters);
        let mut y = vec![0.0; self.bytes.len() * self.width];
        matmul(
            &mut y,
            x,
            &rounded(blocks[0]),
            self.inputs,
            self.width,
            false,
        );
        let rounds = rounding();
        let table: Vec<f32> = blocks[1].iter().map(|&v| BYTE.fit(v, rounds)).collect();
        for (row, &byte) in y.chunks_exact_mut(self.width).zip(&self.bytes) {
            add(row, &table[usize::from(byte) * self.width..][..self.width]);
        }
        (y, vec![x.to_vec()])
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let blocks = split(&self.blocks(), parameters);
        let mut dx = vec![0.0; kept[0].len()];
        matmul_nt(&mut dx, dy, &rounded(blocks[0]), self.width, self.inputs);
        let mut gradient = vec![0.0; parameters.len()];
        let (weight, table) = gradient.split_at_mut(blocks[0].len());
        matmul_tn(weight, &kept[0], dy, self.inputs, self.width);
        for (row, &byte) in dy.chunks_exact(self.width).zip(&self.bytes) {
            add(
                &mut table[usize::from(byte) * self.width..][..self.width],
                row,
            );
        }
        (dx, gradient)
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.blocks();
        let values = split(&blocks, parameters);
        let weight = writer.weight(&blocks[0], values[0]);
        let sum = writer.graph.matmul(x, &weight);
        let up = STREAM - ROW.bits() - WEIGHT.bits();
        let sum = writer.times(&sum, (up as f32).exp2());
        let table = writer.integers(&blocks[1], values[1], BYTE);
        let byte = writer.graph.reshape(&writer.byte.clone(), &[-1]);
        let byte = writer.graph.look_up(&table, &byte, 0);
        let byte = writer.times(&byte, ((STREAM - BYTE.bits()) as f32).exp2());
        writer.graph.add(&sum, &byte)
    }
}
