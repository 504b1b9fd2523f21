//! The n-gram tables: many rows, few of them read in a step, so they stay outside the
//! differentiable graph. It sees the rows read as one of its inputs, and the gradient of that
//! input moves those rows alone.

use std::ops::Range;

use crate::config::ModelConfig;
use crate::grid::{Grid, ROW, rounding};
use crate::random::Random;

/// In the place of a row's number: no row, but zeros that nothing moves.
pub const NO_ROW: u32 = u32::MAX;

/// Steps in which each row has its turn to be drawn towards zero.
const TURNS: usize = 16;

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
    /// What values are rounded to.
    grid: Grid,
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
            grid: ROW.every(config.row_step),
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

    /// After values of others were taken over: sums of squared gradients that are not known begin with `squares`, and values in the
    /// middle of two of this grid become the one nearer to zero.
    pub fn settle(&mut self, squares: f32) {
        for (value, square) in self.values.iter_mut().zip(&mut self.squares) {
            if *square == 0.0 {
                *square = squares;
            }
            if self.grid != ROW && (*value / self.grid.step).fract().abs() == 0.5 {
                *value *= 1.0 - 1e-3;
            }
        }
    }

    /// The integer of [`ROW`] that `value` is rounded to.
    pub fn index(&self, value: f32) -> f32 {
        ROW.index(self.grid.round(value))
    }

    /// Draws the values of rows that were read, whose sums of squared gradients are above `begun`, towards zero, as if each
    /// cost `cost` times its size in every step: at AdaGrad's rate for it. A step does so for one row of [`TURNS`], for that
    /// many steps at once.
    pub fn draw(&mut self, step: u64, rate: f32, cost: f32, begun: f32) {
        let by = rate * cost * TURNS as f32;
        let first = (step % TURNS as u64) as usize;
        let rows = self.values.chunks_exact_mut(self.dim);
        let rows = rows.zip(self.squares.chunks_exact(self.dim));
        for (values, squares) in rows.skip(first).step_by(TURNS) {
            for (value, square) in values.iter_mut().zip(squares).filter(|(_, s)| **s > begun) {
                let less = by / (square.sqrt() + 1e-8);
                *value = (value.abs() - less).max(0.0).copysign(*value);
            }
        }
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
            grid: self.grid,
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
                        .map(|&x| self.grid.fit(x, rounds)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conditions::Conditions;
    use crate::config::TableConfig;
    use crate::context::Context;

    /// One table of 16 rows of two values.
    fn tables(row_step: u8, value: impl Fn(usize) -> f32) -> Tables {
        let table = TableConfig {
            context: Context::Bytes(2),
            bits: 4,
        };
        let config = ModelConfig {
            width: 4,
            row_width: 2,
            row_step,
            conditions: Conditions::None,
            exits: Vec::new(),
            exit_weight: 0.0,
            hasty: Vec::new(),
            tables: vec![table],
            blocks: Vec::new(),
        };
        let mut tables = Tables::new(&config, &mut Random::new(1, 2));
        for (i, v) in tables.values.iter_mut().enumerate() {
            *v = value(i);
        }
        tables
    }

    #[test]
    fn rows_are_multiples_of_the_step_within_the_grid() {
        for (step, least, most) in [
            (1, -8.0, 7.0),
            (2, -8.0, 6.0),
            (3, -6.0, 6.0),
            (4, -8.0, 4.0),
        ] {
            let tables = tables(step, |i| i as f32 / 4.0 - 4.0);
            let rows: Vec<u32> = (0..16).collect();
            let indices: Vec<f32> = tables.gather(&rows).iter().map(|v| v / ROW.step).collect();
            let whole = |n: &f32| *n % f32::from(step) == 0.0;
            assert!(indices.iter().all(whole), "{step}: {indices:?}");
            assert_eq!([indices[0], indices[31]], [least, most], "{step}");
            for (&value, index) in tables.values.iter().zip(indices) {
                assert_eq!(tables.index(value), index);
            }
        }
    }

    #[test]
    fn what_was_in_the_middle_of_two_values_becomes_the_smaller() {
        let mut tables = tables(2, |i| [0.25, -0.25, 0.75, -0.75, 0.5][i % 5]);
        tables.squares[7] = 9.0;
        tables.settle(4.0);
        let rounded = tables.gather(&(0..16).collect::<Vec<_>>());
        for (i, value) in rounded.iter().enumerate() {
            assert_eq!(*value, [0.0, -0.0, 0.5, -0.5, 0.5][i % 5], "{i}");
        }
        let squares = |i| if i == 7 { 9.0 } else { 4.0 };
        assert!((0..32).all(|i| tables.squares[i] == squares(i)));
    }

    #[test]
    fn rows_that_were_read_are_drawn_to_zero_and_no_further() {
        let mut tables = tables(1, |i| if i % 2 == 0 { 0.5 } else { -0.125 });
        tables.settle(1.0);
        // Row 3 was read, row 5 more often.
        tables.squares[6..8].fill(4.0);
        tables.squares[10..12].fill(16.0);
        for step in 0..TURNS as u64 {
            tables.draw(step, 0.5, 0.0625, 1.0);
        }
        let less = |square: f32| 0.5 * 0.0625 * TURNS as f32 / square.sqrt();
        let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
        near(tables.values[6], 0.5 - less(4.0));
        near(tables.values[7], 0.0);
        near(tables.values[10], 0.5 - less(16.0));
        near(tables.values[11], 0.0);
        let others = (0..32).filter(|i| !(6..8).contains(i) && !(10..12).contains(i));
        for i in others {
            near(tables.values[i], if i % 2 == 0 { 0.5 } else { -0.125 });
        }
    }
}
