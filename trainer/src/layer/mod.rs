//! The layers. Each file holds one layer whole: its parameters, its training pass forward and
//! backward, and the integer nodes that the exported graph has in its place.

mod adaln;
mod attention;
mod depths;
mod embed;
mod exit;
mod gru;
mod head;
mod mamba2;
mod mixer;
mod mlp;
mod moe;
mod patch;
mod place;
mod recompute;
mod stack;

pub use adaln::Adaln;
pub use attention::Attention;
pub use depths::{Depths, squash_table};
pub use embed::Embed;
pub use exit::Exit;
pub use gru::Gru;
pub use head::Head;
pub use mamba2::{Mamba2, ScanForm};
pub use mixer::{Mixer, gate_table};
pub use mlp::Mlp;
pub use moe::{Moe, expert_gates};
pub use patch::Patch;
pub use place::{Carried, Features, Place, build, initial_states};
pub use recompute::Recomputed;
pub use stack::Stack;

use crate::beside::Together;
use crate::export::Writer;
use crate::grid::WEIGHT;
use crate::kernel::quantise_all;
use crate::random::Random;

/// What a layer's forward pass keeps for its backward pass.
pub type Kept = Vec<Vec<f32>>;

/// One block of parameters within a layer's flat vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What it is called in the exported file.
    pub name: String,
    /// Rows, 1 for a bias.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Matrices that the rows divide in, one below another; Muon moves each for itself.
    pub matrices: usize,
    /// Standard deviation at the start.
    pub deviation: f32,
    /// Mean at the start.
    pub mean: f32,
    /// Magnitude that training does not exceed.
    pub limit: f32,
    /// How training moves it.
    pub rule: Rule,
}

/// How training moves a block of parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Matrices between layers: by the optimiser that `training.optimiser` names.
    Matrix,
    /// Adam: everything else that has a gradient.
    Adam,
    /// A step of this size, times the rate's share of the highest, against the sign of what stands
    /// in the gradient's place: for values that steer and have no gradient.
    Sign(f32),
}

impl Block {
    /// Number of values.
    pub fn size(&self) -> usize {
        self.rows * self.columns
    }

    /// A matrix of weights on the [`WEIGHT`] grid.
    pub fn weight(name: &str, rows: usize, columns: usize, deviation: f32) -> Self {
        Self {
            name: name.to_owned(),
            rows,
            columns,
            matrices: 1,
            deviation,
            mean: 0.0,
            limit: WEIGHT.high * WEIGHT.step,
            rule: Rule::Matrix,
        }
    }

    /// As many rows of the same kind.
    fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// A vector added to every row.
    pub fn bias(name: &str, columns: usize, mean: f32, deviation: f32) -> Self {
        Self {
            name: name.to_owned(),
            rows: 1,
            columns,
            matrices: 1,
            deviation,
            mean,
            limit: 64.0,
            rule: Rule::Adam,
        }
    }
}

/// A differentiable map of rows, one row per byte, with a flat vector of parameters.
pub trait Layer: Send + Sync + std::fmt::Debug {
    /// The parameters, in the order they lie in the flat vector.
    fn blocks(&self) -> Vec<Block>;

    /// `x`: [bytes, width in] to [bytes, width out], and what [`Self::backward`] needs.
    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept);

    /// Gradients of `x` and of the parameters from that of the output.
    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>);

    /// Values carried from stretch to stretch as they are now, one vector of all lanes for each part that carries
    /// any, in the order [`build`] takes them.
    fn states(&self) -> Vec<Vec<f32>> {
        Vec::new()
    }

    /// Multiply-accumulates for one byte, in matrix products.
    fn macs(&self) -> f64 {
        let blocks = self.blocks();
        let matrices = blocks.iter().filter(|block| block.rule == Rule::Matrix);
        matrices.map(|block| block.size() as f64).sum()
    }

    /// Share of its rows that each expert got in the last forward pass, a mod block being one; empty without experts.
    fn load(&self) -> Vec<f32> {
        Vec::new()
    }

    /// The integer nodes that do for one byte what [`Self::forward`] does for many. `x` names
    /// the value before the layer; returns the name of the value after it.
    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String;

    /// Bits that the last forward pass spent on each byte, where this layer computes the loss; empty elsewhere. For
    /// reports: nothing is learned from it.
    fn costs(&self) -> Vec<f32> {
        Vec::new()
    }

    /// What the last forward pass found out beside another predictor, where this layer computes the loss and there is one.
    fn together(&self) -> Option<Together> {
        None
    }

    /// The same as [`Self::costs`] of an early exit.
    fn exit_costs(&self) -> Vec<f32> {
        Vec::new()
    }
}

/// Initial parameters of `layer`.
pub fn initial(layer: &dyn Layer, random: &mut Random) -> Vec<f32> {
    let mut parameters = Vec::new();
    for block in layer.blocks() {
        let spread = block.deviation;
        parameters.extend((0..block.size()).map(|_| block.mean + spread * random.normal()));
    }
    parameters
}

/// The blocks of a flat vector, one slice each.
pub fn split<'a>(blocks: &[Block], mut parameters: &'a [f32]) -> Vec<&'a [f32]> {
    blocks
        .iter()
        .map(|block| {
            let (head, tail) = parameters.split_at(block.size());
            parameters = tail;
            head
        })
        .collect()
}

/// Weights rounded to their grid.
fn rounded(weights: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; weights.len()];
    quantise_all(&mut out, weights, WEIGHT);
    out
}

/// Adds `bias` to each row of `x`.
fn add_bias(x: &mut [f32], bias: &[f32]) {
    for row in x.chunks_exact_mut(bias.len()) {
        for (x, b) in row.iter_mut().zip(bias) {
            *x += b;
        }
    }
}

/// `a += b`.
fn add(a: &mut [f32], b: &[f32]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
}
