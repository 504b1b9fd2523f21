//! The recurrence of [`scan_forward`](super::scan_forward) and its gradient in chunked matrix form, the
//! "state space dual" algorithm of Mamba-2 (Dao and Gu 2024, arXiv 2405.21060, section 6 and listing 1).
//!
//! With `a = 1 - gate` (0 where a stream begins), `X = gate · x` and `L(t, s)` the product of all `a` after
//! `s` and up to `t`, 0 for `s > t`, a chunk that begins from the state `S` is
//!
//! ```text
//! y  = (L ∘ C Bᵀ) X + L(·, -1) ∘ C S        S' = L(end, -1) S + Bᵀ (L(end, ·) ∘ X)
//! ```
//!
//! with one `L` for each head. The listing takes `L` from sums of logarithms; products of neighbours need
//! none, and a start is a plain zero in them. The gradient of `log a(k)` is the sum of those of `L` that
//! span `k`, which is the sum over `t >= k` of `dy·y - dX·X` (the chunk's last byte with `dS'·S'` besides):
//! the terms inside of `k ..` cancel.

use super::by_head::{add_dots, scale_heads};
use super::matmul::{matmul, matmul_nt, matmul_tn};
use super::scan::ScanShape;
use super::vectorised::vectorised;

/// Sizes of one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsdShape {
    /// States by channels.
    pub scan: ScanShape,
    /// Heads, which divide the channels; each has its gate.
    pub heads: usize,
    /// Bytes of a chunk.
    pub chunk: usize,
}

/// Products of decays below this are 0: denormal numbers are a hundred times as slow.
const NOTHING: f32 = 1e-30;

vectorised! {
    /// `mask` [heads, q, q]: `L`, one matrix a head. `since` [heads, q]: `L(·, -1)`.
    fn decays(heads: usize, starts: &[bool], gate: &[f32], mask: &mut [f32], since: &mut [f32]) {
        let q = starts.len();
        let flushed = |l: f32| if l < NOTHING { 0.0 } else { l };
        for (h, (mask, since)) in mask.chunks_exact_mut(q * q).zip(since.chunks_exact_mut(q)).enumerate() {
            let mut all = 1.0;
            for t in 0..q {
                let a = if starts[t] { 0.0 } else { 1.0 - gate[t * heads + h] };
                all = flushed(all * a);
                since[t] = all;
                let (above, row) = mask.split_at_mut(t * q);
                if t > 0 {
                    for (l, &above) in row[..t].iter_mut().zip(&above[(t - 1) * q..]) {
                        *l = flushed(above * a);
                    }
                }
                row[t] = 1.0;
                row[t + 1..q].fill(0.0);
            }
        }
    }

    /// `out += a · b`, element by element.
    fn add_products(out: &mut [f32], a: &[f32], b: &[f32]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out = a.mul_add(b, *out);
        }
    }

    /// `out = a · b`, element by element.
    fn products(out: &mut [f32], a: &[f32], b: &[f32]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out = a * b;
        }
    }
}

/// The columns of head `h` of `x` [q, channels].
fn head_columns(x: &[f32], channels: usize, heads: usize, h: usize, out: &mut [f32]) {
    let per_head = channels / heads;
    for (out, x) in out.chunks_exact_mut(per_head).zip(x.chunks_exact(channels)) {
        out.copy_from_slice(&x[h * per_head..][..per_head]);
    }
}

/// Adds the columns of head `h` to those of `x` [q, channels].
fn add_head_columns(x: &mut [f32], channels: usize, heads: usize, h: usize, columns: &[f32]) {
    let per_head = channels / heads;
    for (x, columns) in x
        .chunks_exact_mut(channels)
        .zip(columns.chunks_exact(per_head))
    {
        for (x, column) in x[h * per_head..][..per_head].iter_mut().zip(columns) {
            *x += column;
        }
    }
}

/// What both passes make of the decays and inputs of one chunk.
struct Chunk {
    /// [heads, q, q].
    mask: Vec<f32>,
    /// [heads, q].
    since: Vec<f32>,
    /// `C Bᵀ`, [q, q].
    scores: Vec<f32>,
    /// `gate · x`, [q, channels].
    fresh: Vec<f32>,
}

impl Chunk {
    fn new(shape: SsdShape, starts: &[bool], x: &[f32], gate: &[f32], [b, c]: [&[f32]; 2]) -> Self {
        let (q, heads, channels) = (starts.len(), shape.heads, shape.scan.channels);
        let (mut mask, mut since) = (vec![0.0; heads * q * q], vec![0.0; heads * q]);
        decays(heads, starts, gate, &mut mask, &mut since);
        let mut scores = vec![0.0; q * q];
        matmul_nt(&mut scores, c, b, shape.scan.states, q);
        let mut fresh = x.to_vec();
        scale_heads(&mut fresh, channels, heads, gate, heads, 1);
        Self {
            mask,
            since,
            scores,
            fresh,
        }
    }

    /// `L(end, ·) ∘ x`.
    fn until_end(&self, x: &mut [f32], channels: usize, heads: usize) {
        let q = x.len() / channels;
        scale_heads(x, channels, heads, &self.mask[(q - 1) * q..], 1, q * q);
    }

    /// `L(·, -1) ∘ x`.
    fn since_begin(&self, x: &mut [f32], channels: usize, heads: usize) {
        let q = x.len() / channels;
        scale_heads(x, channels, heads, &self.since, 1, q);
    }

    /// `L(end, -1) ∘ state`.
    fn decay_state(&self, state: &mut [f32], channels: usize, heads: usize) {
        let q = self.since.len() / heads;
        scale_heads(state, channels, heads, &self.since[q - 1..], 0, q);
    }
}

/// Runs `starts.len()` bytes from `state`, which is left as after the last one.
///
/// As [`scan_forward`](super::scan_forward), but that `gate` is [bytes, heads]. Returns what
/// [`ssd_backward`] needs: the states before the chunks, and `y`.
#[allow(clippy::too_many_arguments)]
pub fn ssd_forward(
    shape: SsdShape,
    starts: &[bool],
    x: &[f32],
    gate: &[f32],
    b: &[f32],
    c: &[f32],
    state: &mut [f32],
    y: &mut [f32],
) -> Vec<f32> {
    let SsdShape { scan, heads, chunk } = shape;
    let (states, channels) = (scan.states, scan.channels);
    let mut kept = Vec::new();
    let mut update = vec![0.0; state.len()];
    for from in (0..starts.len()).step_by(chunk) {
        let to = (from + chunk).min(starts.len());
        let of = |m: usize| from * m..to * m;
        let (starts, b, c) = (&starts[from..to], &b[of(states)], &c[of(states)]);
        let y = &mut y[of(channels)];
        kept.extend_from_slice(state);
        let gate = &gate[of(heads)];
        let mut parts = Chunk::new(shape, starts, &x[of(channels)], gate, [b, c]);
        matmul(y, c, state, states, channels, false);
        parts.since_begin(y, channels, heads);
        let q = to - from;
        let mut weights = vec![0.0; q * q];
        let mut columns = vec![0.0; q * channels / heads];
        let mut sums = columns.clone();
        for (h, mask) in parts.mask.chunks_exact(q * q).enumerate() {
            products(&mut weights, &parts.scores, mask);
            head_columns(&parts.fresh, channels, heads, h, &mut columns);
            matmul(&mut sums, &weights, &columns, q, channels / heads, false);
            add_head_columns(y, channels, heads, h, &sums);
        }
        let mut fresh = std::mem::take(&mut parts.fresh);
        parts.until_end(&mut fresh, channels, heads);
        matmul_tn(&mut update, b, &fresh, states, channels);
        parts.decay_state(state, channels, heads);
        for (state, update) in state.iter_mut().zip(&update) {
            *state += update;
        }
    }
    kept.extend_from_slice(y);
    kept
}

/// Gradients of [`ssd_forward`] given that of `y`; none flows in from later stretches. Gates are below 1.
#[allow(clippy::too_many_arguments)]
pub fn ssd_backward(
    shape: SsdShape,
    starts: &[bool],
    x: &[f32],
    gate: &[f32],
    b: &[f32],
    c: &[f32],
    kept: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dgate: &mut [f32],
    db: &mut [f32],
    dc: &mut [f32],
) {
    let SsdShape { scan, heads, chunk } = shape;
    let (states, channels, len) = (scan.states, scan.channels, scan.state_len());
    let (before, y) = kept.split_at(starts.len().div_ceil(chunk) * len);
    // The gradient of the state after the chunk.
    let mut dstate = vec![0.0; len];
    let mut update = vec![0.0; len];
    for from in (0..starts.len()).step_by(chunk).rev() {
        let to = (from + chunk).min(starts.len());
        let q = to - from;
        let of = |m: usize| from * m..to * m;
        let (starts, b, c) = (&starts[from..to], &b[of(states)], &c[of(states)]);
        let (x, gate) = (&x[of(channels)], &gate[of(heads)]);
        let (y, dy, dx) = (&y[of(channels)], &dy[of(channels)], &mut dx[of(channels)]);
        let (dgate, db, dc) = (
            &mut dgate[of(heads)],
            &mut db[of(states)],
            &mut dc[of(states)],
        );
        let state = &before[from / chunk * len..][..len];
        let parts = Chunk::new(shape, starts, x, gate, [b, c]);

        // What the chunk leaves behind. `dx` is the gradient of `gate · x` until the end.
        matmul(dx, b, &dstate, states, channels, false);
        parts.until_end(dx, channels, heads);
        let mut late = parts.fresh.clone();
        parts.until_end(&mut late, channels, heads);
        matmul_nt(db, &late, &dstate, channels, states);
        // Of the last decay, and so of all in the chunk.
        let mut dlast = vec![0.0; heads];
        if let Some(after) = before.get((from / chunk + 1) * len..(from / chunk + 2) * len) {
            for (dstate, after) in dstate
                .chunks_exact(channels)
                .zip(after.chunks_exact(channels))
            {
                add_dots(&mut dlast, dstate, after, heads, 1.0);
            }
        }

        // What it reads of the state before it.
        let mut read = dy.to_vec();
        parts.since_begin(&mut read, channels, heads);
        matmul_nt(dc, &read, state, channels, states);
        parts.decay_state(&mut dstate, channels, heads);
        matmul_tn(&mut update, c, &read, states, channels);
        for (dstate, update) in dstate.iter_mut().zip(&update) {
            *dstate += update;
        }

        // What its bytes read of each other.
        let mut dscores = vec![0.0; q * q];
        let (mut weights, mut dweights) = (vec![0.0; q * q], vec![0.0; q * q]);
        let mut columns = vec![0.0; q * channels / heads];
        let (mut dcolumns, mut sums) = (columns.clone(), columns.clone());
        for (h, mask) in parts.mask.chunks_exact(q * q).enumerate() {
            products(&mut weights, &parts.scores, mask);
            head_columns(&parts.fresh, channels, heads, h, &mut columns);
            head_columns(dy, channels, heads, h, &mut dcolumns);
            matmul_nt(&mut dweights, &dcolumns, &columns, channels / heads, q);
            add_products(&mut dscores, &dweights, mask);
            matmul_tn(&mut sums, &weights, &dcolumns, q, channels / heads);
            add_head_columns(dx, channels, heads, h, &sums);
        }
        matmul(dc, &dscores, b, q, states, true);
        let mut more = vec![0.0; q * states];
        matmul_tn(&mut more, &dscores, c, q, states);
        for (db, more) in db.iter_mut().zip(&more) {
            *db += more;
        }

        // The decays, then the gate, which is in both `gate · x` and `1 - gate`.
        let mut dlog = vec![0.0; q * heads];
        add_dots(&mut dlog, dy, y, heads, 1.0);
        add_dots(&mut dlog, dx, &parts.fresh, heads, -1.0);
        dgate.fill(0.0);
        add_dots(dgate, dx, x, heads, 1.0);
        for t in (0..q).rev() {
            for (h, sum) in dlast.iter_mut().enumerate() {
                *sum += dlog[t * heads + h];
                if !starts[t] {
                    dgate[t * heads + h] -= *sum / (1.0 - gate[t * heads + h]);
                }
            }
        }
        scale_heads(dx, channels, heads, gate, heads, 1);
    }
}

#[cfg(test)]
mod tests;
