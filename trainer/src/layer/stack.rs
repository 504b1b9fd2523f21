//! Layers one after another as one layer: what a composite block has inside.

use super::{Block, Kept, Layer, Place, build, initial_states};
use crate::config::BlockConfig;
use crate::differentiable::Shared;
use crate::export::Writer;

/// Residual blocks, first to last.
#[derive(Debug)]
pub struct Stack(Vec<Shared>);

impl Stack {
    /// The layers of `blocks` at `place`, which begin from `states`.
    pub fn new(blocks: &[BlockConfig], place: &Place, states: Vec<Vec<f32>>) -> Self {
        let mut states = states.into_iter();
        let layers = blocks.iter();
        Self(layers.map(|b| build(b, place, &mut states)).collect())
    }

    /// What `blocks` in a stream of `width` carry at the start of `lanes` lanes.
    pub fn initial_states(blocks: &[BlockConfig], width: usize, lanes: usize) -> Vec<Vec<f32>> {
        let blocks = blocks.iter();
        blocks
            .flat_map(|block| initial_states(block, width, lanes))
            .collect()
    }

    /// Each layer with its part of the flat vector.
    fn parts<'a>(&self, mut parameters: &'a [f32]) -> Vec<(&Shared, &'a [f32])> {
        let layers = self.0.iter();
        layers
            .map(|layer| {
                let size = layer.blocks().iter().map(Block::size).sum();
                let (own, rest) = parameters.split_at(size);
                parameters = rest;
                (layer, own)
            })
            .collect()
    }
}

impl Layer for Stack {
    fn blocks(&self) -> Vec<Block> {
        let named = |(index, layer): (usize, &Shared)| {
            let blocks = layer.blocks().into_iter();
            blocks.map(move |block| Block {
                name: format!("{index}.{}", block.name),
                ..block
            })
        };
        self.0.iter().enumerate().flat_map(named).collect()
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let mut x = x.to_vec();
        let (mut kept, mut counts) = (Kept::new(), Vec::new());
        for (layer, parameters) in self.parts(parameters) {
            let (y, own) = layer.forward(&x, parameters);
            counts.push(own.len() as f32);
            kept.extend(own);
            x = y;
        }
        // The last vector says how many of the others each layer kept.
        kept.push(counts);
        (x, kept)
    }

    fn backward(&self, parameters: &[f32], mut kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let counts = kept.pop().unwrap_or_default();
        let mut gradients = Vec::new();
        let mut dx = dy.to_vec();
        let layers = self.parts(parameters).into_iter().zip(counts);
        for ((layer, parameters), count) in layers.rev() {
            let own = kept.split_off(kept.len() - count as usize);
            let (d, gradient) = layer.backward(parameters, own, &dx);
            gradients.push(gradient);
            dx = d;
        }
        (dx, gradients.into_iter().rev().flatten().collect())
    }

    fn states(&self) -> Vec<Vec<f32>> {
        self.0.iter().flat_map(|layer| layer.states()).collect()
    }

    fn macs(&self) -> f64 {
        self.0.iter().map(|layer| layer.macs()).sum()
    }

    fn load(&self) -> Vec<f32> {
        self.0.iter().flat_map(|layer| layer.load()).collect()
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let prefix = writer.prefix.clone();
        let mut x = x.to_owned();
        for (index, (layer, parameters)) in self.parts(parameters).into_iter().enumerate() {
            writer.prefix = format!("{prefix}{index}.");
            x = layer.export(writer, &x, parameters);
        }
        writer.prefix = prefix;
        x
    }
}
