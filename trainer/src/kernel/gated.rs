//! Passes of blocks around blocks: scale and shift before the inner one, a gate behind it.
//!
//! Rows of a modulation hold `s`, `t` and `g`, `width` of each. What is rounded to the residual stream's grid
//! here is rounded alike in the exported graph.

use super::vectorised::vectorised;
use crate::grid::RESIDUAL;

/// Units of the stream's grid in one.
const UP: f32 = 1.0 / RESIDUAL.step;
const BOUND: f32 = RESIDUAL.high * RESIDUAL.step;

vectorised! {
    /// `h = stream(x (1 + s) + t)`. `x` lies on the stream's grid; what exceeds [`RESIDUAL`] is cut off.
    pub fn modulate(h: &mut [f32], x: &[f32], modulation: &[f32], width: usize) {
        let rows = h.chunks_exact_mut(width).zip(x.chunks_exact(width));
        for ((h, x), m) in rows.zip(modulation.chunks_exact(3 * width)) {
            let (s, t) = m[..2 * width].split_at(width);
            for (((h, &x), &s), &t) in h.iter_mut().zip(x).zip(s).zip(t) {
                let x = x.clamp(-BOUND, BOUND);
                *h = ((x * (1.0 + s) + t) * UP + 0.5).floor() / UP;
            }
        }
    }

    /// Gradient of [`modulate`]: into the first two thirds of `dm`'s rows, and added to `dx`.
    pub fn modulate_backward(dx: &mut [f32], dm: &mut [f32], dh: &[f32], x: &[f32], modulation: &[f32], width: usize) {
        let rows = dx.chunks_exact_mut(width).zip(dm.chunks_exact_mut(3 * width));
        let given = dh.chunks_exact(width).zip(x.chunks_exact(width)).zip(modulation.chunks_exact(3 * width));
        for ((dx, dm), ((dh, x), m)) in rows.zip(given) {
            let (ds, dt) = dm[..2 * width].split_at_mut(width);
            dt.copy_from_slice(dh);
            for ((((dx, ds), &dh), &x), &s) in dx.iter_mut().zip(ds).zip(dh).zip(x).zip(&m[..width]) {
                *ds = dh * x.clamp(-BOUND, BOUND);
                *dx += if x.abs() < BOUND { dh * (1.0 + s) } else { 0.0 };
            }
        }
    }

    /// `f = o - h`, cut to [`RESIDUAL`]: what a residual block added to `h`.
    pub fn residual(f: &mut [f32], o: &[f32], h: &[f32]) {
        for ((f, &o), &h) in f.iter_mut().zip(o).zip(h) {
            *f = (o - h).clamp(-BOUND, BOUND);
        }
    }

    /// `y += stream(gate f)`, the gates being columns `from..from + width` of rows `stride` long, plus `base`.
    pub fn add_gated(y: &mut [f32], f: &[f32], gates: &[f32], base: f32, stride: usize, from: usize, width: usize) {
        let rows = y.chunks_exact_mut(width).zip(f.chunks_exact(width));
        for ((y, f), gates) in rows.zip(gates.chunks_exact(stride)) {
            for ((y, &f), &gate) in y.iter_mut().zip(f).zip(&gates[from..from + width]) {
                *y += ((base + gate) * f * UP + 0.5).floor() / UP;
            }
        }
    }

    /// Gradient of [`add_gated`] and [`residual`]: that of `f` into `df`, that of the gates over `dgates`.
    pub fn gated_backward(df: &mut [f32], dgates: &mut [f32], dy: &[f32], f: &[f32], gates: &[f32], base: f32, stride: usize, from: usize, width: usize) {
        let rows = df.chunks_exact_mut(width).zip(dgates.chunks_exact_mut(stride));
        let given = dy.chunks_exact(width).zip(f.chunks_exact(width)).zip(gates.chunks_exact(stride));
        for ((df, dgates), ((dy, f), gates)) in rows.zip(given) {
            let gates = dgates[from..from + width].iter_mut().zip(&gates[from..from + width]);
            for (((df, (dgate, &gate)), &dy), &f) in df.iter_mut().zip(gates).zip(dy).zip(f) {
                *dgate = dy * f;
                *df = if f.abs() < BOUND { dy * (base + gate) } else { 0.0 };
            }
        }
    }
}
