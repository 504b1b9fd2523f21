//! Softmax attention of each byte to the last `window` bytes, one stretch of one lane.
//!
//! Scores lie on a band along the diagonal. It is cut into blocks of [`BLOCK`] bytes, each of which
//! sees `window + BLOCK - 1` latents: two products of matrices per block forward and three
//! backward, and no matrix of all bytes by all bytes. Keys and values are the same latents
//! (DeepSeek-V2, arXiv 2405.04434, section 2.1.2, with the up-projections absorbed by the queries and
//! by what is read).
//!
//! Weights are integers and sums of them exact, as in the exported graph:
//!
//! ```text
//! s = floor((q · c + bias) · SCORE + 1/2)         binary orders times SCORE
//! e = floor(256 · 2^((s - max s) / SCORE) + 1/2)  0 from 320 units below the greatest
//! sum e c, sum e                                  whose quotient is the layer's business
//! ```

use std::ops::Range;

use super::elementwise::exp2;
use super::matmul::{matmul, matmul_nt, matmul_tn};
use super::vectorised::vectorised;

/// Units of a score that are a factor of two in its weight.
pub const SCORE: f32 = 32.0;
/// The weight of the greatest score.
pub const WEIGHT_TOP: f32 = 256.0;
/// So far below the greatest, scores have no weight.
pub const FAR: f32 = 319.0;
/// The score of what is not seen, below all others.
pub const UNSEEN: f32 = -1_048_576.0;

/// Bytes whose scores are computed together.
const BLOCK: usize = 32;
/// Interleaved sums.
const V: usize = 16;

/// Sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandShape {
    /// Heads.
    pub heads: usize,
    /// Width of a latent.
    pub latent: usize,
    /// Bytes seen, the one at hand included; a multiple of 16.
    pub window: usize,
}

impl BandShape {
    /// The blocks of `bytes`.
    fn parts(self, bytes: usize) -> impl Iterator<Item = Part> {
        (0..bytes).step_by(BLOCK).map(move |first| {
            let bytes = first..bytes.min(first + BLOCK);
            let width = self.window + bytes.len() - 1;
            Part { bytes, width }
        })
    }

    /// Weights of `bytes`, those of a block that a byte does not see included.
    pub fn weights(self, bytes: usize) -> usize {
        let parts = self.parts(bytes);
        parts
            .map(|part| part.bytes.len() * self.heads * part.width)
            .sum()
    }
}

/// A block of bytes, and how many latents any of them sees.
struct Part {
    bytes: Range<usize>,
    width: usize,
}

/// What [`band_forward`] computes and [`band_backward`] takes: slices, or what they are cut from.
#[derive(Debug)]
pub struct Band<T> {
    /// Sums of weighted latents, [bytes, heads, latent].
    pub sums: T,
    /// Sums of weights, [bytes, heads].
    pub totals: T,
    /// Weights, block after block, each [bytes of the block, heads, latents seen by the block]:
    /// [`BandShape::weights`] of them.
    pub weights: T,
}

/// Attention of `seen.len()` bytes, into `band`.
///
/// `bias`: [heads, window], in binary orders, the latent furthest back first; `seen`: latents of
/// each byte's window that belong to its stream, the last ones, at least one; `queries`:
/// [bytes, heads, latent]; `latents`: [window + bytes, latent], those before the stretch first.
pub fn band_forward(
    shape: BandShape,
    bias: &[f32],
    seen: &[usize],
    queries: &[f32],
    latents: &[f32],
    band: Band<&mut [f32]>,
) {
    let BandShape { heads, latent, .. } = shape;
    let mut rest = band.weights;
    for Part { bytes, width } in shape.parts(seen.len()) {
        let (weights, after) = rest.split_at_mut(bytes.len() * heads * width);
        rest = after;
        // The window of a byte ends with its own latent, `window` rows further down.
        let keys = &latents[(bytes.start + 1) * latent..][..width * latent];
        let of = |m: usize| bytes.start * m..bytes.end * m;
        matmul_nt(weights, &queries[of(heads * latent)], keys, latent, width);
        let totals = &mut band.totals[of(heads)];
        weigh(shape, bias, &seen[bytes.clone()], weights, totals);
        let sums = &mut band.sums[of(heads * latent)];
        matmul(sums, weights, keys, width, latent, false);
    }
}

/// Gradients of the inputs of [`band_forward`].
#[derive(Debug)]
pub struct BandGradients<'a> {
    /// Of the queries.
    pub queries: &'a mut [f32],
    /// Of the latents, those before the stretch too.
    pub latents: &'a mut [f32],
    /// Of the bias; these are added to it.
    pub bias: &'a mut [f32],
}

/// Gradients given that of the quotients of [`Band::sums`] and [`Band::totals`]. Rounding passes a
/// gradient as it is; the slope of a weight over its score is that of an exponential of the weight's
/// size.
pub fn band_backward(
    shape: BandShape,
    queries: &[f32],
    latents: &[f32],
    band: Band<&[f32]>,
    dmean: &[f32],
    gradients: BandGradients<'_>,
) {
    let BandShape { heads, latent, .. } = shape;
    gradients.latents.fill(0.0);
    let mut rest = band.weights;
    // Two matrices, one below the other: gradients of the scores, and shares of the weights.
    let widest = shape.window + BLOCK - 1;
    let mut both = vec![0.0; 2 * BLOCK * heads * widest];
    let mut dkeys = vec![0.0; widest * latent];
    for Part { bytes, width } in shape.parts(queries.len() / (heads * latent)) {
        let (weights, after) = rest.split_at(bytes.len() * heads * width);
        rest = after;
        let of = |m: usize| bytes.start * m..bytes.end * m;
        let seen = (bytes.start + 1) * latent..(bytes.start + 1 + width) * latent;
        let (keys, queries) = (&latents[seen.clone()], &queries[of(heads * latent)]);
        let dmean = &dmean[of(heads * latent)];
        let both = &mut both[..2 * weights.len()];
        let (dscores, shares) = both.split_at_mut(weights.len());
        shares.copy_from_slice(weights);
        matmul_nt(dscores, dmean, keys, latent, width);
        let (totals, sums) = (&band.totals[of(heads)], &band.sums[of(heads * latent)]);
        unweigh(shape, totals, sums, dmean, dscores, shares, gradients.bias);
        let dqueries = &mut gradients.queries[of(heads * latent)];
        matmul(dqueries, dscores, keys, width, latent, false);
        let dkeys = &mut dkeys[..width * latent];
        matmul_tn(dkeys, both, &[queries, dmean].concat(), width, latent);
        for (sum, d) in gradients.latents[seen].iter_mut().zip(dkeys) {
            *sum += *d;
        }
    }
}

/// Sum of products, in interleaved sums.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; V];
    let (a, a_rest) = a.as_chunks::<V>();
    let (b, b_rest) = b.as_chunks::<V>();
    for (a, b) in a.iter().zip(b) {
        sums = std::array::from_fn(|i| a[i].mul_add(b[i], sums[i]));
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

vectorised! {
    /// Scores of one block, [bytes, heads, width], become weights; their sums go to `totals`.
    fn weigh(shape: BandShape, bias: &[f32], seen: &[usize], scores: &mut [f32], totals: &mut [f32]) {
        let (heads, window) = (shape.heads, shape.window);
        let width = window + seen.len() - 1;
        for (row, scores) in scores.chunks_exact_mut(width).enumerate() {
            let (byte, head) = (row / heads, row % heads);
            scores[..byte].fill(0.0);
            scores[byte + window..].fill(0.0);
            let scores = &mut scores[byte..byte + window];
            let bias = &bias[head * window..][..window];
            let mut peak = [UNSEEN; V];
            let hidden = window - seen[byte];
            for (score, &bias) in scores.iter_mut().zip(bias) {
                *score = ((*score + bias) * SCORE + 0.5).floor();
            }
            scores[..hidden].fill(UNSEEN);
            for part in scores.as_chunks::<V>().0 {
                for (peak, &score) in peak.iter_mut().zip(part) {
                    *peak = peak.max(score);
                }
            }
            let peak = peak.iter().copied().fold(UNSEEN, f32::max);
            let mut sums = [0.0f32; V];
            for part in scores.as_chunks_mut::<V>().0 {
                for (sum, score) in sums.iter_mut().zip(part) {
                    *score = weight((*score - peak).max(-FAR));
                    *sum += *score;
                }
            }
            totals[row] = sums.iter().sum();
        }
    }

    /// `dscores` [bytes, heads, width] holds the gradients of the weights times the sums of weights
    /// and becomes that of the scores in binary orders; `shares` holds weights and becomes their
    /// shares of the sums.
    fn unweigh(shape: BandShape, totals: &[f32], sums: &[f32], dmean: &[f32], dscores: &mut [f32], shares: &mut [f32], dbias: &mut [f32]) {
        let (heads, latent, window) = (shape.heads, shape.latent, shape.window);
        let width = window + totals.len() / heads - 1;
        for (row, (dscores, shares)) in dscores.chunks_exact_mut(width).zip(shares.chunks_exact_mut(width)).enumerate() {
            let (byte, head) = (row / heads, row % heads);
            let part = 1.0 / totals[row];
            let common = part * dot(&sums[row * latent..][..latent], &dmean[row * latent..][..latent]);
            for (d, share) in dscores.iter_mut().zip(shares) {
                *share *= part;
                *d = *share * (*d - common) * std::f32::consts::LN_2;
            }
            let dbias = &mut dbias[head * window..][..window];
            for (sum, d) in dbias.iter_mut().zip(&dscores[byte..byte + window]) {
                *sum += d;
            }
        }
    }
}

/// The weight of a score so many units from the greatest, -[`FAR`] to 0.
#[inline(always)]
fn weight(below: f32) -> f32 {
    (WEIGHT_TOP * exp2(below * (1.0 / SCORE)) + 0.5).floor()
}

/// Entry `i`: the weight of a score that is `i -` [`FAR`] units from the greatest.
pub fn weight_table() -> [f32; FAR as usize + 1] {
    std::array::from_fn(|i| {
        let orders = (i as f64 - f64::from(FAR)) / f64::from(SCORE);
        (f64::from(WEIGHT_TOP) * orders.exp2() + 0.5).floor() as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_table() {
        let table = weight_table();
        for (i, &wanted) in table.iter().enumerate() {
            assert_eq!(weight(i as f32 - FAR), wanted, "entry {i}");
        }
        assert_eq!((table[0], table[319]), (0.0, 256.0));
    }
}
