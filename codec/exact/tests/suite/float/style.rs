//! How a run computes.

use umoec_exact::random::Random;

/// The order of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they come.
    Forward,
    /// At random.
    Shuffled,
    /// All that is positive first: the largest partial sums.
    PositiveFirst,
    /// All that is negative first.
    NegativeFirst,
    /// A random tree.
    Tree,
    /// Blocks of eight aligned to the largest of them and cut to 24 bits, as matrix units do.
    Aligned,
}

/// Rounding of a matrix product's operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    None,
    Tf32,
    Bf16,
    Fp16,
}

impl Rounding {
    /// The nearest number of the format.
    pub(crate) fn apply(self, x: f32) -> f32 {
        let bits = match self {
            Self::None => return x,
            Self::Tf32 | Self::Fp16 => 11,
            Self::Bf16 => 8,
        };
        if x == 0.0 {
            return x;
        }
        let x = f64::from(x);
        let mut exponent = x.abs().log2().floor() as i32;
        if self == Self::Fp16 {
            exponent = exponent.max(-14);
        }
        let quantum = f64::from(exponent + 1 - bits).exp2();
        let rounded = (x / quantum).round_ties_even() * quantum;
        if self == Self::Fp16 && rounded.abs() > 65_504.0 {
            return f32::INFINITY;
        }
        rounded as f32
    }
}

/// How a run computes.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) random: Random,
    pub(crate) order: Order,
    pub(crate) fused: bool,
    /// Whether sums, scalings by constants and movements are reassociated across nodes.
    pub(crate) reassociate: bool,
    pub(crate) rounding: Rounding,
}

impl Style {
    pub(crate) fn new(seed: u64, order: Order, fused: bool, reassociate: bool) -> Self {
        let random = Random::new(seed);
        Self {
            random,
            order,
            fused,
            reassociate,
            rounding: Rounding::None,
        }
    }

    /// Whether this node's inputs stay sums: three times of four, if at all.
    pub(crate) fn lazy(&mut self) -> bool {
        self.reassociate && self.random.below(4) > 0
    }
}
