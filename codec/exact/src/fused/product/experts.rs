//! Products with matrices that are chosen in each step: a mixture of experts (Shazeer et al.,
//! Outrageously large neural networks, 2017). Those that are not chosen cost nothing.

use super::super::draft::ExpertsDraft;
use super::super::isa::Isa;
use super::super::memory::Memory;
use super::super::program::Place;
use super::super::select::{Sight, Window};
use super::activations::{Activations, Form, Packed};
use super::matrix::{Bank, Counted};
use super::multiply;

/// One choice in each lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Choice {
    /// The first row of activations that meets the matrix.
    pub(in super::super) row: usize,
    /// Where the matrix's number lies, counted from the lane's first index.
    pub(in super::super) index: usize,
}

/// Chosen products ready to run. Results lie one behind another in the order of the choices.
#[derive(Debug, Clone)]
pub(in super::super) struct Experts {
    isa: Isa,
    form: Form,
    activations: Activations,
    /// Rows that meet each chosen matrix.
    rows: usize,
    bank: Bank,
    indices: Window,
    choices: Vec<Choice>,
    to: Place,
}

impl Experts {
    /// `weight` gives that of an expert, row and column.
    pub(in super::super) fn new(
        draft: &ExpertsDraft,
        [from, indices]: [Window; 2],
        to: Place,
        lanes: usize,
        isa: Isa,
        weight: impl Fn(usize, usize, usize) -> i8,
    ) -> Self {
        let sizes = [draft.experts, draft.inner, draft.columns];
        let (low, span) = (draft.low, draft.span);
        let bank = Bank::pack(sizes, Counted { low, span }, isa, weight, |_| 0);
        Self {
            isa,
            form: Form::of(isa, bank.is_trimmed()),
            activations: Activations::new(from, low, draft.inner, lanes),
            rows: draft.rows_each,
            bank,
            indices,
            choices: draft.choices.clone(),
            to,
        }
    }

    pub(in super::super) const fn packed_len(&self) -> usize {
        self.activations.len()
    }

    /// Multiplications in all lanes.
    pub(in super::super) fn macs(&self) -> u64 {
        let Activations { inner, lanes, .. } = self.activations;
        let each = self.rows * inner * self.bank.matrix(0).columns;
        (lanes * self.choices.len() * each) as u64
    }

    pub(in super::super) fn run(&self, sight: Sight<'_>, memory: &mut Memory, packed: &mut Packed) {
        let activations = &self.activations;
        activations.pack(self.form, memory, packed);
        let stride = activations.stride();
        let mut to = self.to.base;
        for lane in 0..activations.lanes {
            let indices = self.indices.base + lane * self.indices.lane;
            for choice in &self.choices {
                // Below the number of experts, as proved.
                let number = self.indices.get(sight, memory, indices + choice.index);
                let number = usize::try_from(number).unwrap_or(0);
                let matrix = self.bank.matrix(number.min(self.bank.count() - 1));
                let first = (lane * activations.rows + choice.row) * stride;
                let from = first..first + self.rows * stride;
                let len = self.rows * matrix.columns;
                let out = &mut memory.i32.all_mut()[to..to + len];
                multiply(self.isa, matrix, packed, from, out);
                to += len;
            }
        }
    }
}
