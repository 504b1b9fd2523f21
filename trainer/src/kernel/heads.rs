//! Columns of a matrix, and products that each head does for itself: its columns of one matrix with a
//! block of another's rows.

use super::matmul::{matmul, matmul_nt, matmul_tn};

/// Sizes of a product by heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadShape {
    /// Heads.
    pub heads: usize,
    /// Columns that each head has on the left.
    pub inner: usize,
    /// Columns that each head makes.
    pub outer: usize,
}

/// Columns `from..from + width` of a matrix whose rows are `stride` long.
pub fn columns(x: &[f32], stride: usize, from: usize, width: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(x.len() / stride * width);
    for row in x.chunks_exact(stride) {
        out.extend_from_slice(&row[from..from + width]);
    }
    out
}

/// Puts those columns in their place.
pub fn set_columns(x: &mut [f32], stride: usize, from: usize, width: usize, values: &[f32]) {
    for (row, values) in x.chunks_exact_mut(stride).zip(values.chunks_exact(width)) {
        row[from..from + width].copy_from_slice(values);
    }
}

/// `out[bytes, heads · outer]`, a head's part being that of `x[bytes, heads · inner]` times that of
/// `weight[heads · inner, outer]`.
pub fn matmul_heads(shape: HeadShape, out: &mut [f32], x: &[f32], weight: &[f32]) {
    let HeadShape {
        heads,
        inner,
        outer,
    } = shape;
    let mut part = vec![0.0; out.len() / heads];
    for (head, weight) in weight.chunks_exact(inner * outer).enumerate() {
        let x = columns(x, heads * inner, head * inner, inner);
        matmul(&mut part, &x, weight, inner, outer, false);
        set_columns(out, heads * outer, head * outer, outer, &part);
    }
}

/// Gradients of `x` and `weight` of [`matmul_heads`] given that of `out`.
pub fn matmul_heads_backward(
    shape: HeadShape,
    x: &[f32],
    weight: &[f32],
    dout: &[f32],
    dx: &mut [f32],
    dweight: &mut [f32],
) {
    let HeadShape {
        heads,
        inner,
        outer,
    } = shape;
    let mut part = vec![0.0; x.len() / heads];
    let blocks = weight.chunks_exact(inner * outer);
    let blocks = blocks.zip(dweight.chunks_exact_mut(inner * outer));
    for (head, (weight, dweight)) in blocks.enumerate() {
        let x = columns(x, heads * inner, head * inner, inner);
        let dout = columns(dout, heads * outer, head * outer, outer);
        matmul_tn(dweight, &x, &dout, inner, outer);
        matmul_nt(&mut part, &dout, weight, outer, inner);
        set_columns(dx, heads * inner, head * inner, inner, &part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_product_by_heads_is_that_with_a_block_diagonal_matrix() {
        let shape = HeadShape {
            heads: 3,
            inner: 2,
            outer: 4,
        };
        let mut random = Random::new(8, 0);
        let mut some = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<_>>();
        let (x, weight, dout) = (some(5 * 6), some(6 * 4), some(5 * 12));
        let mut wide = vec![0.0; 6 * 12];
        for row in 0..6 {
            wide[row * 12 + row / 2 * 4..][..4].copy_from_slice(&weight[row * 4..][..4]);
        }
        let near = |a: &[f32], b: &[f32]| {
            assert_eq!(a.len(), b.len());
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5));
        };
        let (mut out, mut wanted) = (vec![0.0; 60], vec![0.0; 60]);
        matmul_heads(shape, &mut out, &x, &weight);
        matmul(&mut wanted, &x, &wide, 6, 12, false);
        near(&out, &wanted);

        let (mut dx, mut dweight) = (vec![0.0; 30], vec![0.0; 24]);
        matmul_heads_backward(shape, &x, &weight, &dout, &mut dx, &mut dweight);
        let (mut wanted, mut dwide) = (vec![0.0; 30], vec![0.0; 72]);
        matmul_nt(&mut wanted, &dout, &wide, 12, 6);
        near(&dx, &wanted);
        matmul_tn(&mut dwide, &x, &dout, 6, 12);
        for row in 0..6 {
            near(
                &dweight[row * 4..][..4],
                &dwide[row * 12 + row / 2 * 4..][..4],
            );
        }
    }
}
