//! A second read-out after a block that is not the last, trained beside the network's own: the logits of an early exit
//! (Teerapittayanon, McDanel and Kung 2016, "BranchyNet", arXiv 1709.01686, section III; Elhoushi et al. 2024,
//! "LayerSkip", arXiv 2404.16710, for language models).
//!
//! ```text
//! y = inner(x)                               what the next block is given, untouched
//! loss = … + weight · cross entropy(head(y))
//! ```
//!
//! In the exported graph of the whole network it leaves no node, unless the network is [hasty](crate::config::ModelConfig::hasty): then
//! the graph ends here where it is sure. [`Trained::at_exit`](crate::checkpoint::Trained::at_exit) is the network that always ends
//! here, with this head as its own.

use super::{Block, Head, Kept, Layer, add};
use crate::differentiable::Shared;
use crate::export::Writer;

/// [`Self::inner`] with a read-out behind it.
#[derive(Debug)]
pub struct Exit {
    /// The block.
    pub inner: Shared,
    /// The read-out, which learns from the same bytes as the last.
    pub head: Head,
    /// Weight of its loss, where the last read-out's has 1.
    pub weight: f32,
}

/// Prefix of the read-out's names.
const EXIT: &str = "exit.";

impl Exit {
    /// `inner`, of a residual stream of `width`, with a read-out that is to predict `targets`.
    pub fn new(inner: Shared, width: usize, targets: Vec<u8>, weight: f32) -> Self {
        Self {
            inner,
            head: Head::new(width, targets),
            weight,
        }
    }

    /// Number of parameters of the block; those of the read-out stand behind them.
    fn inner_size(&self) -> usize {
        self.inner.blocks().iter().map(Block::size).sum()
    }

    /// Number of parameters of the read-out from a stream of `width`.
    pub fn head_size(width: usize) -> usize {
        (width + 1) * 256
    }
}

impl Layer for Exit {
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.inner.blocks();
        blocks.extend(self.head.blocks().into_iter().map(|block| Block {
            name: format!("{EXIT}{}", block.name),
            ..block
        }));
        blocks
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let (inner, head) = parameters.split_at(self.inner_size());
        let (y, mut kept) = self.inner.forward(x, inner);
        kept.extend(self.head.forward(&y, head).1);
        (y, kept)
    }

    fn backward(&self, parameters: &[f32], mut kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (inner, head) = parameters.split_at(self.inner_size());
        // The read-out keeps two matrices.
        let own = kept.split_off(kept.len() - 2);
        let (mut d, head_gradient) = self.head.backward(head, own, &[self.weight]);
        add(&mut d, dy);
        let (dx, mut gradient) = self.inner.backward(inner, kept, &d);
        gradient.extend(head_gradient);
        (dx, gradient)
    }

    fn states(&self) -> Vec<Vec<f32>> {
        self.inner.states()
    }

    fn macs(&self) -> f64 {
        self.inner.macs()
    }

    fn load(&self) -> Vec<f32> {
        self.inner.load()
    }

    fn exit_costs(&self) -> Vec<f32> {
        self.head.costs()
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let (inner, _) = parameters.split_at(self.inner_size());
        self.inner.export(writer, x, inner)
    }
}
