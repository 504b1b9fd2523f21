//! From the residual stream to 256 logits, and the loss.

use std::sync::Mutex;

use super::{Block, Kept, Layer, Rule, add_bias, rounded, split};
use crate::beside::{Beside, Together};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, LOGIT};
use crate::kernel::{
    beside_bits, cross_entropy_bits, keep_inside, matmul, matmul_nt, matmul_tn, quantise_all,
    sum_columns,
};

/// The last layer: [bytes, width] to one number, the mean loss in bits per byte. Beside another predictor the loss is that of
/// [`beside_bits`].
#[derive(Debug)]
pub struct Head {
    /// Width of the residual stream.
    pub width: usize,
    /// The byte at each position.
    pub targets: Vec<u8>,
    /// Bits that the last forward pass spent on each of them.
    pub costs: Mutex<Vec<f32>>,
    /// What another predictor says of the bytes, if there is one.
    pub beside: Beside,
    /// What the last forward pass found out beside it.
    pub together: Mutex<Option<Together>>,
}

impl Head {
    /// A read-out of a stream of `width` that is to predict `targets`, alone.
    pub fn new(width: usize, targets: Vec<u8>) -> Self {
        Self {
            width,
            targets,
            costs: Mutex::default(),
            beside: Beside::default(),
            together: Mutex::default(),
        }
    }

    /// Replaces the logits by the gradient of the mean loss, which it gives.
    fn spend(&self, logits: &mut [f32]) -> f64 {
        let rows = self.targets.len();
        let scale = 1.0 / rows as f32;
        if self.beside.opinions.is_empty() {
            let rows_of = logits.as_chunks_mut::<256>().0.iter_mut();
            let costs: Vec<f64> = rows_of
                .zip(&self.targets)
                .map(|(row, target)| cross_entropy_bits(row, std::slice::from_ref(target), scale))
                .collect();
            if let Ok(mut kept) = self.costs.lock() {
                *kept = costs.iter().map(|&bits| bits as f32).collect();
            }
            return costs.iter().sum::<f64>() / rows as f64;
        }
        let Beside {
            opinions,
            balance,
            own,
        } = &self.beside;
        let mut alone = vec![0.0; rows];
        let mut together = Together {
            costs: vec![0.0; rows],
            gradient: vec![0.0; balance.len()],
        };
        beside_bits(
            logits,
            &self.targets,
            opinions,
            balance,
            &mut together.gradient,
            &mut alone,
            &mut together.costs,
            *own,
            scale,
        );
        let sum = |costs: &[f32]| costs.iter().map(|&bits| f64::from(bits)).sum::<f64>();
        let own = f64::from(*own);
        let bits = own * sum(&alone) + (1.0 - own) * sum(&together.costs);
        if let Ok(mut kept) = self.costs.lock() {
            *kept = alone;
        }
        if let Ok(mut kept) = self.together.lock() {
            *kept = Some(together);
        }
        bits / rows as f64
    }
}

impl Layer for Head {
    fn blocks(&self) -> Vec<Block> {
        vec![
            Block {
                rule: Rule::Adam,
                ..Block::weight("head.weight", self.width, 256, 0.02)
            },
            Block::bias("head.bias", 256, 0.0, 0.0),
        ]
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let blocks = split(&self.blocks(), parameters);
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let mut logits = vec![0.0; self.targets.len() * 256];
        matmul(&mut logits, &q, &rounded(blocks[0]), self.width, 256, false);
        add_bias(&mut logits, blocks[1]);
        let bits = self.spend(&mut logits);
        (vec![bits as f32], vec![q, logits])
    }

    fn backward(&self, parameters: &[f32], kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let blocks = split(&self.blocks(), parameters);
        let [q, dlogits] = &kept[..] else {
            unreachable!("the forward pass keeps two matrices")
        };
        let mut gradient = vec![0.0; parameters.len()];
        let (weight, bias) = gradient.split_at_mut(blocks[0].len());
        matmul_tn(weight, q, dlogits, self.width, 256);
        sum_columns(bias, dlogits);
        let mut dx = vec![0.0; q.len()];
        matmul_nt(&mut dx, dlogits, &rounded(blocks[0]), 256, self.width);
        keep_inside(&mut dx, q, self.width, 0, self.width, ACTIVATION);
        // The loss is the last node of the graph, yet its gradient need not be one.
        if dy[0] != 1.0 {
            dx.iter_mut().chain(&mut gradient).for_each(|g| *g *= dy[0]);
        }
        (dx, gradient)
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.blocks();
        let values = split(&blocks, parameters);
        let q = writer.round(x, STREAM, ACTIVATION);
        let weight = writer.weight(&blocks[0], values[0]);
        let logits = writer.graph.matmul(&q, &weight);
        let shift = STREAM - LOGIT.bits();
        let bias = writer.bias(&blocks[1].name, values[1], (shift as f32 - 1.0).exp2());
        let logits = writer.graph.add(&logits, &bias);
        writer.shift(&logits, shift, LOGIT.low, LOGIT.high)
    }

    fn costs(&self) -> Vec<f32> {
        self.costs
            .lock()
            .map_or_else(|_| Vec::new(), |costs| costs.clone())
    }

    fn together(&self) -> Option<Together> {
        self.together.lock().ok()?.clone()
    }
}
