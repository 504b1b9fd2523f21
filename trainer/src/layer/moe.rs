//! A fine-grained mixture of experts (Dai et al. 2024, "DeepSeekMoE", §3), balanced without an auxiliary loss
//! (Wang et al. 2024, arXiv 2408.15664): a bias per expert that counts in the choice alone is moved against its load.
//!
//! `x + relu(q(x) · W1ₛ + b1ₛ)² · W2ₛ + Σₑ σ(sₑ) relu(q(x) · W1ₑ + b1ₑ)² · W2ₑ` over the shared experts `s`, taken as one,
//! and the chosen experts `e`: those with the greatest `sₑ + balanceₑ`, `s = q(x) · Wr`, the lower index first among equals.

use std::sync::Mutex;

use super::{Block, Kept, Layer, Mlp, Rule, rounded, split};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, Grid, HIDDEN, SQUARED, rounding};
use crate::kernel::{
    Routes, add_rows, gather_rows, keep_inside, matmul, matmul_nt, matmul_tn, quantise,
    quantise_all, sum_columns,
};

/// Scores of experts: ±4. Their balance lies on the same grid.
const SCORE: Grid = Grid::new(5, -127, 127);
/// The gate of a chosen expert, 0 to 1.
const EXPERT_GATE: Grid = Grid::new(7, 0, 127);
/// How far the balance of an expert moves in a step at the highest rate.
const BALANCE_STEP: f32 = 0.004;

/// A mixture of experts.
#[derive(Debug)]
pub struct Moe {
    /// Width of the residual stream.
    pub width: usize,
    /// Routed experts.
    pub experts: usize,
    /// Shared experts, which every byte has.
    pub shared: usize,
    /// Routed experts that a byte has.
    pub chosen: usize,
    /// Hidden units of an expert.
    pub hidden: usize,
    /// Share of the choices that each routed expert got in the last forward pass.
    pub load: Mutex<Vec<f32>>,
}

/// Entry `s + 127`: the gate of an expert of score `s / 32`, in 128ths.
pub fn expert_gates() -> [u8; 255] {
    std::array::from_fn(|i| {
        let score = f64::from(SCORE.step) * (i as f64 - 127.0);
        (128.0 / (1.0 + (-score).exp())).round().min(127.0) as u8
    })
}

/// What the parameters of a mixture are, in order.
struct Parts<'a> {
    router: &'a [f32],
    balance: &'a [f32],
    up: &'a [f32],
    bias: &'a [f32],
    down: &'a [f32],
    shared: &'a [f32],
}

impl Moe {
    fn parts<'a>(&self, parameters: &'a [f32]) -> Parts<'a> {
        let routed = self.routed_blocks();
        let size: usize = routed.iter().map(Block::size).sum();
        let (own, shared) = parameters.split_at(size);
        let own = split(&routed, own);
        Parts {
            router: own[0],
            balance: own[1],
            up: own[2],
            bias: own[3],
            down: own[4],
            shared,
        }
    }

    fn shared_layer(&self) -> Option<Mlp> {
        (self.shared > 0).then(|| Mlp {
            width: self.width,
            hidden: self.shared * self.hidden,
        })
    }

    fn routed_blocks(&self) -> Vec<Block> {
        let scale = (self.width as f32).sqrt().recip();
        let (width, hidden, experts) = (self.width, self.hidden, self.experts);
        let matrices = |name: &str, rows: usize, columns: usize, deviation: f32| Block {
            matrices: experts,
            ..Block::weight(name, experts * rows, columns, deviation)
        };
        vec![
            Block {
                rule: Rule::Adam,
                ..Block::weight("router.weight", width, experts, 0.02)
            },
            Block {
                rule: Rule::Sign(BALANCE_STEP),
                limit: SCORE.high * SCORE.step,
                ..Block::bias("router.balance", experts, 0.0, 0.0)
            },
            matrices("up.weight", width, hidden, scale),
            Block::bias("up.bias", hidden, 0.0, 0.0).with_rows(experts),
            matrices("down.weight", hidden, width, 0.03),
        ]
    }

    /// Scores of all experts on their grid, [rows, experts].
    fn scores(&self, q: &[f32], router: &[f32]) -> Vec<f32> {
        let mut scores = vec![0.0; q.len() / self.width * self.experts];
        matmul(
            &mut scores,
            q,
            &rounded(router),
            self.width,
            self.experts,
            false,
        );
        quantise(&mut scores, self.experts, 0, self.experts, SCORE);
        scores
    }

    /// The slice of expert `e` in a block of all experts.
    fn of<'a>(&self, block: &'a [f32], e: usize) -> &'a [f32] {
        let size = block.len() / self.experts;
        &block[e * size..(e + 1) * size]
    }
}

impl Layer for Moe {
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.routed_blocks();
        blocks.extend(self.shared_layer().iter().flat_map(|shared| {
            shared.blocks().into_iter().map(|block| Block {
                name: format!("shared.{}", block.name),
                ..block
            })
        }));
        blocks
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let parts = self.parts(parameters);
        let (width, hidden) = (self.width, self.hidden);
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let scores = self.scores(&q, parts.router);
        let rounds = rounding();
        let balance = parts.balance.iter().map(|&b| SCORE.fit(b, rounds));
        let balance: Vec<f32> = balance.collect();
        let routes = Routes::choose(&scores, &balance, self.chosen);
        if let Ok(mut load) = self.load.lock() {
            *load = routes.load();
        }
        let (mut y, shared) = match self.shared_layer() {
            Some(shared) => shared.forward(x, parts.shared),
            None => (x.to_vec(), Vec::new()),
        };

        let gates = expert_gates();
        let up = rounded(parts.up);
        let down = rounded(parts.down);
        let rows = routes.len();
        let (mut u, mut h) = (vec![0.0; rows * hidden], vec![0.0; rows * hidden]);
        for e in 0..self.experts {
            let range = routes.range(e);
            if range.is_empty() {
                continue;
            }
            let mine = gather_rows(&q, width, routes.rows(e));
            let cells = range.start * hidden..range.end * hidden;
            let (u, h) = (&mut u[cells.clone()], &mut h[cells]);
            matmul(u, &mine, self.of(&up, e), width, hidden, false);
            super::add_bias(u, self.of(parts.bias, e));
            quantise(u, hidden, 0, hidden, HIDDEN);
            for ((h, u), &row) in h
                .chunks_exact_mut(hidden)
                .zip(u.chunks_exact(hidden))
                .zip(routes.rows(e))
            {
                let score = scores[row as usize * self.experts + e];
                let gate = if rounds {
                    f32::from(gates[(score / SCORE.step + 127.0) as usize]) * EXPERT_GATE.step
                } else {
                    1.0 / (1.0 + (-score).exp())
                };
                for (h, u) in h.iter_mut().zip(u) {
                    *h = SQUARED.fit(u * u * gate, rounds);
                }
            }
            let mut out = vec![0.0; range.len() * width];
            matmul(&mut out, h, self.of(&down, e), hidden, width, false);
            add_rows(&mut y, &out, width, routes.rows(e));
        }
        let mut kept = vec![q, scores, balance, u, h];
        kept.extend(shared);
        (y, kept)
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let parts = self.parts(parameters);
        let (width, hidden, experts) = (self.width, self.hidden, self.experts);
        let mut kept = kept.into_iter();
        let mut next = || kept.next().unwrap_or_default();
        let (q, scores, balance, u, h) = (next(), next(), next(), next(), next());
        let routes = Routes::choose(&scores, &balance, self.chosen);
        let mut gradient = vec![0.0; parameters.len()];
        let (own, shared_gradient) = gradient.split_at_mut(parameters.len() - parts.shared.len());
        let (mut dx, from_shared) = match self.shared_layer() {
            Some(shared) => shared.backward(parts.shared, kept.collect(), dy),
            None => (dy.to_vec(), Vec::new()),
        };
        shared_gradient.copy_from_slice(&from_shared);

        let (router, own) = own.split_at_mut(parts.router.len());
        let (steer, own) = own.split_at_mut(experts);
        let (up, own) = own.split_at_mut(parts.up.len());
        let (bias, down) = own.split_at_mut(parts.bias.len());
        // What stands for the balance's gradient: how much more than its share an expert got.
        for (steer, load) in steer.iter_mut().zip(routes.load()) {
            *steer = load - 1.0 / experts as f32;
        }

        let gates = expert_gates();
        let (w1, w2) = (rounded(parts.up), rounded(parts.down));
        let mut dq = vec![0.0; q.len()];
        let mut dscores = vec![0.0; scores.len()];
        for e in 0..experts {
            let range = routes.range(e);
            if range.is_empty() {
                continue;
            }
            let rows = routes.rows(e);
            let mine = gather_rows(&q, width, rows);
            let dy = gather_rows(dy, width, rows);
            let cells = range.start * hidden..range.end * hidden;
            let (u, h) = (&u[cells.clone()], &h[cells]);
            let size = hidden * width;
            matmul_tn(&mut down[e * size..(e + 1) * size], h, &dy, hidden, width);
            let mut du = vec![0.0; u.len()];
            matmul_nt(&mut du, &dy, self.of(&w2, e), width, hidden);
            for ((du, u), &row) in du
                .chunks_exact_mut(hidden)
                .zip(u.chunks_exact(hidden))
                .zip(rows)
            {
                let at = row as usize * experts + e;
                let score = scores[at];
                let gate =
                    f32::from(gates[(score / SCORE.step + 127.0) as usize]) * EXPERT_GATE.step;
                let through: f32 = du.iter().zip(u).map(|(du, u)| du * u * u).sum();
                // The derivative of the smooth curve under the table.
                let sigma = 1.0 / (1.0 + (-score).exp());
                dscores[at] = through * sigma * (1.0 - sigma);
                for (du, u) in du.iter_mut().zip(u) {
                    *du *= 2.0 * u * gate;
                }
            }
            keep_inside(&mut du, u, hidden, 0, hidden, HIDDEN);
            sum_columns(&mut bias[e * hidden..(e + 1) * hidden], &du);
            matmul_tn(&mut up[e * size..(e + 1) * size], &mine, &du, width, hidden);
            let mut back = vec![0.0; mine.len()];
            matmul_nt(&mut back, &du, self.of(&w1, e), hidden, width);
            add_rows(&mut dq, &back, width, rows);
        }
        keep_inside(&mut dscores, &scores, experts, 0, experts, SCORE);
        matmul_tn(router, &q, &dscores, width, experts);
        let mut back = vec![0.0; q.len()];
        matmul_nt(&mut back, &dscores, &rounded(parts.router), experts, width);
        super::add(&mut dq, &back);
        keep_inside(&mut dq, &q, width, 0, width, ACTIVATION);
        super::add(&mut dx, &dq);
        (dx, gradient)
    }

    fn macs(&self) -> f64 {
        let experts = (self.chosen + self.shared) * 2 * self.width * self.hidden;
        (experts + self.width * self.experts) as f64
    }

    fn load(&self) -> Vec<f32> {
        self.load.lock().map_or_else(|_| Vec::new(), |l| l.clone())
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.routed_blocks();
        let parts = self.parts(parameters);
        let (width, hidden, experts, k) = (
            self.width as i64,
            self.hidden as i64,
            self.experts as i64,
            self.chosen as i64,
        );
        let float = umoec_exact::onnx::data_type::FLOAT;
        let q = writer.round(x, STREAM, ACTIVATION);
        let router = writer.weight(&blocks[0], parts.router);
        let scores = writer.graph.matmul(&q, &router);
        let scores = writer.round(&scores, STREAM, SCORE);

        // Keys are neither equal nor zero: the score in front, then the expert's rank from the last, from 1.
        let step = (experts + 1) as f32;
        let offsets: Vec<f32> = parts
            .balance
            .iter()
            .enumerate()
            .map(|(e, &b)| SCORE.index(b) * step + (experts - e as i64) as f32)
            .collect();
        let name = format!("{}{}", writer.prefix, blocks[1].name);
        let offsets = writer
            .graph
            .initializer_f32(&name, &[self.experts], &offsets);
        let keys = writer.times(&scores, step);
        let keys = writer.graph.add(&keys, &offsets);
        let (_, chosen) = writer.graph.top_k(&keys, self.chosen, 1);

        let score = writer.graph.gather_elements(&scores, &chosen, 1);
        let index = writer.plus(&score, 127.0);
        let gates = expert_gates().map(f32::from);
        let name = format!("{}gates", writer.prefix);
        let gates = writer.graph.initializer_f32(&name, &[255], &gates);
        let gate = writer.graph.look_up(&gates, &index, 0);
        let gate = writer.graph.reshape(&gate, &[0, k, 1, 1]);

        let up = writer.experts(&blocks[2], parts.up);
        let up = writer.graph.gather(&up, &chosen, 0);
        let up = writer.graph.cast(&up, float);
        let one = writer.graph.reshape(&q, &[0, 1, 1, width]);
        let u = writer.graph.matmul(&one, &up);
        let shift = STREAM - HIDDEN.bits();
        let bias = writer.bias(&blocks[3].name, parts.bias, (shift as f32 - 1.0).exp2());
        let bias = writer.graph.reshape(&bias, &[experts, 1, hidden]);
        let bias = writer.graph.gather(&bias, &chosen, 0);
        let u = writer.graph.add(&u, &bias);
        let u = writer.shift(&u, shift, HIDDEN.low, HIDDEN.high);
        let h = writer.graph.mul(&u, &u);
        let h = writer.graph.mul(&h, &gate);
        let h = writer.round(&h, 2 * HIDDEN.bits() + EXPERT_GATE.bits(), SQUARED);
        let down = writer.experts(&blocks[4], parts.down);
        let down = writer.graph.gather(&down, &chosen, 0);
        let down = writer.graph.cast(&down, float);
        let y = writer.graph.matmul(&h, &down);
        let y = writer.graph.reduce_sum(&y, &[1], false);
        let y = writer.graph.reshape(&y, &[0, width]);
        let x = match self.shared_layer() {
            Some(shared) => {
                let prefix = writer.prefix.clone();
                writer.prefix = format!("{prefix}shared.");
                let x = shared.export(writer, x, parts.shared);
                writer.prefix = prefix;
                x
            }
            None => x.to_owned(),
        };
        writer.graph.add(&x, &y)
    }
}
