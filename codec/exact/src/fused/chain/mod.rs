//! Chains: any number of element-wise operators in one pass over memory.
//!
//! The index space, all lanes of it, is cut into tiles of at most [`STRIP`] elements. For each tile
//! the operands are loaded into registers, which are strips of machine words in the first-level
//! cache, operators run on whole registers, and results are stored in the types of their slots.
//!
//! Where elements lie one behind another [`Flat`] asks less, and sums that become small numbers again stay in vector
//! registers (`requantised`). Where they are few [`Small`] knows the place of each.

mod flat;
mod operate;
mod recurrence;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector kernels")]
mod requantised;
mod run;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector kernels")]
pub(super) mod short;
mod small;
mod transfer;
mod word;

pub(super) use flat::{Flat, OnStrips, Strip};
pub(super) use recurrence::{Form, Operands, PerRow, REGISTERS, Recurrence, general, recur};
pub(super) use run::{Scratch, run};
pub(super) use small::Small;
pub(super) use word::Word;

use super::draft::{ChainOp, Mode};
use super::scale::{Type, Width};

/// Elements of a register.
pub(super) const STRIP: usize = 256;

/// Elements that operators work on at least: registers are filled up to a multiple.
pub(super) const BLOCK: usize = 16;

/// A window on memory over a chain's index space.
#[derive(Debug, Clone)]
pub(super) struct Port {
    /// The register that is loaded or stored.
    pub(super) register: usize,
    /// Whether the elements are constants of the program.
    pub(super) constant: bool,
    pub(super) ty: Type,
    pub(super) base: usize,
    /// Strides over [`Tiling::outer`].
    pub(super) outer: Vec<usize>,
    /// Stride from one row of a tile to the next.
    pub(super) row: usize,
    /// Sizes and strides within a tile, outermost first; the first size is for one row.
    pub(super) inner: Vec<(usize, usize)>,
}

/// How an index space is cut into tiles.
#[derive(Debug, Clone, Default)]
pub(super) struct Tiling {
    /// Loops over tiles.
    pub(super) outer: Vec<usize>,
    /// Rows in all, cut into tiles of `rows`.
    pub(super) total: usize,
    /// Rows of a tile.
    pub(super) rows: usize,
    /// Elements of a row.
    pub(super) row: usize,
}

/// A store: what is done with the register.
#[derive(Debug, Clone)]
pub(super) struct Put {
    pub(super) port: Port,
    pub(super) mode: Mode,
}

/// A range of memory that is filled with a number before the chain runs.
#[derive(Debug, Clone)]
pub(super) struct Clear {
    pub(super) ty: Type,
    pub(super) base: usize,
    pub(super) len: usize,
    pub(super) number: i64,
}

/// An operation and the register of its result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation<C> {
    pub(super) to: usize,
    pub(super) op: ChainOp<usize, C>,
}

/// A chain ready to run.
#[derive(Debug, Clone)]
pub(super) struct Chain<C> {
    pub(super) tiling: Tiling,
    pub(super) loads: Vec<Port>,
    /// Operations without operands, done once.
    pub(super) fills: Vec<Operation<C>>,
    pub(super) operations: Vec<Operation<C>>,
    pub(super) puts: Vec<Put>,
    pub(super) clears: Vec<Clear>,
    pub(super) registers: usize,
}

/// A chain in the word that it needs.
#[derive(Debug, Clone)]
pub(super) enum AnyChain {
    W32(Chain<i32>),
    W64(Chain<i64>),
    W128(Chain<i128>),
}

impl Chain<i128> {
    /// With constants of the word; what is beyond it saturates, which only clips have.
    pub(super) fn narrowed(self, width: Width) -> AnyChain {
        match width {
            Width::W32 => AnyChain::W32(self.with()),
            Width::W64 => AnyChain::W64(self.with()),
            Width::W128 => AnyChain::W128(self),
        }
    }

    fn with<T: Word>(self) -> Chain<T> {
        let operations = |all: Vec<Operation<i128>>| {
            let each = all.into_iter().map(|Operation { to, op }| Operation {
                to,
                op: op.map(|register| register, T::saturated),
            });
            each.collect()
        };
        Chain {
            tiling: self.tiling,
            loads: self.loads,
            fills: operations(self.fills),
            operations: operations(self.operations),
            puts: self.puts,
            clears: self.clears,
            registers: self.registers,
        }
    }
}
