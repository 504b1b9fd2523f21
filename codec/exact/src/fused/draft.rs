//! A program in the making: slots of memory and instructions that fill them.

use crate::graph::ValueId;

use super::dims::{is_row_major, merged};
use super::product::Choice;
use super::scale::Width;
use super::view::View;

/// Where the elements of a slot come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The byte, the condition or a state.
    Input,
    /// A constant of integers as it stands in the file.
    File(ValueId),
    /// A constant that was computed or scaled.
    Folded(Vec<i64>),
    /// An instruction; if a register of its chain holds the elements in order, that too.
    Made {
        step: usize,
        register: Option<usize>,
    },
}

/// Memory for the integers of a value, `len` for each lane; constants have no lanes.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) len: usize,
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) source: Source,
    /// Whether anything reads it from memory.
    pub(super) needed: bool,
    /// The last instruction that reads it from memory.
    pub(super) last_read: Option<usize>,
}

impl Slot {
    pub(super) const fn is_constant(&self) -> bool {
        matches!(self.source, Source::File(_) | Source::Folded(_))
    }
}

/// How a chain's result is put into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Set,
    /// Added to what is there.
    Sum,
    /// The greater of it and what is there.
    Max,
}

/// Operations on the registers of a chain; `R` numbers registers, `C` holds constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainOp<R, C> {
    Add(R, R),
    Sub(R, R),
    Mul(R, R),
    Min(R, R),
    Max(R, R),
    AddConstant(R, C),
    MulConstant(R, C),
    /// The constant less the register.
    SubFrom(C, R),
    Abs(R),
    ShiftLeft(R, u32),
    /// Rounds down.
    ShiftRight(R, u32),
    Clip(R, C, C),
    /// `((register + constant) >> shift)` between two constants: a requantisation.
    Requantise(R, C, u32, C, C),
    Greater(R, R),
    GreaterOrEqual(R, R),
    Equal(R, R),
    /// The second where the first is not zero, else the third.
    Select(R, R, R),
    /// The element of a table, by its number in the program.
    Lookup(R, usize),
    Fill(C),
}

impl<R: Copy, C: Copy> ChainOp<R, C> {
    /// The registers read.
    pub(super) fn reads(&self) -> impl Iterator<Item = R> + use<R, C> {
        let all = match *self {
            Self::Add(a, b)
            | Self::Sub(a, b)
            | Self::Mul(a, b)
            | Self::Min(a, b)
            | Self::Max(a, b)
            | Self::Greater(a, b)
            | Self::GreaterOrEqual(a, b)
            | Self::Equal(a, b) => [Some(a), Some(b), None],
            Self::AddConstant(a, _)
            | Self::MulConstant(a, _)
            | Self::SubFrom(_, a)
            | Self::Abs(a)
            | Self::ShiftLeft(a, _)
            | Self::ShiftRight(a, _)
            | Self::Clip(a, ..)
            | Self::Requantise(a, ..)
            | Self::Lookup(a, _) => [Some(a), None, None],
            Self::Select(a, b, c) => [Some(a), Some(b), Some(c)],
            Self::Fill(_) => [None; 3],
        };
        all.into_iter().flatten()
    }

    /// The same operation on other registers and with constants of another type.
    pub(super) fn map<S, D>(
        self,
        mut r: impl FnMut(R) -> S,
        mut c: impl FnMut(C) -> D,
    ) -> ChainOp<S, D> {
        use ChainOp as Op;
        match self {
            Self::Add(a, b) => Op::Add(r(a), r(b)),
            Self::Sub(a, b) => Op::Sub(r(a), r(b)),
            Self::Mul(a, b) => Op::Mul(r(a), r(b)),
            Self::Min(a, b) => Op::Min(r(a), r(b)),
            Self::Max(a, b) => Op::Max(r(a), r(b)),
            Self::AddConstant(a, n) => Op::AddConstant(r(a), c(n)),
            Self::MulConstant(a, n) => Op::MulConstant(r(a), c(n)),
            Self::SubFrom(n, a) => Op::SubFrom(c(n), r(a)),
            Self::Abs(a) => Op::Abs(r(a)),
            Self::ShiftLeft(a, k) => Op::ShiftLeft(r(a), k),
            Self::ShiftRight(a, k) => Op::ShiftRight(r(a), k),
            Self::Clip(a, low, high) => Op::Clip(r(a), c(low), c(high)),
            Self::Requantise(a, n, k, low, high) => Op::Requantise(r(a), c(n), k, c(low), c(high)),
            Self::Greater(a, b) => Op::Greater(r(a), r(b)),
            Self::GreaterOrEqual(a, b) => Op::GreaterOrEqual(r(a), r(b)),
            Self::Equal(a, b) => Op::Equal(r(a), r(b)),
            Self::Select(a, b, d) => Op::Select(r(a), r(b), r(d)),
            Self::Lookup(a, table) => Op::Lookup(r(a), table),
            Self::Fill(n) => Op::Fill(c(n)),
        }
    }
}

/// What fills a register of a chain in the making.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// Elements from memory; the view's sizes multiply to the chain's.
    Load(View),
    Op(ChainOp<usize, i128>),
}

/// Registers written to memory.
#[derive(Debug, Clone)]
pub(super) struct Put {
    pub(super) register: usize,
    pub(super) to: View,
    pub(super) mode: Mode,
}

/// Operators in one pass over an index space.
#[derive(Debug, Clone)]
pub(super) struct ChainDraft {
    pub(super) width: Width,
    /// A factorisation of the index space of one lane that all its views are over.
    pub(super) dims: Vec<usize>,
    /// Register `i` is filled by item `i`.
    pub(super) items: Vec<Item>,
    pub(super) puts: Vec<Put>,
}

/// Most items of a chain: bounds its registers.
pub(super) const ITEMS: usize = 192;

impl ChainDraft {
    pub(super) fn new(width: Width, dims: &[usize]) -> Self {
        Self {
            width,
            dims: dims.iter().copied().filter(|&size| size > 1).collect(),
            items: Vec::new(),
            puts: Vec::new(),
        }
    }

    pub(super) fn elements(&self) -> usize {
        self.dims.iter().product()
    }

    /// The sizes that it would have if it also ran over `dims`.
    pub(super) fn admits(&self, width: Width, dims: &[usize]) -> Option<Vec<usize>> {
        let same = self.width == width && self.items.len() < ITEMS;
        let size: usize = dims.iter().product();
        (same && size == self.elements())
            .then(|| merged(&self.dims, dims))
            .flatten()
    }

    pub(super) fn push(&mut self, op: ChainOp<usize, i128>) -> usize {
        self.items.push(Item::Op(op));
        self.items.len() - 1
    }

    /// The register of those elements, loaded once.
    pub(super) fn load(&mut self, view: &View) -> usize {
        let known = self.items.iter().position(|item| match item {
            Item::Load(other) => other == view,
            Item::Op(_) => false,
        });
        known.unwrap_or_else(|| {
            self.items.push(Item::Load(view.clone()));
            self.items.len() - 1
        })
    }
}

/// Whether a view over a chain's index space reads a whole slot in order.
pub(super) fn is_aligned(view: &View, len: usize) -> bool {
    view.offset == 0 && view.elements() == len && is_row_major(&view.dims, &view.strides)
}

/// A product of rows with a constant matrix of bytes.
#[derive(Debug, Clone)]
pub(super) struct ProductDraft {
    /// Activations: rows of `inner` elements, contiguous within a row.
    pub(super) rows: View,
    /// Least activation, and how far it is to the greatest.
    pub(super) low: i64,
    pub(super) span: u8,
    pub(super) inner: usize,
    pub(super) columns: usize,
    /// `[inner, columns]`
    pub(super) weights: Vec<i8>,
    /// Added to each row of the result.
    pub(super) bias: Vec<i64>,
    /// Where the result goes.
    pub(super) slot: usize,
}

/// Products of rows with matrices that are chosen of several constant ones.
#[derive(Debug, Clone)]
pub(super) struct ExpertsDraft {
    /// Activations: rows of `inner` elements, contiguous in each lane.
    pub(super) rows: View,
    /// Least activation, and how far it is to the greatest.
    pub(super) low: i64,
    pub(super) span: u8,
    pub(super) experts: usize,
    pub(super) inner: usize,
    pub(super) columns: usize,
    /// `[experts, inner, columns]`, constants.
    pub(super) weights: View,
    /// Numbers of matrices, integers in the unit 1.
    pub(super) indices: View,
    /// Of one lane, in the order of the results.
    pub(super) choices: Vec<Choice>,
    /// Rows that meet each chosen matrix.
    pub(super) rows_each: usize,
    /// Where the results go.
    pub(super) slot: usize,
}

/// A selection of elements by computed indices.
#[derive(Debug, Clone)]
pub(super) struct PickDraft {
    pub(super) data: View,
    /// Integers in the unit 1.
    pub(super) indices: View,
    /// The axis of the data, without the lane axis, that is indexed.
    pub(super) axis: usize,
    /// By position, as GatherElements; else slices, as Gather.
    pub(super) elements: bool,
    /// Places that the data's integers are shifted by to be the result's.
    pub(super) shift: i32,
    pub(super) slot: usize,
}

/// One place of a state that is given another number.
#[derive(Debug, Clone)]
pub(super) struct OverwriteDraft {
    /// The state, which stays where it is.
    pub(super) slot: usize,
    /// The number of the place, an integer in the unit 1.
    pub(super) place: View,
    /// What is put there, in the state's unit.
    pub(super) entry: View,
}

/// A ranking along an axis.
#[derive(Debug, Clone)]
pub(super) struct TopDraft {
    pub(super) data: View,
    pub(super) axis: usize,
    pub(super) count: usize,
    pub(super) largest: bool,
    /// Places that the data's integers are shifted by to be the result's.
    pub(super) shift: i32,
    pub(super) values: usize,
    pub(super) indices: usize,
}

/// An instruction in the making.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Chain(ChainDraft),
    Product(ProductDraft),
    Experts(ExpertsDraft),
    Pick(PickDraft),
    Overwrite(OverwriteDraft),
    Top(TopDraft),
}
