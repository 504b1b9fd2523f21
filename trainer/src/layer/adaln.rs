//! Scale, shift and gate around a block, chosen by features of the stream: AdaLN-Zero (Peebles and Xie 2022,
//! "Scalable Diffusion Models with Transformers", section 3.2), without its normalisation, since these networks have none.
//!
//! With `F(x) = inner(x) - x` and features `c`:
//!
//! ```text
//! [s, t, g] = modulation(c · W + b)        [3 · width], W and b zero at the start
//! h = stream(x · (1 + s) + t)
//! y = x + stream((1 + g) · F(h))
//! ```
//!
//! So at the start it is `inner` alone, exactly. The paper's gate starts at 0 and makes each block the identity, so that a deep
//! network begins as a shallow one; here blocks begin near it by the small weights of their last matrix, and
//! a gate of 0 would only keep gradients from the inner block.

use super::{Block, Kept, Layer, add, add_bias, rounded, split};
use crate::differentiable::Shared;
use crate::export::{STREAM, Writer};
use crate::grid::{FEATURE, MODULATION, RESIDUAL, WEIGHT};
use crate::kernel::{
    add_gated, gated_backward, keep_inside, matmul, matmul_tn, modulate, modulate_backward,
    quantise, residual, sum_columns,
};
use crate::layer::place::Features;

/// [`Self::inner`] under scale, shift and gate.
#[derive(Debug)]
pub struct Adaln {
    /// Width of the residual stream.
    pub width: usize,
    /// What is known of each position.
    pub features: Features,
    /// The block.
    pub inner: Shared,
}

/// Prefix of the names within a wrapped block.
pub(super) const INNER: &str = "inner.";

/// The parameters of `inner`, under the names that they have within a block around it.
pub(super) fn inner_blocks(inner: &Shared) -> impl Iterator<Item = Block> {
    inner.blocks().into_iter().map(|block| Block {
        name: format!("{INNER}{}", block.name),
        ..block
    })
}

/// The nodes of `inner` applied to `x`, and what it adds to `x`, cut to [`RESIDUAL`].
pub(super) fn export_residual(
    writer: &mut Writer,
    inner: &Shared,
    x: &str,
    parameters: &[f32],
) -> String {
    let outer = format!("{}{INNER}", writer.prefix);
    let outer = std::mem::replace(&mut writer.prefix, outer);
    let y = inner.export(writer, x, parameters);
    writer.prefix = outer;
    let f = writer.graph.sub(&y, x);
    writer.graph.clip(&f, RESIDUAL.low, RESIDUAL.high)
}

impl Adaln {
    /// Matrix and bias of the modulation.
    fn own(&self) -> Vec<Block> {
        let columns = 3 * self.width;
        vec![
            Block::weight("modulation.weight", self.features.count, columns, 0.0),
            Block::bias("modulation.bias", columns, 0.0, 0.0),
        ]
    }

    /// The features of all positions on their grid.
    fn told(&self) -> Vec<f32> {
        let rows = self.features.rows.iter();
        rows.map(|&n| (f32::from(n) + FEATURE.low) * FEATURE.step)
            .collect()
    }

    fn own_size(&self) -> usize {
        self.own().iter().map(Block::size).sum()
    }
}

impl Layer for Adaln {
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.own();
        blocks.extend(inner_blocks(&self.inner));
        blocks
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let (own, inner) = parameters.split_at(self.own_size());
        let blocks = split(&self.own(), own);
        let (width, columns) = (self.width, 3 * self.width);
        let mut m = vec![0.0; 3 * x.len()];
        let count = self.features.count;
        matmul(
            &mut m,
            &self.told(),
            &rounded(blocks[0]),
            count,
            columns,
            false,
        );
        add_bias(&mut m, blocks[1]);
        quantise(&mut m, columns, 0, columns, MODULATION);
        let mut h = vec![0.0; x.len()];
        modulate(&mut h, x, &m, width);
        let (o, inner) = self.inner.forward(&h, inner);
        let mut f = vec![0.0; x.len()];
        residual(&mut f, &o, &h);
        let mut y = x.to_vec();
        add_gated(&mut y, &f, &m, 1.0, columns, 2 * width, width);
        let mut kept = inner;
        kept.extend([x.to_vec(), m, f]);
        (y, kept)
    }

    fn backward(&self, parameters: &[f32], mut kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (width, columns) = (self.width, 3 * self.width);
        let own = kept.split_off(kept.len() - 3);
        let [x, m, f] = &own[..] else {
            unreachable!("the forward pass keeps three matrices behind the inner block's")
        };
        let (mut df, mut dm) = (vec![0.0; f.len()], vec![0.0; m.len()]);
        gated_backward(&mut df, &mut dm, dy, f, m, 1.0, columns, 2 * width, width);
        let (mut dh, inner) = self
            .inner
            .backward(&parameters[self.own_size()..], kept, &df);
        // The inner block's own residual path is no part of F.
        dh.iter_mut().zip(&df).for_each(|(dh, df)| *dh -= df);
        let mut dx = vec![0.0; x.len()];
        modulate_backward(&mut dx, &mut dm, &dh, x, m, width);
        add(&mut dx, dy);
        keep_inside(&mut dm, m, columns, 0, columns, MODULATION);
        let count = self.features.count;
        let mut gradient = vec![0.0; self.own_size()];
        let (weight, bias) = gradient.split_at_mut(count * columns);
        matmul_tn(weight, &self.told(), &dm, count, columns);
        sum_columns(bias, &dm);
        gradient.extend(inner);
        (dx, gradient)
    }

    fn states(&self) -> Vec<Vec<f32>> {
        self.inner.states()
    }

    fn macs(&self) -> f64 {
        (self.features.count * 3 * self.width) as f64 + self.inner.macs()
    }

    fn load(&self) -> Vec<f32> {
        self.inner.load()
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let (own, inner) = parameters.split_at(self.own_size());
        let blocks = self.own();
        let values = split(&blocks, own);
        let one = (MODULATION.bits() as f32).exp2();
        let half = one / 2.0;

        let features = writer.features.clone();
        let weight = writer.weight(&blocks[0], values[0]);
        let m = writer.graph.matmul(&features, &weight);
        let m = writer.times(
            &m,
            ((STREAM - FEATURE.bits() - WEIGHT.bits()) as f32).exp2(),
        );
        let shift = STREAM - MODULATION.bits();
        let bias = writer.bias(&blocks[1].name, values[1], (shift as f32 - 1.0).exp2());
        let m = writer.graph.add(&m, &bias);
        let m = writer.shift(&m, shift, MODULATION.low, MODULATION.high);
        let parts = writer.graph.split(&m, &[self.width as i64; 3], 1);
        let scale = writer.plus(&parts[0], one);
        let gate = writer.plus(&parts[2], one);

        let within = writer.graph.clip(x, RESIDUAL.low, RESIDUAL.high);
        let h = writer.graph.mul(&within, &scale);
        let t = writer.times(&parts[1], (STREAM as f32).exp2());
        let h = writer.graph.add(&h, &t);
        let h = writer.plus(&h, half);
        let h = writer.times(&h, 1.0 / one);
        let h = writer.graph.floor(&h);

        let f = export_residual(writer, &self.inner, &h, inner);
        let f = writer.graph.mul(&f, &gate);
        let f = writer.plus(&f, half);
        let f = writer.times(&f, 1.0 / one);
        let f = writer.graph.floor(&f);
        writer.graph.add(x, &f)
    }
}
