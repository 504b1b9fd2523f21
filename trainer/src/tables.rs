//! The n-gram tables: many rows, few of them read in a step, so they stay outside the
//! differentiable graph. It sees the rows read as one of its inputs, and the gradient of that
//! input moves those rows alone.

use std::ops::Range;

use crate::config::ModelConfig;
use crate::grid::{ROW, rounding};
use crate::random::Random;

/// In the place of a row's number: no row, but zeros that nothing moves.
pub const NO_ROW: u32 = u32::MAX;

/// All tables, one behind the other, and the sum of squared gradients of each value (AdaGrad,
/// Duchi et al. 2011: rows read often settle, rare rows still move).
#[derive(Clone, Debug)]
pub struct Tables {
    /// Values before rounding, rows of `dim`.
    pub values: Vec<f32>,
    /// Squared gradients summed, same shape.
    pub squares: Vec<f32>,
    /// First row of each table.
    offsets: Vec<usize>,
    dim: usize,
    /// Slot of a row in the step under way, plus one; zero where the row was not read.
    slots: Vec<u32>,
}

impl Tables {
    /// Small random rows.
    pub fn new(config: &ModelConfig, random: &mut Random) -> Self {
        let mut offsets = Vec::new();
        let mut rows = 0;
        for table in &config.tables {
            offsets.push(rows);
            rows += 1 << table.bits;
        }
        let dim = config.row_width;
        let values = (0..rows * dim).map(|_| 0.25 * random.normal()).collect();
        Self {
            values,
            squares: vec![0.0; rows * dim],
            offsets,
            dim,
            slots: vec![0; rows],
        }
    }

    /// Takes the values of the tables that `from` has, the first of these. Where a table has more rows here, each row is
    /// repeated: a row's number is the lower bits of a hash, so the network says what it said. Contexts that shared a row
    /// part from then on, each with its share of the squared gradients.
    pub fn take_over(&mut self, from: &Self) {
        for index in 0..from.offsets.len() {
            let (old, new) = (from.span(index), self.span(index));
            let share = old.len() as f32 / new.len() as f32;
            let values = self.values[new.clone()].chunks_exact_mut(old.len());
            let squares = self.squares[new].chunks_exact_mut(old.len());
            for (values, squares) in values.zip(squares) {
                values.copy_from_slice(&from.values[old.clone()]);
                for (mine, &was) in squares.iter_mut().zip(&from.squares[old.clone()]) {
                    *mine = share * was;
                }
            }
        }
    }

    /// The rows of table `index`, before rounding.
    pub fn table(&self, index: usize) -> &[f32] {
        &self.values[self.span(index)]
    }

    /// Where the values of table `index` lie.
    fn span(&self, index: usize) -> Range<usize> {
        let end = self
            .offsets
            .get(index + 1)
            .map_or(self.values.len(), |row| row * self.dim);
        self.offsets[index] * self.dim..end
    }

    /// Those of the tables that `keep` says, one for each.
    pub fn select(&self, keep: &[bool]) -> Self {
        let rows = self.slots.len();
        let ends = self.offsets.iter().skip(1).copied().chain([rows]);
        let ranges = self.offsets.iter().zip(ends).zip(keep);
        let mut chosen = Self {
            values: Vec::new(),
            squares: Vec::new(),
            offsets: Vec::new(),
            dim: self.dim,
            slots: Vec::new(),
        };
        for ((&from, to), _) in ranges.filter(|(_, keep)| **keep) {
            let values = from * self.dim..to * self.dim;
            chosen.offsets.push(chosen.slots.len());
            chosen.slots.resize(chosen.slots.len() + to - from, 0);
            chosen.values.extend(&self.values[values.clone()]);
            chosen.squares.extend(&self.squares[values]);
        }
        chosen
    }

    /// Rounded rows, side by side: `rows` holds one index, or [`NO_ROW`], per table for each byte.
    pub fn gather(&self, rows: &[u32]) -> Vec<f32> {
        let rounds = rounding();
        let mut out = Vec::with_capacity(rows.len() * self.dim);
        for rows in rows.chunks_exact(self.offsets.len()) {
            for (row, offset) in rows.iter().zip(&self.offsets) {
                if *row == NO_ROW {
                    out.resize(out.len() + self.dim, 0.0);
                    continue;
                }
                let at = (offset + *row as usize) * self.dim;
                out.extend(
                    self.values[at..at + self.dim]
                        .iter()
                        .map(|&x| ROW.fit(x, rounds)),
                );
            }
        }
        out
    }

    /// One AdaGrad step from the gradients of gathered rows: pairs as for [`Self::gather`].
    pub fn update(&mut self, parts: &[(&[u32], &[f32])], rate: f32) {
        let dim = self.dim;
        let mut touched: Vec<usize> = Vec::new();
        let mut sums: Vec<f32> = Vec::new();
        for (rows, gradients) in parts {
            let tables = self.offsets.iter().cycle();
            for ((row, offset), gradient) in
                rows.iter().zip(tables).zip(gradients.chunks_exact(dim))
            {
                if *row == NO_ROW {
                    continue;
                }
                let row = offset + *row as usize;
                if self.slots[row] == 0 {
                    touched.push(row);
                    self.slots[row] = touched.len() as u32;
                    sums.extend_from_slice(gradient);
                } else {
                    let at = (self.slots[row] as usize - 1) * dim;
                    for (sum, g) in sums[at..at + dim].iter_mut().zip(gradient) {
                        *sum += g;
                    }
                }
            }
        }
        let (low, high) = (ROW.low * ROW.step, ROW.high * ROW.step);
        for (row, sums) in touched.iter().zip(sums.chunks_exact(dim)) {
            self.slots[*row] = 0;
            let at = row * dim;
            let values = self.values[at..at + dim].iter_mut();
            for ((value, square), g) in values.zip(&mut self.squares[at..at + dim]).zip(sums) {
                *square += g * g;
                *value = (*value - rate * g / (square.sqrt() + 1e-8)).clamp(low, high);
            }
        }
    }
}
