//! The layers. Each file holds one layer whole: its parameters, its training pass forward and
//! backward, and the integer nodes that the exported graph has in its place.

mod embed;
mod head;
mod mixer;
mod mlp;

pub use embed::Embed;
pub use head::Head;
pub use mixer::{Mixer, gate_table};
pub use mlp::Mlp;

use crate::export::Writer;
use crate::grid::WEIGHT;
use crate::kernel::quantise_all;
use crate::random::Random;

/// What a layer's forward pass keeps for its backward pass.
pub type Kept = Vec<Vec<f32>>;

/// One block of parameters within a layer's flat vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// What it is called in the exported file.
    pub name: &'static str,
    /// Rows, 1 for a bias.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Standard deviation at the start.
    pub deviation: f32,
    /// Mean at the start.
    pub mean: f32,
    /// Magnitude that training does not exceed.
    pub limit: f32,
    /// Whether Muon moves it.
    pub orthogonal: bool,
}

impl Block {
    /// Number of values.
    pub fn size(&self) -> usize {
        self.rows * self.columns
    }

    /// A matrix of weights on the [`WEIGHT`] grid.
    pub fn weight(name: &'static str, rows: usize, columns: usize, deviation: f32) -> Self {
        Self {
            name,
            rows,
            columns,
            deviation,
            mean: 0.0,
            limit: WEIGHT.high * WEIGHT.step,
            orthogonal: true,
        }
    }

    /// A vector added to every row.
    pub fn bias(name: &'static str, columns: usize, mean: f32, deviation: f32) -> Self {
        Self {
            name,
            rows: 1,
            columns,
            deviation,
            mean,
            limit: 64.0,
            orthogonal: false,
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

    /// The integer nodes that do for one byte what [`Self::forward`] does for many. `x` names
    /// the value before the layer; returns the name of the value after it.
    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String;

    /// Bits that the last forward pass spent on each byte, where this layer computes the loss.
    /// For reports: nothing is learned from it.
    fn costs(&self) -> Option<Vec<f32>> {
        None
    }

    /// Share of the last forward pass's rows that each expert took, where this layer has experts.
    /// For reports.
    fn load(&self) -> Option<Vec<f32>> {
        None
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
