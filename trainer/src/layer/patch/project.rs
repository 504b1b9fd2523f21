//! From the rows of a patch to one: gathering them, and the product.
//!
//! A product of all P · width values with eight-bit weights could reach 2^24 where a patch is long, so it is made in
//! parts of at most [`SUMMANDS`] values, which are rounded before they are added.

use std::ops::Range;

use super::{HELD, Patch};
use crate::kernel::{keep_inside, matmul, matmul_nt, matmul_tn, quantise, sum_columns};
use crate::layer::{add, rounded};

/// So many products of two eight-bit values stay below 2^24 together, rounding included.
const SUMMANDS: usize = 1024;

impl Patch {
    /// log2 of what `in.weight` is divided by. Weights should fall with the root of their number in a column; their grid
    /// and rate are right for some 128, so those of longer columns are kept as if they were so few.
    pub(super) fn finer(&self) -> i32 {
        ((self.bytes * self.width / 128).max(1).ilog2() / 2) as i32
    }

    /// The rows of a patch whose products are made together.
    pub(super) fn parts(&self) -> Vec<Range<usize>> {
        let length = (SUMMANDS / self.width).max(1);
        let parts = (0..self.bytes).step_by(length);
        parts
            .map(|from| from..(from + length).min(self.bytes))
            .collect()
    }

    /// Complete patches of all lanes.
    fn count(&self) -> usize {
        self.lanes.iter().map(|lane| lane.pieces.len()).sum()
    }

    /// Where each row of each patch stands among the gathered: calls `row` with its place there, the row's lane,
    /// its number in the patch, and its number in the stretch if it is of this stretch.
    fn each_row(&self, mut row: impl FnMut(usize, usize, usize, Option<usize>)) {
        let count = self.count();
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
        let carried = self.rows.before();
        let mut gathered = vec![0.0; self.count() * self.bytes * width];
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
        let count = self.count();
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
        let count = self.count();
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
        scale(dweight, self.finer());
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

    /// `in.weight` as it is used.
    fn rounded_weight(&self, weight: &[f32]) -> Vec<f32> {
        let mut weight = rounded(weight);
        scale(&mut weight, self.finer());
        weight
    }
}

/// `values · 2^-bits`.
fn scale(values: &mut [f32], bits: i32) {
    let factor = (-bits as f32).exp2();
    values.iter_mut().for_each(|value| *value *= factor);
}
