//! The short causal convolution along time, each channel for itself, and its gradient.

use super::vectorised::vectorised;

/// Bytes that a convolution sees: the one at hand and those before it.
pub const TAPS: usize = 4;
/// Bytes that it carries from stretch to stretch.
pub const TAIL: usize = TAPS - 1;

/// Weights that reach no further back than the stream of each byte: a byte with `age` bytes of its stream
/// before it uses those from `TAIL - age` on. Streams under way at the start of a stretch are as old as
/// need be, as what is older than they are is 0 in the tail.
#[inline(always)]
fn first_tap(age: &mut usize, start: bool) -> usize {
    *age = if start { 0 } else { (*age + 1).min(TAIL) };
    TAIL - *age
}

vectorised! {
    /// `y(t) = bias + sum over k of weight(k) · x(t - 3 + k)`, as far back as the stream of `t` reaches.
    ///
    /// `x`, `y`: [bytes, channels]; `weight`: `[TAPS, channels]`, oldest first; `bias`: `[channels]`. `tail`:
    /// `[TAIL, channels]`, the bytes before the first one, left as those before the next.
    pub fn conv_forward(starts: &[bool], tail: &mut [f32], x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
        let channels = bias.len();
        let rows = [&*tail, x].concat();
        let mut age = TAIL;
        for ((t, &start), y) in starts.iter().enumerate().zip(y.chunks_exact_mut(channels)) {
            y.copy_from_slice(bias);
            for k in first_tap(&mut age, start)..TAPS {
                let (row, weight) = (&rows[(t + k) * channels..][..channels], &weight[k * channels..][..channels]);
                for ((y, &x), &w) in y.iter_mut().zip(row).zip(weight) {
                    *y = x.mul_add(w, *y);
                }
            }
        }
        let older = first_tap(&mut age, false) * channels;
        tail.copy_from_slice(&rows[starts.len() * channels..]);
        tail[..older].fill(0.0);
    }

    /// Gradients of [`conv_forward`]; those of `weight` and `bias` are added to. `tail` is what it was before.
    pub fn conv_backward(starts: &[bool], tail: &[f32], x: &[f32], weight: &[f32], dy: &[f32], dx: &mut [f32], dweight: &mut [f32], dbias: &mut [f32]) {
        let channels = dbias.len();
        let rows = [tail, x].concat();
        let mut drows = vec![0.0f32; rows.len()];
        let mut age = TAIL;
        for ((t, &start), dy) in starts.iter().enumerate().zip(dy.chunks_exact(channels)) {
            for (sum, &dy) in dbias.iter_mut().zip(dy) {
                *sum += dy;
            }
            for k in first_tap(&mut age, start)..TAPS {
                let (row, tap) = ((t + k) * channels, k * channels);
                let columns = rows[row..][..channels].iter().zip(&mut drows[row..][..channels])
                    .zip(&weight[tap..][..channels]).zip(&mut dweight[tap..][..channels]).zip(dy);
                for ((((&x, dx), &w), dw), &dy) in columns {
                    *dx = dy.mul_add(w, *dx);
                    *dw = dy.mul_add(x, *dw);
                }
            }
        }
        dx.copy_from_slice(&drows[TAIL * channels..]);
    }
}
