//! From the rows of a patch to one: gathering them, and the product.
//!
//! A product of all P · width values with eight-bit weights could reach 2^24 where a patch is long, so it is made in
//! parts of at most [`SUMMANDS`] values, which are rounded before they are added.

use std::ops::Range;

use super::{HELD, Patch};
use crate::grid::{Grid, WEIGHT};
use crate::kernel::{
    keep_inside, matmul, matmul_nt, matmul_tn, quantise, quantise_all, sum_columns,
};
use crate::layer::{Block, add};

/// So many products of two eight-bit values stay below 2^24 together, rounding included.
const SUMMANDS: usize = 1024;

impl Patch {
    /// The grid of `in.weight`. Its values fall as the root of their number a column; from 128 on, where [`WEIGHT`] is
    /// right, the step does so too, by powers of two.
    pub(super) fn weight_grid(&self) -> Grid {
        let finer = (self.bytes * self.width / 128).max(1).ilog2() / 2;
        Grid::new(WEIGHT.bits() + finer as i32, -127, 127)
    }

    /// Number of the values of the block's own parameters.
    pub(super) fn own_size(&self) -> usize {
        self.own().iter().map(Block::size).sum()
    }

    /// The rows of a patch whose products are made together.
    pub(super) fn parts(&self) -> Vec<Range<usize>> {
        let length = (SUMMANDS / self.width).max(1);
        let parts = (0..self.bytes).step_by(length);
        parts
            .map(|from| from..(from + length).min(self.bytes))
            .collect()
    }

    /// Where each row of each patch stands among the gathered: calls `row` with its place there, the row's lane,
    /// its number in the patch, and its number in the stretch if it is of this stretch.
    fn each_row(&self, mut row: impl FnMut(usize, usize, usize, Option<usize>)) {
        let count: usize = self.lanes.iter().map(|lane| lane.pieces.len()).sum();
        for part in self.parts() {
            for (number, lane) in self.lanes.iter().enumerate() {
                for (piece, at) in lane.pieces.iter().zip(lane.first..) {
                    for position in part.clone() {
                        let to = part.start * count + at * part.len() + position - part.start;
                        let here = position.checked_sub(piece.carried);
                        row(to, number, position, here.map(|n| piece.rows.start + n));
                    }
                }
            }
        }
    }

    /// The rows of all patches, part by part, each [patches, rows of the part · width].
    pub(super) fn gather(&self, q: &[f32]) -> Vec<f32> {
        let width = self.width;
        let carried = self.rows.get();
        let count: usize = self.lanes.iter().map(|lane| lane.pieces.len()).sum();
        let mut gathered = vec![0.0; count * self.bytes * width];
        self.each_row(|to, lane, position, here| {
            let from = match here {
                Some(row) => &q[row * width..][..width],
                None => &carried[(lane * (self.bytes - 1) + position) * width..][..width],
            };
            gathered[to * width..][..width].copy_from_slice(from);
        });
        gathered
    }

    /// Patch rows from gathered ones, and the rounded sums of the parts, [parts, patches, patch width].
    pub(super) fn project(
        &self,
        gathered: &[f32],
        weight: &[f32],
        bias: &[f32],
    ) -> (Vec<f32>, Vec<f32>) {
        let width = self.patch_width;
        let weight = self.rounded_weight(weight);
        let count = gathered.len() / (self.bytes * self.width);
        let mut rows = bias.repeat(count);
        let mut sums = Vec::with_capacity(self.parts().len() * rows.len());
        for part in self.parts() {
            let values = self.width * count * part.start..self.width * count * part.end;
            let own = self.width * width * part.start..self.width * width * part.end;
            let mut sum = vec![0.0; rows.len()];
            let length = self.width * part.len();
            matmul(
                &mut sum,
                &gathered[values],
                &weight[own],
                length,
                width,
                false,
            );
            quantise(&mut sum, width, 0, width, HELD);
            add(&mut rows, &sum);
            sums.extend(sum);
        }
        quantise(&mut rows, width, 0, width, HELD);
        (rows, sums)
    }

    /// The gradient of the stretch's rounded rows from `drows`, that of the patch rows; `dweight` and `dbias` are filled.
    pub(super) fn project_back(
        &self,
        drows: &[f32],
        gathered: &[f32],
        sums: &[f32],
        weight: &[f32],
        dweight: &mut [f32],
        dbias: &mut [f32],
    ) -> Vec<f32> {
        let width = self.patch_width;
        let weight = self.rounded_weight(weight);
        let count = drows.len() / width;
        sum_columns(dbias, drows);
        let mut dgathered = vec![0.0; gathered.len()];
        for (number, part) in self.parts().into_iter().enumerate() {
            let values = self.width * count * part.start..self.width * count * part.end;
            let own = self.width * width * part.start..self.width * width * part.end;
            let mut dsum = drows.to_vec();
            let sum = &sums[number * drows.len()..][..drows.len()];
            keep_inside(&mut dsum, sum, width, 0, width, HELD);
            let length = self.width * part.len();
            let dvalues = &mut dgathered[values.clone()];
            matmul_nt(dvalues, &dsum, &weight[own.clone()], width, length);
            matmul_tn(&mut dweight[own], &gathered[values], &dsum, length, width);
        }
        let rows = self.lanes.last().map_or(0, |lane| lane.under_way.rows.end);
        let mut dx = vec![0.0; rows * self.width];
        self.each_row(|to, _, _, here| {
            if let Some(row) = here {
                let from = &dgathered[to * self.width..][..self.width];
                dx[row * self.width..][..self.width].copy_from_slice(from);
            }
        });
        dx
    }

    fn rounded_weight(&self, weight: &[f32]) -> Vec<f32> {
        let mut rounded = vec![0.0; weight.len()];
        quantise_all(&mut rounded, weight, self.weight_grid());
        rounded
    }
}
