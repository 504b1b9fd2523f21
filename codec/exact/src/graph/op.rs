//! The operators of the exact subset with their static parameters (spec numerics §3).

use super::ElementType;
use super::movement::Movement;

/// What a comparison asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `a > b`
    Greater,
    /// `a < b`
    Less,
    /// `a >= b`
    GreaterOrEqual,
    /// `a <= b`
    LessOrEqual,
    /// `a == b`
    Equal,
}

/// An operator. Parameters that ONNX takes as constant inputs are here.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// The least of one or more.
    Min,
    /// The greatest of one or more.
    Max,
    /// `-a`
    Neg,
    /// The magnitude.
    Abs,
    /// `max(a, 0)`
    Relu,
    /// The largest integer not above.
    Floor,
    /// `min(max(a, low), high)`
    Clip {
        /// Lower bound, if any.
        low: Option<f32>,
        /// Upper bound, if any; not below the lower.
        high: Option<f32>,
    },
    /// A comparison of floats, giving truth values.
    Compare(Comparison),
    /// Both.
    And,
    /// Either.
    Or,
    /// Not.
    Not,
    /// The second where the first holds, else the third.
    Where,
    /// Another element type.
    Cast(ElementType),
    /// The product of matrices in the last two axes, batched over the others.
    MatMul,
    /// The sum over axes.
    ReduceSum {
        /// The axes, ascending.
        axes: Vec<usize>,
        /// Whether they stay, with size 1.
        keep: bool,
    },
    /// The greatest over axes.
    ReduceMax {
        /// The axes, ascending.
        axes: Vec<usize>,
        /// Whether they stay, with size 1.
        keep: bool,
    },
    /// The `k` greatest or least along an axis, sorted, with their indices; of equal ones the
    /// lower index first.
    TopK {
        /// The axis.
        axis: usize,
        /// How many.
        k: usize,
        /// Greatest, else least.
        largest: bool,
    },
    /// Slices of the first input picked by the second.
    Gather {
        /// The axis that is indexed.
        axis: usize,
    },
    /// Elements of the first input picked by the second, position by position.
    GatherElements {
        /// The axis that is indexed.
        axis: usize,
    },
    /// Elements in another order, arrangement or selection.
    Move(Movement),
}

impl Op {
    /// ONNX's name of the operator.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Sub => "Sub",
            Self::Mul => "Mul",
            Self::Min => "Min",
            Self::Max => "Max",
            Self::Neg => "Neg",
            Self::Abs => "Abs",
            Self::Relu => "Relu",
            Self::Floor => "Floor",
            Self::Clip { .. } => "Clip",
            Self::Compare(Comparison::Greater) => "Greater",
            Self::Compare(Comparison::Less) => "Less",
            Self::Compare(Comparison::GreaterOrEqual) => "GreaterOrEqual",
            Self::Compare(Comparison::LessOrEqual) => "LessOrEqual",
            Self::Compare(Comparison::Equal) => "Equal",
            Self::And => "And",
            Self::Or => "Or",
            Self::Not => "Not",
            Self::Where => "Where",
            Self::Cast(_) => "Cast",
            Self::MatMul => "MatMul",
            Self::ReduceSum { .. } => "ReduceSum",
            Self::ReduceMax { .. } => "ReduceMax",
            Self::TopK { .. } => "TopK",
            Self::Gather { .. } => "Gather",
            Self::GatherElements { .. } => "GatherElements",
            Self::Move(movement) => movement.name(),
        }
    }

    /// Every operator's name, Constant too, which leaves no node behind.
    pub const NAMES: [&'static str; 36] = [
        "Abs",
        "Add",
        "And",
        "Cast",
        "Clip",
        "Concat",
        "Constant",
        "Equal",
        "Expand",
        "Floor",
        "Gather",
        "GatherElements",
        "Greater",
        "GreaterOrEqual",
        "Identity",
        "Less",
        "LessOrEqual",
        "MatMul",
        "Max",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "ReduceMax",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Slice",
        "Split",
        "Squeeze",
        "Sub",
        "TopK",
        "Transpose",
        "Unsqueeze",
        "Where",
    ];
}
