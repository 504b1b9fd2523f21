//! Activation checkpointing (Chen et al. 2016, arXiv 1604.06174): a layer that keeps its input alone and makes its
//! forward pass again when the backward pass comes. A third more arithmetic, and the memory of one layer at a time.

use super::{Block, Kept, Layer};
use crate::beside::Together;
use crate::differentiable::Shared;
use crate::export::Writer;

/// A layer that forgets what it can make again.
#[derive(Debug)]
pub struct Recomputed(pub Shared);

impl Layer for Recomputed {
    fn blocks(&self) -> Vec<Block> {
        self.0.blocks()
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        (self.0.forward(x, parameters).0, vec![x.to_vec()])
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let x = kept.first().map_or(&[][..], Vec::as_slice);
        let (_, kept) = self.0.forward(x, parameters);
        self.0.backward(parameters, kept, dy)
    }

    fn states(&self) -> Vec<Vec<f32>> {
        self.0.states()
    }

    fn macs(&self) -> f64 {
        self.0.macs()
    }

    fn load(&self) -> Vec<f32> {
        self.0.load()
    }

    fn costs(&self) -> Vec<f32> {
        self.0.costs()
    }

    fn together(&self) -> Option<Together> {
        self.0.together()
    }

    fn exit_costs(&self) -> Vec<f32> {
        self.0.exit_costs()
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        self.0.export(writer, x, parameters)
    }
}
