//! Operators join chains: one pass over memory for all that have the same index space.

use super::super::draft::{ChainDraft, ChainOp, Item, Mode, Put, Source, Step, is_aligned};
use super::super::scale::{Scale, Width};
use super::super::view::View;
use super::{Lowering, Reason};

/// How many of the last steps are tried as a home for an operator: bounds the search.
const REACH: usize = 24;

/// What an operator of a chain takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    /// A register.
    Register(usize),
    /// A constant, the same for all elements.
    Number(i128),
}

/// A place in a chain where an operator is being written.
pub(super) struct Site<'a, 'b> {
    lowering: &'a mut Lowering<'b>,
    step: usize,
}

impl<'b> Lowering<'b> {
    /// The step that makes a slot.
    pub(super) fn maker(&self, slot: usize) -> Option<usize> {
        match self.slots[slot].source {
            Source::Made { step, .. } => Some(step),
            _ => None,
        }
    }

    /// The register of a chain that holds a view, which is over the chain's index space.
    fn register(&self, step: usize, view: &View) -> Option<usize> {
        match self.slots[view.slot].source {
            Source::Made {
                step: maker,
                register: Some(register),
            } if maker == step && is_aligned(view, self.slots[view.slot].len) => Some(register),
            _ => None,
        }
    }

    /// A chain of the present region over `dims` in which an operator can read `views`, all of them
    /// over `dims`: the earliest behind what makes them, or a new one.
    pub(super) fn site(&mut self, dims: &[usize], width: Width, views: &[View]) -> Site<'_, 'b> {
        self.site_from(0, dims, width, views)
    }

    /// As [`site`](Self::site), not before a step.
    pub(super) fn site_from(
        &mut self,
        from: usize,
        dims: &[usize],
        width: Width,
        views: &[View],
    ) -> Site<'_, 'b> {
        let made = views.iter().filter_map(|view| self.maker(view.slot)).max();
        let from = from.max(made.unwrap_or(0));
        // What makes the views may be further off: it costs no search, and spares a pass over memory.
        let near = from.max(self.steps.len().saturating_sub(REACH));
        let far = made.filter(|&made| from <= made && made < near);
        let found = far
            .into_iter()
            .chain(near..self.steps.len())
            .find_map(|step| {
                let Step::Chain(chain) = &self.steps[step] else {
                    return None;
                };
                if self.regions[step] != self.region {
                    return None;
                }
                let refined = chain.admits(width, dims)?;
                let here = |view: &View| self.maker(view.slot) == Some(step);
                let readable = views
                    .iter()
                    .all(|view| !here(view) || self.register(step, view).is_some());
                readable.then_some((step, refined))
            });
        let step = match found {
            Some((step, refined)) => {
                if let Step::Chain(chain) = &mut self.steps[step] {
                    chain.dims = refined;
                }
                step
            }
            None => self.push(Step::Chain(ChainDraft::new(width, dims))),
        };
        Site {
            lowering: self,
            step,
        }
    }

    /// The elements of a view in a slot of their own, in order.
    pub(super) fn copied(&mut self, view: &View, scale: Scale) -> Result<View, Reason> {
        let width = Width::of(scale.bits());
        let mut site = self.site(&view.dims, width, std::slice::from_ref(view));
        let register = site.read(view)?;
        Ok(site.done(register, scale, &view.dims))
    }
}

impl Site<'_, '_> {
    fn chain(&mut self) -> Result<&mut ChainDraft, Reason> {
        match &mut self.lowering.steps[self.step] {
            Step::Chain(chain) => Ok(chain),
            _ => Err("the step is no chain".into()),
        }
    }

    /// The register with the elements of a view.
    pub(super) fn read(&mut self, view: &View) -> Result<usize, Reason> {
        if let Some(register) = self.lowering.register(self.step, view) {
            return Ok(register);
        }
        self.lowering.reads(self.step, view.slot);
        Ok(self.chain()?.load(view))
    }

    /// An operand from a view, in another unit, rounded down where that is coarser.
    pub(super) fn operand(
        &mut self,
        view: &View,
        scale: Scale,
        unit: i32,
    ) -> Result<Operand, Reason> {
        if let Some(n) = self.lowering.splat(view) {
            return Ok(Operand::Number(scale.rescaled(n.into(), unit)));
        }
        let register = self.read(view)?;
        self.rescaled(register, scale, unit).map(Operand::Register)
    }

    /// A register in another unit, rounded down where that is coarser.
    pub(super) fn rescaled(
        &mut self,
        register: usize,
        scale: Scale,
        unit: i32,
    ) -> Result<usize, Reason> {
        let shift = scale.exponent.saturating_sub(unit);
        if shift == 0 || scale.is_zero() {
            return Ok(register);
        }
        let op = if shift > 0 {
            ChainOp::ShiftLeft(register, shift.unsigned_abs())
        } else {
            ChainOp::ShiftRight(register, shift.unsigned_abs())
        };
        self.push(op)
    }

    /// The register of an operation's result.
    pub(super) fn push(&mut self, op: ChainOp<usize, i128>) -> Result<usize, Reason> {
        let chain = self.chain()?;
        // A requantisation in one: add, shift, clip.
        let before = |register: usize| match &chain.items[register] {
            Item::Op(op) => Some(*op),
            Item::Load(_) => None,
        };
        let op = match op {
            ChainOp::Clip(x, low, high) => match before(x) {
                Some(ChainOp::ShiftRight(y, k)) => match before(y) {
                    Some(ChainOp::AddConstant(z, n)) => ChainOp::Requantise(z, n, k, low, high),
                    _ => ChainOp::Requantise(y, 0, k, low, high),
                },
                _ => op,
            },
            _ => op,
        };
        Ok(chain.push(op))
    }

    /// The register of an operand.
    pub(super) fn filled(&mut self, operand: Operand) -> Result<usize, Reason> {
        match operand {
            Operand::Register(register) => Ok(register),
            Operand::Number(n) => self.push(ChainOp::Fill(n)),
        }
    }

    /// A result that a register holds in order.
    pub(super) fn done(self, register: usize, scale: Scale, dims: &[usize]) -> View {
        let source = Source::Made {
            step: self.step,
            register: Some(register),
        };
        let len = dims.iter().product();
        let slot = self.lowering.slot(len, scale, source);
        View::whole(slot, dims.to_vec())
    }

    /// Writes a register to memory that this step makes; `to` is over the chain's index space.
    pub(super) fn put(&mut self, register: usize, to: View, mode: Mode) -> Result<(), Reason> {
        self.chain()?.puts.push(Put { register, to, mode });
        Ok(())
    }

    pub(super) const fn step(&self) -> usize {
        self.step
    }
}
