//! Passes over whole matrices: rounding to a grid, its gradient, and the loss.

use super::vectorised::vectorised;
use crate::grid::{Grid, rounding};

vectorised! {
    /// Rounds `x` to `grid`, columns `from..from + width` of rows `stride` long, in place.
    pub fn quantise(x: &mut [f32], stride: usize, from: usize, width: usize, grid: Grid) {
        let (up, step, low, high) = (1.0 / grid.step, grid.step, grid.low, grid.high);
        if !rounding() {
            let rows = x.chunks_exact_mut(stride).flat_map(|row| &mut row[from..from + width]);
            rows.for_each(|value| *value = grid.clip(*value));
            return;
        }
        for row in x.chunks_exact_mut(stride) {
            for value in &mut row[from..from + width] {
                *value = (*value * up + 0.5).floor().max(low).min(high) * step;
            }
        }
    }

    /// Rounds all of `x` to `grid` into `out`.
    pub fn quantise_all(out: &mut [f32], x: &[f32], grid: Grid) {
        let (up, step, low, high) = (1.0 / grid.step, grid.step, grid.low, grid.high);
        if !rounding() {
            out.iter_mut().zip(x).for_each(|(out, &x)| *out = grid.clip(x));
            return;
        }
        for (out, &x) in out.iter_mut().zip(x) {
            *out = (x * up + 0.5).floor().max(low).min(high) * step;
        }
    }

    /// Straight-through gradient: zero where `rounded` lies on an end of `grid`.
    pub fn keep_inside(gradient: &mut [f32], rounded: &[f32], stride: usize, from: usize, width: usize, grid: Grid) {
        let (low, high) = (grid.low * grid.step, grid.high * grid.step);
        for (g, r) in gradient.chunks_exact_mut(stride).zip(rounded.chunks_exact(stride)) {
            for (g, &r) in g[from..from + width].iter_mut().zip(&r[from..from + width]) {
                *g = if r > low && r < high { *g } else { 0.0 };
            }
        }
    }

    /// `out = grid(a · b)` where `b` is the columns `from..from + width` of a matrix of `stride`.
    pub fn hadamard_grid(out: &mut [f32], a: &[f32], b: &[f32], stride: usize, from: usize, width: usize, grid: Grid) {
        let (up, step, low, high) = (1.0 / grid.step, grid.step, grid.low, grid.high);
        let round = rounding();
        for ((out, a), b) in out.chunks_exact_mut(width).zip(a.chunks_exact(width)).zip(b.chunks_exact(stride)) {
            if !round {
                for ((out, &a), &b) in out.iter_mut().zip(a).zip(&b[from..from + width]) {
                    *out = grid.clip(a * b);
                }
                continue;
            }
            for ((out, &a), &b) in out.iter_mut().zip(a).zip(&b[from..from + width]) {
                *out = (a * b * up + 0.5).floor().max(low).min(high) * step;
            }
        }
    }

    /// Column sums of a matrix, into `out`.
    pub fn sum_columns(out: &mut [f32], x: &[f32]) {
        out.fill(0.0);
        for row in x.chunks_exact(out.len()) {
            for (out, &x) in out.iter_mut().zip(row) {
                *out += x;
            }
        }
    }

    /// Replaces `logits` (binary orders, rows of 256) by the gradient of the summed loss times
    /// `scale`, and returns the loss in bits, summed over the rows. A probability is
    /// proportional to 2^logit.
    pub fn cross_entropy_bits(logits: &mut [f32], targets: &[u8], scale: f32) -> f64 {
        let mut bits = 0.0;
        for (row, &target) in logits.as_chunks_mut::<256>().0.iter_mut().zip(targets) {
            let mut peak = [f32::MIN; 16];
            for part in row.as_chunks::<16>().0 {
                for (peak, &value) in peak.iter_mut().zip(part) {
                    *peak = peak.max(value);
                }
            }
            let peak = peak.iter().copied().fold(f32::MIN, f32::max);
            let mine = row[usize::from(target)] - peak;
            let mut sums = [0.0f32; 16];
            for part in row.as_chunks_mut::<16>().0 {
                for (sum, value) in sums.iter_mut().zip(part) {
                    *value = exp2(*value - peak);
                    *sum += *value;
                }
            }
            let sum: f32 = sums.iter().sum();
            bits += f64::from(sum.log2() - mine);
            let share = scale / sum;
            for value in row.iter_mut() {
                *value *= share;
            }
            row[usize::from(target)] -= scale;
        }
        bits
    }
}

/// 2^x for x ≤ 0, to 2e-7 relative; a Taylor polynomial around the nearest integer.
#[inline(always)]
pub(super) fn exp2(x: f32) -> f32 {
    // Adding 1.5 · 2^23 leaves the nearest integer in the low bits of the significand.
    const MAGIC: f32 = 12_582_912.0;
    let x = x.max(-126.0);
    let shifted = x + MAGIC;
    let whole = shifted.to_bits().wrapping_sub(MAGIC.to_bits());
    let t = (x - (shifted - MAGIC)) * std::f32::consts::LN_2;
    let tail = (t * (1.0 / 720.0) + 1.0 / 120.0) * t + 1.0 / 24.0;
    let fraction = (((tail * t + 1.0 / 6.0) * t + 0.5) * t + 1.0) * t + 1.0;
    fraction * f32::from_bits(whole.wrapping_add(127) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp2_is_close() {
        for i in 0..4000 {
            let x = -(i as f32) / 40.0;
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 3e-6, "{x}");
        }
    }

    #[test]
    fn the_loss_of_even_odds_is_eight_bits_and_its_gradient_sums_to_nothing() {
        let mut logits = vec![0.25; 512];
        assert!((cross_entropy_bits(&mut logits, &[3, 200], 1.0) - 16.0).abs() < 1e-5);
        assert!(logits.iter().sum::<f32>().abs() < 1e-5);
        assert!((logits[3] + 1.0 - 1.0 / 256.0).abs() < 1e-6);
    }
}
