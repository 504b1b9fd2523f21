//! From a draft to a program: memory is laid out, registers are allocated, weights are packed.

mod chains;
mod recurrence;
mod regions;
mod registers;

use crate::error::{ExactError, Result};
use crate::interface::Interface;

use super::chain::{AnyChain, Flat, Small};
use super::draft::{ExpertsDraft, Mode, OverwriteDraft, PickDraft, Source, Step, TopDraft};
use super::isa::Isa;
use super::lower::{Lowering, Ports};
use super::memory::{Memory, Sizes};
use super::product::{Experts, Product};
use super::program::{Instruction, Most, Place, Program, StatePlace};
use super::scale::Type;
use super::select::{Overwrite, Pick, Table, Top, Window};
use super::view::View;

/// Most bytes for the states and intermediate values of all lanes.
const MEMORY: u64 = 4 << 30;

/// Lays out a draft for that many lanes.
///
/// # Errors
///
/// [`ExactError::Limit`] where it would need more memory than [`MEMORY`].
pub(super) fn finish(
    mut draft: Lowering<'_>,
    ports: &Ports,
    interface: &Interface,
    lanes: usize,
    isa: Isa,
) -> Result<Program> {
    let steps = std::mem::take(&mut draft.steps);
    let layout = Layout::new(&draft, &steps, ports, lanes)?;
    let mut instructions = regions::Nesting::new(&draft, &layout);
    for (at, step) in steps.into_iter().enumerate() {
        instructions.enter(draft.regions[at]);
        match step {
            Step::Chain(chain) => {
                let made = made(&draft, at);
                let holds = |slot, truth| draft.holds(draft.regions[at], slot, truth);
                if made.is_empty()
                    && let Some(recurrence) = recurrence::recurrence(&layout, &chain, holds)
                {
                    instructions.push(Instruction::Recurrence(recurrence));
                    continue;
                }
                if let Some(chain) = layout.chain(chain, &made) {
                    instructions.push(simplest(chain));
                }
            }
            Step::Product(product) => {
                let rows = layout.window(&product.rows);
                let out = layout.places[product.slot];
                instructions.push(Instruction::Product(Product::new(
                    &product, rows, out, lanes, isa,
                )));
            }
            Step::Experts(experts) => {
                let experts = layout.experts(&draft, &experts, isa);
                instructions.push(Instruction::Experts(experts));
            }
            // Experts read their matrices themselves; then no one needs what is picked.
            Step::Pick(pick) if !draft.slots[pick.slot].needed => {}
            Step::Pick(pick) => instructions.push(Instruction::Pick(layout.pick(&pick))),
            Step::Overwrite(overwrite) => {
                let overwrite = layout.overwrite(&overwrite);
                instructions.push(Instruction::Overwrite(overwrite));
            }
            Step::Top(top) => instructions.push(Instruction::Top(layout.top(&top))),
        }
    }
    let instructions = instructions.finish();
    let kept = ports.kept.iter().copied();
    let kept = kept.filter(|&(slot, _)| draft.slots[slot].needed);
    let states = ports.states.iter().copied().zip(0..).chain(kept);
    let states = states.map(|(slot, number)| StatePlace {
        place: layout.places[slot],
        len: interface.states[number].elements(),
        initial: interface.states[number].range.initial.into(),
    });
    Ok(Program {
        lanes,
        isa,
        most: Most::of(&instructions),
        states: states.collect(),
        byte: layout.places[ports.byte],
        condition: ports.condition.map(|slot| layout.places[slot]),
        logits: layout.places[ports.logits],
        tables: draft.tables,
        sizes: layout.sizes,
        constants: layout.constants,
        instructions,
    })
}

/// A chain as the instruction that is fastest for it.
fn simplest(chain: AnyChain) -> Instruction {
    let AnyChain::W32(words) = &chain else {
        return Instruction::Chain(chain);
    };
    let flat = Flat::of(words).map(Instruction::Flat);
    let simple = flat.or_else(|| Small::of(words).map(Instruction::Small));
    simple.unwrap_or(Instruction::Chain(chain))
}

/// The slots that something reads from memory and a step's registers hold.
fn made(draft: &Lowering<'_>, at: usize) -> Vec<(usize, usize)> {
    let slots = draft.slots.iter().enumerate();
    let made = slots.filter_map(|(slot, held)| match held.source {
        Source::Made {
            step,
            register: Some(register),
        } if step == at && held.needed => Some((slot, register)),
        _ => None,
    });
    made.collect()
}

/// Where each slot lies.
pub(super) struct Layout {
    lanes: usize,
    pub(super) places: Vec<Place>,
    /// Whether each slot is a constant, and its length.
    fixed: Vec<bool>,
    lens: Vec<usize>,
    /// Least and greatest integer of each slot.
    bounds: Vec<(i64, i64)>,
    files: Vec<Option<usize>>,
    sizes: Sizes,
    constants: Memory,
}

impl Layout {
    fn new(draft: &Lowering<'_>, steps: &[Step], ports: &Ports, lanes: usize) -> Result<Self> {
        let mut written = vec![false; draft.slots.len()];
        written[ports.byte] = true;
        written[ports.logits] = true;
        for &slot in ports.states.iter().chain(&ports.condition) {
            written[slot] = true;
        }
        // Tables that are looked up in are read where they stand in the file.
        let mut tables = vec![false; draft.slots.len()];
        for step in steps {
            match step {
                Step::Chain(chain) => chain
                    .puts
                    .iter()
                    .for_each(|put| written[put.to.slot] = true),
                Step::Product(product) => written[product.slot] = true,
                Step::Experts(experts) => written[experts.slot] = true,
                Step::Pick(pick) => {
                    tables[pick.data.slot] = true;
                }
                Step::Overwrite(overwrite) => written[overwrite.slot] = true,
                Step::Top(top) => (written[top.values], written[top.indices]) = (true, true),
            }
        }
        let (mut sizes, mut fixed) = (Sizes::default(), Sizes::default());
        let mut places = Vec::new();
        let mut files = Vec::new();
        for (slot, table) in draft.slots.iter().zip(&tables) {
            let ty = Type::of(slot.low, slot.high);
            let file = match slot.source {
                Source::File(id) if *table && !slot.needed => Some(id),
                _ => None,
            };
            let base = match (slot.is_constant(), file) {
                (_, Some(_)) => 0,
                (true, None) if slot.needed => fixed.reserve(ty, slot.len),
                (false, None) if slot.needed || written[places.len()] => {
                    sizes.reserve(ty, slot.len.saturating_mul(lanes))
                }
                _ => 0,
            };
            files.push(file);
            places.push(Place { ty, base });
        }
        let bytes = sizes.bytes().saturating_add(fixed.bytes());
        if bytes > MEMORY {
            return Err(ExactError::Limit {
                what: "memory for all lanes in bytes",
                needed: bytes,
                limit: MEMORY,
            });
        }
        let mut constants = Memory::new(&fixed);
        for (number, slot) in draft.slots.iter().enumerate() {
            if slot.is_constant() && slot.needed && files[number].is_none() {
                let Place { ty, base } = places[number];
                for at in 0..slot.len {
                    constants.set(ty, base + at, draft.element(number, at));
                }
            }
        }
        Ok(Self {
            lanes,
            places,
            fixed: draft
                .slots
                .iter()
                .map(super::draft::Slot::is_constant)
                .collect(),
            lens: draft.slots.iter().map(|slot| slot.len).collect(),
            bounds: draft.slots.iter().map(|s| (s.low, s.high)).collect(),
            files,
            sizes,
            constants,
        })
    }

    /// Elements from one lane to the next; constants are the same for all.
    fn lane(&self, slot: usize) -> usize {
        if self.fixed[slot] { 0 } else { self.lens[slot] }
    }

    fn window(&self, view: &View) -> Window {
        let Place { ty, base } = self.places[view.slot];
        let table = match (self.files[view.slot], self.fixed[view.slot]) {
            (Some(id), _) => Table::File(id),
            (None, true) => Table::Constants,
            (None, false) => Table::Memory,
        };
        Window {
            table,
            ty,
            base: base + view.offset,
            lane: self.lane(view.slot),
            dims: view.dims.clone(),
            strides: view.strides.clone(),
        }
    }

    fn experts(&self, draft: &Lowering<'_>, experts: &ExpertsDraft, isa: Isa) -> Experts {
        let windows = [&experts.rows, &experts.indices].map(|view| self.window(view));
        let View {
            slot,
            offset,
            ref strides,
            ..
        } = experts.weights;
        let weight = |expert, row, column| {
            let place = [expert, row, column].into_iter().zip(strides);
            let place = place.map(|(i, by)| i * by).sum::<usize>();
            draft.element(slot, offset + place) as i8
        };
        let out = self.places[experts.slot];
        Experts::new(experts, windows, out, self.lanes, isa, weight)
    }

    fn pick(&self, pick: &PickDraft) -> Pick {
        Pick::new(
            self.window(&pick.data),
            self.window(&pick.indices),
            pick.axis,
            pick.elements,
            pick.shift,
            self.places[pick.slot],
            self.lanes,
        )
    }

    fn overwrite(&self, overwrite: &OverwriteDraft) -> Overwrite {
        Overwrite {
            place: self.window(&overwrite.place),
            entry: self.window(&overwrite.entry),
            state: self.places[overwrite.slot],
            len: self.lens[overwrite.slot],
            lanes: self.lanes,
        }
    }

    fn top(&self, top: &TopDraft) -> Top {
        Top {
            data: self.window(&top.data),
            axis: top.axis,
            count: top.count,
            largest: top.largest,
            shift: top.shift,
            values: self.places[top.values],
            indices: self.places[top.indices],
            lanes: self.lanes,
        }
    }

    /// What memory an accumulator begins with.
    const fn neutral(mode: Mode, ty: Type) -> Option<i64> {
        match (mode, ty) {
            (Mode::Set, _) => None,
            (Mode::Sum, _) => Some(0),
            (Mode::Max, Type::I64) => Some(i64::MIN),
            (Mode::Max, _) => Some(i32::MIN as i64),
        }
    }

    fn chain(&self, chain: super::draft::ChainDraft, made: &[(usize, usize)]) -> Option<AnyChain> {
        chains::chain(self, chain, made)
    }
}
