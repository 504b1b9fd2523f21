//! The recurrence `S ← S + g (b xᵀ − S)`, `y = c S` and its gradient, one stretch of bytes.
//!
//! The state holds `states` rows of `channels`; every channel has its gate. Step by step as
//! the exported graph computes it, vectors along the channels: at these sizes a loop over
//! time costs a twentieth of the layer, less than the chunked matrix form would. The backward
//! pass recomputes states from a copy kept every [`CHUNK`] bytes.

use super::vectorised::vectorised;

/// Bytes between two kept copies of the state.
const CHUNK: usize = 16;
/// Interleaved sums of a dot product.
const V: usize = 16;

/// Sizes of one scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanShape {
    /// Rows of the state.
    pub states: usize,
    /// Columns of the state, a multiple of 16.
    pub channels: usize,
}

impl ScanShape {
    /// Values of one state.
    pub fn state_len(self) -> usize {
        self.states * self.channels
    }
}

/// Sum of products, in sixteen interleaved sums.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; V];
    for (a, b) in a.as_chunks::<V>().0.iter().zip(b.as_chunks::<V>().0) {
        sums = std::array::from_fn(|i| a[i].mul_add(b[i], sums[i]));
    }
    let fours: [f32; 4] =
        std::array::from_fn(|i| (sums[i] + sums[i + 4]) + (sums[i + 8] + sums[i + 12]));
    (fours[0] + fours[1]) + (fours[2] + fours[3])
}

/// `s ← s + g (b x − s)` on all rows.
#[inline(always)]
fn advance(state: &mut [f32], x: &[f32], b: &[f32], gate: &[f32]) {
    let channels = x.len();
    for (row, &b) in state.chunks_exact_mut(channels).zip(b) {
        for ((s, &x), &g) in row.iter_mut().zip(x).zip(gate) {
            *s = b.mul_add(x, -*s).mul_add(g, *s);
        }
    }
}

vectorised! {
    /// Runs `starts.len()` bytes from `state`, which is left as after the last one.
    ///
    /// `x`, `gate`: [bytes, channels]; `b`, `c`: [bytes, states]; `y`: [bytes, channels].
    /// Where `starts` is set the state is zero before the byte. Returns the kept states.
    pub fn scan_forward(shape: ScanShape, starts: &[bool], x: &[f32], gate: &[f32], b: &[f32], c: &[f32], state: &mut [f32], y: &mut [f32]) -> Vec<f32> {
        let (channels, states) = (shape.channels, shape.states);
        let mut kept = Vec::with_capacity(starts.len().div_ceil(CHUNK) * state.len());
        for (t, &start) in starts.iter().enumerate() {
            if start {
                state.fill(0.0);
            }
            if t % CHUNK == 0 {
                kept.extend_from_slice(state);
            }
            let (x, gate) = (&x[t * channels..][..channels], &gate[t * channels..][..channels]);
            let (b, c) = (&b[t * states..][..states], &c[t * states..][..states]);
            let y = &mut y[t * channels..][..channels];
            y.fill(0.0);
            for ((row, &b), &c) in state.chunks_exact_mut(channels).zip(b).zip(c) {
                for (((s, &x), &g), y) in row.iter_mut().zip(x).zip(gate).zip(&mut *y) {
                    *s = b.mul_add(x, -*s).mul_add(g, *s);
                    *y = c.mul_add(*s, *y);
                }
            }
        }
        kept
    }

    /// Gradients of [`scan_forward`] given that of `y`; none flows in from later stretches.
    pub fn scan_backward(shape: ScanShape, starts: &[bool], x: &[f32], gate: &[f32], b: &[f32], c: &[f32], kept: &[f32], dy: &[f32], dx: &mut [f32], dgate: &mut [f32], db: &mut [f32], dc: &mut [f32]) {
        let (channels, states, len) = (shape.channels, shape.states, shape.state_len());
        let mut history = vec![0.0f32; (CHUNK + 1) * len];
        let mut ds = vec![0.0f32; len];
        let mut gated = vec![0.0f32; channels];
        dx.fill(0.0);
        dgate.fill(0.0);
        for chunk in (0..starts.len().div_ceil(CHUNK)).rev() {
            let (from, to) = (chunk * CHUNK, ((chunk + 1) * CHUNK).min(starts.len()));
            // history[i] is the state before byte from + i, after any reset; the one before
            // the reset is never read again.
            history[..len].copy_from_slice(&kept[chunk * len..][..len]);
            for t in from..to {
                let (before, after) = history[(t - from) * len..][..2 * len].split_at_mut(len);
                if starts[t] {
                    before.fill(0.0);
                }
                after.copy_from_slice(before);
                advance(after, &x[t * channels..][..channels], &b[t * states..][..states], &gate[t * channels..][..channels]);
            }
            for t in (from..to).rev() {
                // A reset at t + 1 cleared `after`; compute it again from `before`.
                let (before, after) = history[(t - from) * len..][..2 * len].split_at_mut(len);
                let x = &x[t * channels..][..channels];
                let gate = &gate[t * channels..][..channels];
                let (b, c) = (&b[t * states..][..states], &c[t * states..][..states]);
                if t + 1 < to && starts[t + 1] {
                    after.copy_from_slice(before);
                    advance(after, x, b, gate);
                }
                let dy = &dy[t * channels..][..channels];
                let dx = &mut dx[t * channels..][..channels];
                let dgate = &mut dgate[t * channels..][..channels];
                for n in 0..states {
                    let row = n * channels..(n + 1) * channels;
                    let (b, c) = (b[n], c[n]);
                    let columns = ds[row.clone()].iter_mut().zip(&before[row.clone()]).zip(x).zip(gate)
                        .zip(dy).zip(&mut *dx).zip(&mut *dgate).zip(&mut gated);
                    for (((((((ds, &s), &x), &g), &dy), dx), dgate), gated) in columns {
                        let d = c.mul_add(dy, *ds);
                        *dgate = d.mul_add(b.mul_add(x, -s), *dgate);
                        let gd = g * d;
                        *gated = gd;
                        *dx = b.mul_add(gd, *dx);
                        *ds = d - gd;
                    }
                    db[t * states + n] = dot(&gated, x);
                    dc[t * states + n] = dot(dy, &after[row]);
                }
                if starts[t] {
                    ds.fill(0.0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const SHAPE: ScanShape = ScanShape {
        states: 3,
        channels: 16,
    };
    const BYTES: usize = 37;

    fn inputs() -> [Vec<f32>; 4] {
        let mut random = Random::new(5, 0);
        let mut some = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<_>>();
        let [x, mut gate] = [some(BYTES * 16), some(BYTES * 16)];
        gate.iter_mut().for_each(|g| *g = 0.5 / (1.0 + g.abs()));
        [x, gate, some(BYTES * 3), some(BYTES * 3)]
    }

    fn weighted_sum(starts: &[bool], i: &[Vec<f32>; 4], dy: &[f32]) -> f64 {
        let (mut state, mut y) = (vec![0.1; 48], vec![0.0; BYTES * 16]);
        scan_forward(
            SHAPE, starts, &i[0], &i[1], &i[2], &i[3], &mut state, &mut y,
        );
        y.iter()
            .zip(dy)
            .map(|(y, d)| f64::from(*y) * f64::from(*d))
            .sum()
    }

    #[test]
    fn gradients_are_slopes() {
        let mut starts = vec![false; BYTES];
        starts[9] = true;
        starts[16] = true;
        starts[35] = true;
        let inputs = inputs();
        let mut random = Random::new(6, 0);
        let dy: Vec<f32> = (0..BYTES * 16).map(|_| random.normal()).collect();
        let (mut state, mut y) = (vec![0.1; 48], vec![0.0; BYTES * 16]);
        let [x, gate, b, c] = &inputs;
        let kept = scan_forward(SHAPE, &starts, x, gate, b, c, &mut state, &mut y);
        let mut gradients = inputs.clone();
        let [dx, dg, db, dc] = &mut gradients;
        scan_backward(SHAPE, &starts, x, gate, b, c, &kept, &dy, dx, dg, db, dc);
        for input in 0..4 {
            for at in (0..inputs[input].len()).step_by(7) {
                let moved = |by: f32| {
                    let mut inputs = inputs.clone();
                    inputs[input][at] += by;
                    weighted_sum(&starts, &inputs, &dy)
                };
                let slope = (moved(0.01) - moved(-0.01)) / 0.02;
                let gradient = f64::from(gradients[input][at]);
                assert!(
                    (slope - gradient).abs() < 2e-3 * (1.0 + slope.abs()),
                    "{input} {at}: {slope} {gradient}"
                );
            }
        }
    }
}
