//! Multi-head latent attention over a sliding window (DeepSeek-V2, arXiv 2405.04434, section
//! 2.1), in the absorbed form: keys and values are never made, since a head's query goes through
//! the keys' up-projection instead and what it reads through the values'.

mod quotient;
mod step;

use std::sync::Arc;

use quotient::quotients;

use super::{Block, Carried, Kept, Layer, Rule, add, add_bias, rounded, split};
use crate::export::Writer;
use crate::grid::{ACTIVATION, Grid};
use crate::kernel::{
    self, Band, BandGradients, BandShape, HeadShape, band_backward, band_forward, keep_inside,
    matmul, matmul_heads, matmul_heads_backward, matmul_nt, matmul_tn, quantise, quantise_all,
    set_columns, sum_columns,
};

/// With `c`, `q` the parts of `q(x) · Win + b`, head h reads at byte t
///
/// ```text
/// y = sum over s of softmax(q(q_h · Wk_h) · c_s + bias_h(t - s)) · c_s
/// out = x + concat over h of q(q(y) · Wv_h) · Wout
/// ```
///
/// where s runs over the last `window` bytes of the stream, t included, and the softmax has base two.
/// `c` is cached; all of `q(...)` are signed bytes.
#[derive(Debug)]
pub struct Attention {
    /// Width of the residual stream.
    pub width: usize,
    /// Width of a head's query, and of what it hands on.
    pub head_width: usize,
    /// Heads by width of a latent by bytes seen.
    pub band: BandShape,
    /// Where a lane's stream begins anew, `[bytes]`.
    pub starts: Arc<Vec<bool>>,
    /// The last latents of the lanes, oldest first, [lanes, window, latent]; the forward pass carries them on.
    pub latents: Carried,
    /// How many of them belong to the present stream, `[lanes]`.
    pub seen: Carried,
}

/// Queries in latent space: ±2.
const ABSORBED: Grid = Grid::new(6, -127, 127);
/// log2 of the units per binary order of a score before it is rounded. 256 products of bytes and a
/// bias stay below 2^24; rounded, they are far from that of what is not seen, -2^20.
const SCORE_BITS: i32 = ABSORBED.bits() + ACTIVATION.bits();

/// The bucket of a distance: each its own below 16, then four per octave (after T5, Raffel et al. 2020,
/// section 2.1, with finer steps).
fn bucket(distance: usize) -> usize {
    if distance < 16 {
        return distance;
    }
    let octave = distance.ilog2() as usize;
    16 + 4 * (octave - 4) + (distance >> (octave - 2)) % 4
}

impl Attention {
    /// Columns of all heads' queries.
    fn query(&self) -> usize {
        self.band.heads * self.head_width
    }

    /// Columns of the input product: queries, then the latent.
    fn columns(&self) -> usize {
        self.query() + self.band.latent
    }

    /// Columns of all heads' queries in latent space.
    fn absorbed(&self) -> usize {
        self.band.heads * self.band.latent
    }

    fn buckets(&self) -> usize {
        bucket(self.band.window - 1) + 1
    }

    fn lanes(&self) -> usize {
        self.seen.before().len()
    }

    /// From queries to queries in latent space.
    fn keys(&self) -> HeadShape {
        HeadShape {
            heads: self.band.heads,
            inner: self.head_width,
            outer: self.band.latent,
        }
    }

    /// From what is read to what is handed on.
    fn values(&self) -> HeadShape {
        HeadShape {
            heads: self.band.heads,
            inner: self.band.latent,
            outer: self.head_width,
        }
    }

    /// Added to scores, in binary orders, [heads, window], the byte furthest back first: a bias that
    /// is learned for each head and bucket, less a fixed slope (ALiBi, Press et al. 2022), which gives
    /// heads sights of many lengths to begin with.
    fn distances(&self, learned: &[f32]) -> Vec<f32> {
        let unit = (SCORE_BITS as f32).exp2();
        let heads = self.band.heads as f32;
        let mut bias = Vec::with_capacity(self.band.heads * self.band.window);
        for (head, learned) in learned.chunks_exact(self.buckets()).enumerate() {
            let slope = (-8.0 * (head + 1) as f32 / heads).exp2();
            bias.extend((0..self.band.window).rev().map(|distance| {
                let sum = learned[bucket(distance)] - slope * distance as f32;
                (sum * unit).round() / unit
            }));
        }
        bias
    }

    /// How many latents each byte of a lane sees, given how many the last byte saw; and that of the last one.
    fn sights(&self, starts: &[bool], carried: f32) -> (Vec<usize>, f32) {
        let mut seen = carried as usize;
        let sights = starts
            .iter()
            .map(|&start| {
                seen = if start {
                    1
                } else {
                    (seen + 1).min(self.band.window)
                };
                seen
            })
            .collect();
        (sights, seen as f32)
    }
}

impl Layer for Attention {
    fn blocks(&self) -> Vec<Block> {
        let (heads, latent) = (self.band.heads, self.band.latent);
        let by_heads = |name: &str, shape: HeadShape, deviation: f32| Block {
            matrices: heads,
            ..Block::weight(name, heads * shape.inner, shape.outer, deviation)
        };
        let root = |n: usize| (n as f32).sqrt().recip();
        vec![
            Block::weight("in.weight", self.width, self.columns(), root(self.width)),
            Block::bias("in.bias", self.columns(), 0.0, 0.0),
            // Scores begin with a spread of about one order.
            by_heads("key.weight", self.keys(), root(self.head_width * latent)),
            Block {
                rows: heads,
                rule: Rule::Adam,
                ..Block::bias("distance.bias", self.buckets(), 0.0, 0.0)
            },
            by_heads("value.weight", self.values(), root(latent)),
            Block::weight("out.weight", self.query(), self.width, 0.03),
        ]
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let blocks = split(&self.blocks(), parameters);
        let (columns, query, latent) = (self.columns(), self.query(), self.band.latent);
        let bytes = x.len() / self.width;
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let mut u = vec![0.0; bytes * columns];
        matmul(&mut u, &q, &rounded(blocks[0]), self.width, columns, false);
        add_bias(&mut u, blocks[1]);
        quantise(&mut u, columns, 0, columns, ACTIVATION);

        let mut absorbed = vec![0.0; bytes * self.absorbed()];
        let queries = kernel::columns(&u, columns, 0, query);
        matmul_heads(self.keys(), &mut absorbed, &queries, &rounded(blocks[2]));
        quantise(&mut absorbed, latent, 0, latent, ABSORBED);

        let per_lane = bytes / self.lanes();
        let carried = self.band.window * latent;
        let (mut before, mut seen) = (self.latents.before().to_vec(), self.seen.before().to_vec());
        let bias = self.distances(blocks[3]);
        let own = kernel::columns(&u, columns, query, latent);
        let mut latents = Vec::with_capacity(before.len() + own.len());
        let mut sums = vec![0.0; absorbed.len()];
        let mut totals = vec![0.0; bytes * self.band.heads];
        let per_band = self.band.weights(per_lane);
        let mut weights = vec![0.0; self.lanes() * per_band];
        for (lane, seen) in seen.iter_mut().enumerate() {
            let rows = lane * per_lane..(lane + 1) * per_lane;
            let of = |m: usize| rows.start * m..rows.end * m;
            let first = latents.len();
            latents.extend_from_slice(&before[lane * carried..(lane + 1) * carried]);
            latents.extend_from_slice(&own[of(latent)]);
            let (sights, last) = self.sights(&self.starts[rows.clone()], *seen);
            let band = Band {
                sums: &mut sums[of(self.absorbed())],
                totals: &mut totals[of(self.band.heads)],
                weights: &mut weights[lane * per_band..(lane + 1) * per_band],
            };
            let queries = &absorbed[of(self.absorbed())];
            band_forward(self.band, &bias, &sights, queries, &latents[first..], band);
            let last_latents = &latents[latents.len() - carried..];
            before[lane * carried..(lane + 1) * carried].copy_from_slice(last_latents);
            *seen = last;
        }
        self.latents.leave(before);
        self.seen.leave(seen);

        let y = quotients(&sums, &totals, self.band.window);
        let mut o = vec![0.0; bytes * query];
        matmul_heads(self.values(), &mut o, &y, &rounded(blocks[4]));
        quantise(&mut o, query, 0, query, ACTIVATION);
        let mut out = x.to_vec();
        matmul(&mut out, &o, &rounded(blocks[5]), query, self.width, true);
        let kept = vec![q, u, absorbed, latents, sums, totals, weights, y, o];
        (out, kept)
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let blocks = split(&self.blocks(), parameters);
        let (columns, query, latent) = (self.columns(), self.query(), self.band.latent);
        let Ok([q, u, absorbed, latents, sums, totals, weights, y, o]) =
            <[Vec<f32>; 9]>::try_from(kept)
        else {
            unreachable!("the forward pass keeps nine matrices")
        };
        let bytes = q.len() / self.width;
        let mut gradient = vec![0.0; parameters.len()];
        let mut rest = &mut gradient[..];
        let parts: Vec<&mut [f32]> = blocks
            .iter()
            .map(|block| rest.split_off_mut(..block.len()).unwrap_or_default())
            .collect();
        let Ok([win, bias, key, distance, value, wout]) = <[&mut [f32]; 6]>::try_from(parts) else {
            unreachable!("there are six blocks")
        };

        matmul_tn(wout, &o, dy, query, self.width);
        let mut dout = vec![0.0; o.len()];
        matmul_nt(&mut dout, dy, &rounded(blocks[5]), self.width, query);
        keep_inside(&mut dout, &o, query, 0, query, ACTIVATION);
        let mut dread = vec![0.0; y.len()];
        let weight = rounded(blocks[4]);
        matmul_heads_backward(self.values(), &y, &weight, &dout, &mut dread, value);
        keep_inside(&mut dread, &y, latent, 0, latent, ACTIVATION);

        let mut dabsorbed = vec![0.0; absorbed.len()];
        let mut dbias = vec![0.0; self.band.heads * self.band.window];
        let per_lane = bytes / self.lanes();
        let (per_band, carried) = (weights.len() / self.lanes(), self.band.window * latent);
        let mut with_carried = vec![0.0; carried + per_lane * latent];
        let mut dlatents = Vec::with_capacity(bytes * latent);
        for lane in 0..self.lanes() {
            let of = |m: usize| lane * per_lane * m..(lane + 1) * per_lane * m;
            let band = Band {
                sums: &sums[of(self.absorbed())],
                totals: &totals[of(self.band.heads)],
                weights: &weights[lane * per_band..(lane + 1) * per_band],
            };
            let gradients = BandGradients {
                queries: &mut dabsorbed[of(self.absorbed())],
                latents: &mut with_carried,
                bias: &mut dbias,
            };
            let latents = &latents[lane * gradients.latents.len()..][..gradients.latents.len()];
            let queries = &absorbed[of(self.absorbed())];
            let dread = &dread[of(self.absorbed())];
            band_backward(self.band, queries, latents, band, dread, gradients);
            // What was carried is from an earlier stretch, which gradients do not reach.
            dlatents.extend_from_slice(&with_carried[carried..]);
        }
        self.add_distances(distance, &dbias);
        keep_inside(&mut dabsorbed, &absorbed, latent, 0, latent, ABSORBED);
        let mut dqueries = vec![0.0; bytes * query];
        let queries = kernel::columns(&u, columns, 0, query);
        let weight = rounded(blocks[2]);
        matmul_heads_backward(
            self.keys(),
            &queries,
            &weight,
            &dabsorbed,
            &mut dqueries,
            key,
        );

        let mut du = vec![0.0; u.len()];
        set_columns(&mut du, columns, 0, query, &dqueries);
        set_columns(&mut du, columns, query, latent, &dlatents);
        keep_inside(&mut du, &u, columns, 0, columns, ACTIVATION);
        sum_columns(bias, &du);
        matmul_tn(win, &q, &du, self.width, columns);
        let mut dx = vec![0.0; q.len()];
        matmul_nt(&mut dx, &du, &rounded(blocks[0]), columns, self.width);
        keep_inside(&mut dx, &q, self.width, 0, self.width, ACTIVATION);
        add(&mut dx, dy);
        (dx, gradient)
    }

    fn states(&self) -> Vec<Vec<f32>> {
        vec![self.latents.after(), self.seen.after()]
    }

    fn macs(&self) -> f64 {
        let shared = self.width * (self.columns() + self.query());
        let by_heads = 2 * self.absorbed() * self.head_width;
        let scores_and_sums = 2 * self.absorbed() * self.band.window;
        (shared + by_heads + scores_and_sums) as f64
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        self.export_step(writer, x, parameters)
    }
}

impl Attention {
    /// Adds gradients of what [`Self::distances`] gives to those of what it is given.
    fn add_distances(&self, learned: &mut [f32], bias: &[f32]) {
        let rows = learned.chunks_exact_mut(self.buckets());
        for (learned, bias) in rows.zip(bias.chunks_exact(self.band.window)) {
            for (distance, d) in bias.iter().rev().enumerate() {
                learned[bucket(distance)] += d;
            }
        }
    }
}
