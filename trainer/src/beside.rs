//! A network that stands beside another predictor: what that one says, and how far either is believed
//! ([`beside_bits`](crate::kernel::beside_bits)).

use crate::config::PriorConfig;
use crate::kernel::BUCKETS;
use crate::layer::{Block, Rule};
use crate::optimise::{Moments, Pace};

/// Highest rate of the balance: its weights are few, and every byte moves some of them.
const RATE: f32 = 1e-2;

/// How far both are believed at first.
const FIRST: [f32; 2] = [0.3, 0.8];

/// What another predictor says of the bytes of a stretch, and how far it is believed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// Eight opinions for each position, or none at all: logits of a 1 in units of 1/256, the highest bit first.
    pub opinions: Vec<i16>,
    /// Weights of both, [BUCKETS, 2].
    pub balance: Vec<f32>,
    /// Weight of what the network spends alone in the loss.
    pub own: f32,
}

/// What a pass found out beside the other predictor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Together {
    /// Bits that both spend together on each byte.
    pub costs: Vec<f32>,
    /// Gradient of the balance, [BUCKETS, 2].
    pub gradient: Vec<f32>,
}

/// How far both are believed: learned beside the network, and in no exported model, since the codec's mixer learns its own
/// weights in each file.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// [BUCKETS, 2]; empty where the network stands alone.
    pub weights: Vec<f32>,
    /// The optimiser's memory of them.
    pub moments: Moments,
    /// Weight of what the network spends alone in the loss.
    own: f32,
}

impl Balance {
    /// Before training.
    pub fn new(prior: Option<&PriorConfig>) -> Self {
        let weights = prior.map_or_else(Vec::new, |_| FIRST.repeat(BUCKETS));
        Self {
            moments: Moments::new(weights.len()),
            weights,
            own: prior.map_or(1.0, |prior| prior.own),
        }
    }

    /// `beside` as this balance has it; without opinions it stays empty.
    pub fn weigh(&self, beside: &mut Beside) {
        if !beside.opinions.is_empty() {
            beside.balance.clone_from(&self.weights);
            beside.own = self.own;
        }
    }

    /// One step along the summed gradients of `passes`, each of which counts `share`.
    pub fn step<'a>(&mut self, passes: impl Iterator<Item = &'a Together>, share: f32, pace: Pace) {
        if self.weights.is_empty() {
            return;
        }
        let mut gradient = vec![0.0; self.weights.len()];
        for pass in passes {
            for (sum, g) in gradient.iter_mut().zip(&pass.gradient) {
                *sum += share * g;
            }
        }
        let block = Block {
            rule: Rule::Adam,
            ..Block::weight("balance", BUCKETS, 2, 0.0)
        };
        let pace = Pace {
            rate: pace.factor * RATE,
            ..pace
        };
        self.moments
            .step(&mut self.weights, &gradient, &[block], pace);
    }
}
