//! Passes over matrices whose columns belong to heads: the channels of the first head, then those of the
//! second, and so on.

use super::vectorised::vectorised;

vectorised! {
    /// Multiplies the columns of head `h` in row `t` of `x` [bytes, channels] by `by[t · row + h · head]`.
    pub fn scale_heads(x: &mut [f32], channels: usize, heads: usize, by: &[f32], row: usize, head: usize) {
        for (t, x) in x.chunks_exact_mut(channels).enumerate() {
            for (h, x) in x.chunks_exact_mut(channels / heads).enumerate() {
                let by = by[t * row + h * head];
                for x in x {
                    *x *= by;
                }
            }
        }
    }

    /// `out` [bytes, heads] `+= by ·` the products of `a` and `b` [bytes, channels] summed over each head's
    /// columns.
    pub fn add_dots(out: &mut [f32], a: &[f32], b: &[f32], heads: usize, by: f32) {
        let per_head = a.len() / out.len();
        for ((out, a), b) in out.chunks_exact_mut(heads)
            .zip(a.chunks_exact(heads * per_head)).zip(b.chunks_exact(heads * per_head))
        {
            for ((out, a), b) in out.iter_mut().zip(a.chunks_exact(per_head)).zip(b.chunks_exact(per_head)) {
                let mut sums = [0.0f32; 8];
                let (a8, a_rest) = a.as_chunks::<8>();
                let (b8, b_rest) = b.as_chunks::<8>();
                for (a, b) in a8.iter().zip(b8) {
                    sums = std::array::from_fn(|i| a[i].mul_add(b[i], sums[i]));
                }
                let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
                *out += by * (sums.iter().sum::<f32>() + rest);
            }
        }
    }
}
