//! Latent attention.

use burn::tensor::Tensor;
use umoec_trainer::config::{AttentionConfig, BlockConfig};
use umoec_trainer::grid::{ACTIVATION, Grid};

use crate::layers::{agrees, columns, constant, on, row, straight, values, weight};

const HEADS: usize = 3;
const HEAD_WIDTH: usize = 4;
const LATENT: usize = 5;
const WINDOW: usize = 32;
const QUERY: usize = HEADS * HEAD_WIDTH;

/// A quotient as the graph forms it, in whole numbers alone.
fn quotient(sum: f32, total: f32) -> f32 {
    let total = total as i64;
    let sum = (sum / ACTIVATION.step) as i64;
    let level = (0..2).find(|&j| total < 1024 * 4i64.pow(j)).unwrap_or(2);
    let power = 4i64.pow(level);
    let divisor = ((total + power / 2) / power).min(1023);
    let reciprocal = ((1 << 20) / divisor + 1) / 2;
    let n = (sum.div_euclid(16 * power) * reciprocal + (1 << 14)) >> 15;
    n.clamp(-127, 127) as f32 * ACTIVATION.step
}

/// What one head reads: its query in latent space and the latents seen, the newest last.
fn read(query: Tensor<2>, latents: &[Tensor<2>], bias: &[Tensor<2>]) -> Tensor<2> {
    let latents = Tensor::cat(latents.to_vec(), 0);
    let scores = query.matmul(latents.clone().transpose()) + Tensor::cat(bias.to_vec(), 1);
    let scores = straight(scores, |s| (s * 32.0 + 0.5).floor() / 32.0, |_| true);
    let own = values(&scores);
    let top = own.iter().copied().fold(f32::MIN, f32::max);
    let weights: Vec<f32> = own
        .iter()
        .map(|s| (256.0 * f64::from(s - top).exp2() + 0.5).floor() as f32)
        .collect();
    // Their value, and the slope of an exponential of that size.
    let slope = scores.clone() - scores.detach();
    let weights = constant(weights, own.len()) * (slope * std::f32::consts::LN_2 + 1.0);
    let sums = weights.clone().matmul(latents);
    let total = weights.sum_dim(1);
    let rounded = values(&sums)
        .into_iter()
        .map(|sum| quotient(sum, values(&total)[0]))
        .collect();
    let exact = sums / total;
    let rounded = constant(rounded, LATENT);
    // No gradient at the ends of the grid, as everywhere.
    let inside = straight(
        rounded.clone(),
        |v| f32::from(v.abs() < 127.0 * ACTIVATION.step),
        |_| false,
    );
    let passed = exact * inside;
    rounded + (passed.clone() - passed.detach())
}

/// One lane, byte by byte.
fn reference(p: &[Tensor<2>], x: &Tensor<2>, starts: &[bool], cut: usize) -> Tensor<2> {
    let [weights, bias, key, distance, value, out] = p else {
        panic!("six blocks")
    };
    let block =
        |w: &Tensor<2>, head: usize, rows: usize| weight(&w.clone().narrow(0, head * rows, rows));
    let bucket = |distance: usize| {
        if distance < 16 {
            distance
        } else {
            12 + distance / 4
        }
    };
    let bias_of = |head: usize, d: usize| {
        let learned = row(distance, head).narrow(1, bucket(d), 1);
        let slope = (-8.0 * (head + 1) as f32 / HEADS as f32).exp2();
        straight(
            learned - slope * d as f32,
            |b| (b * 2048.0).round() / 2048.0,
            |_| true,
        )
    };
    let mut latents: Vec<Tensor<2>> = Vec::new();
    let mut rows = Vec::new();
    for (t, &start) in starts.iter().enumerate() {
        if start {
            latents.clear();
        }
        if t == cut {
            latents = latents.into_iter().map(Tensor::detach).collect();
        }
        let u = on(row(x, t), ACTIVATION).matmul(weight(weights)) + bias.clone();
        let u = on(u, ACTIVATION);
        latents.push(columns(&u, QUERY, LATENT));
        let seen = &latents[latents.len().saturating_sub(WINDOW)..];
        let heads = (0..HEADS).map(|head| {
            let query =
                columns(&u, head * HEAD_WIDTH, HEAD_WIDTH).matmul(block(key, head, HEAD_WIDTH));
            let query = on(query, Grid::new(6, -127, 127));
            let bias: Vec<_> = (0..seen.len()).rev().map(|d| bias_of(head, d)).collect();
            let y = read(query, seen, &bias);
            on(y.matmul(block(value, head, LATENT)), ACTIVATION)
        });
        let o = Tensor::cat(heads.collect(), 1);
        rows.push(row(x, t) + o.matmul(weight(out)));
    }
    Tensor::cat(rows, 0)
}

#[test]
fn both_passes_are_those_of_a_loop_over_time() {
    let block = BlockConfig::Attention(AttentionConfig {
        heads: HEADS,
        head_width: HEAD_WIDTH,
        latent: LATENT,
        window: WINDOW,
    });
    agrees(&block, 1.5, reference);
}
