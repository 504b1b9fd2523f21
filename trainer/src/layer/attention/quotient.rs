//! Division of integers by look-up: the mean of an attention, rounded alike in training and in the
//! exported graph, where no operator divides.
//!
//! The divisor is brought to 256 .. 1023 by a power of four, its **level**, and its reciprocal comes
//! from a table. The dividend goes down by 16 times that power, which leaves a mean of latents an
//! error below a sixteenth of a unit and the products below 2^24. All errors together are below one unit.

use crate::export::Writer;
use crate::grid::{ACTIVATION, Grid};
use crate::kernel::{WEIGHT_TOP, vectorised};

/// Least normalised divisor: one greatest weight.
const LEAST: f32 = WEIGHT_TOP;
/// Greatest normalised divisor.
const MOST: f32 = 4.0 * LEAST - 1.0;
/// Normalised dividends stay within ± this: 127 times the greatest divisor, over 16.
const DIVIDEND: f32 = 127.0 * 4.0 * LEAST / 16.0;
/// log2 of the units of reciprocals.
const RECIPROCAL_BITS: i32 = 19;

/// Levels that sums of `window` weights need.
fn levels(window: usize) -> i32 {
    (0..).find(|&j| 4usize.pow(j) >= window).unwrap_or(0) as i32
}

/// Entry `z -` [`LEAST`]: 2^19 / z.
fn reciprocals() -> Vec<f32> {
    let top = f64::from(RECIPROCAL_BITS).exp2();
    (LEAST as u32..=MOST as u32)
        .map(|z| (top / f64::from(z)).round() as f32)
        .collect()
}

/// `sums / totals` rounded to [`ACTIVATION`]. `sums`: [rows, width], multiples of that grid's step that
/// are at most 127 · total of them; `totals`: integers from [`LEAST`] to `window` times that, [rows].
pub(super) fn quotients(sums: &[f32], totals: &[f32], window: usize) -> Vec<f32> {
    let mut out = vec![0.0; sums.len()];
    divide(&mut out, sums, totals, &reciprocals(), levels(window) - 1);
    out
}

vectorised! {
    /// [`quotients`] by `table`, the last level being `last`.
    fn divide(out: &mut [f32], sums: &[f32], totals: &[f32], table: &[f32], last: i32) {
        let width = (sums.len() / totals.len().max(1)).max(1);
        let rows = out.chunks_exact_mut(width).zip(sums.chunks_exact(width));
        for ((out, sums), &total) in rows.zip(totals) {
            let level = (0..last).find(|&j| total < level_end(j)).unwrap_or(last);
            let scale = power(-level);
            let divisor = (total * scale + 0.5).floor().clamp(LEAST, MOST);
            let factor = table[(divisor - LEAST) as usize] * QUOTIENT;
            let scale = scale / (16.0 * ACTIVATION.step);
            for (out, sum) in out.iter_mut().zip(sums) {
                let dividend = (sum * scale).floor().clamp(-DIVIDEND, DIVIDEND);
                let n = (dividend * factor + 0.5).floor();
                *out = n.clamp(ACTIVATION.low, ACTIVATION.high) * ACTIVATION.step;
            }
        }
    }
}

/// 4^j.
const fn power(j: i32) -> f32 {
    f32::from_bits(((127 + 2 * j) as u32) << 23)
}

/// Divisors from here on belong to higher levels than `j`.
const fn level_end(j: i32) -> f32 {
    4.0 * LEAST * power(j)
}

/// What one of a dividend's units times one of a reciprocal's stands for.
const QUOTIENT: f32 = Grid::new(RECIPROCAL_BITS - 4, 0, 0).step;

/// The nodes of [`quotients`] on integers: `sums` [lanes, rows, width], `totals` [lanes, rows, 1].
pub(super) fn export_quotients(
    writer: &mut Writer,
    sums: &str,
    totals: &str,
    window: usize,
) -> String {
    let last = levels(window) - 1;
    let at_level = |writer: &mut Writer, j: i32| {
        let divisor = writer.times(totals, power(-j));
        let divisor = writer.plus(&divisor, 0.5);
        let divisor = writer.graph.floor(&divisor);
        let divisor = writer.graph.clip(&divisor, LEAST, MOST);
        let dividend = writer.times(sums, power(-j) / 16.0);
        let dividend = writer.graph.floor(&dividend);
        let dividend = writer.graph.clip(&dividend, -DIVIDEND, DIVIDEND);
        (divisor, dividend)
    };
    let (mut divisor, mut dividend) = at_level(writer, last);
    for j in (0..last).rev() {
        let (lower_divisor, lower_dividend) = at_level(writer, j);
        let end = writer.graph.scalar(level_end(j));
        let fits = writer.graph.less(totals, &end);
        divisor = writer.graph.select(&fits, &lower_divisor, &divisor);
        dividend = writer.graph.select(&fits, &lower_dividend, &dividend);
    }
    let name = format!("{}reciprocals", writer.prefix);
    let table = reciprocals();
    let table = writer.graph.initializer_f32(&name, &[table.len()], &table);
    let index = writer.plus(&divisor, -LEAST);
    let factor = writer.graph.look_up(&table, &index, 0);
    let product = writer.graph.mul(&dividend, &factor);
    let quotient = writer.times(&product, QUOTIENT);
    let quotient = writer.plus(&quotient, 0.5);
    let quotient = writer.graph.floor(&quotient);
    writer
        .graph
        .clip(&quotient, ACTIVATION.low, ACTIVATION.high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_within_a_unit_at_all_levels() {
        for window in [16, 64, 128, 512] {
            let most = window as u32 * 256;
            for total in (256..=most).step_by(1 + window / 3).chain([most]) {
                let sums: Vec<f32> = (-127..=127)
                    .map(|n| {
                        (n * total as i32 / 2 + 77).clamp(-127 * total as i32, 127 * total as i32)
                            as f32
                            * ACTIVATION.step
                    })
                    .collect();
                let found = quotients(&sums, &[total as f32], window);
                for (sum, found) in sums.iter().zip(found) {
                    let error = (sum / total as f32 - found) / ACTIVATION.step;
                    assert!(error.abs() < 1.0, "{sum} / {total} is not {found}");
                }
            }
        }
    }
}
