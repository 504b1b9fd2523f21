//! The product without vector instructions: what the others are held to.

use super::{Matrix, PANEL, QUAD};

/// `out[r, c] = bias[c] + sum over k of activations[r, k] * weights[k, c]`, wrapping.
pub(super) fn product(matrix: Matrix<'_>, activations: &[u8], out: &mut [i32]) {
    let (quads, columns) = (matrix.quads(), matrix.columns);
    let rows = activations.chunks_exact(quads * QUAD);
    for (activations, out) in rows.zip(out.chunks_exact_mut(columns)) {
        let bias = matrix.bias.as_chunks::<PANEL>().0;
        for (panel, (out, bias)) in out.chunks_mut(PANEL).zip(bias).enumerate() {
            let mut sums = *bias;
            let (first, step) = matrix.panel(panel);
            let weights = matrix.weights[first..].chunks(step);
            for (x, weights) in activations.as_chunks::<QUAD>().0.iter().zip(weights) {
                for (sum, w) in sums.iter_mut().zip(weights.as_chunks::<QUAD>().0) {
                    let products = x.iter().zip(w);
                    let products = products.map(|(&x, &w)| i32::from(x) * i32::from(w));
                    *sum = sum.wrapping_add(products.sum::<i32>());
                }
            }
            out.copy_from_slice(&sums[..out.len()]);
        }
    }
}
