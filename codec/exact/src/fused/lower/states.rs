//! The ends of a step: what is put in, what is taken out, and states that become the next ones.

use std::rc::Rc;

use crate::graph::ValueId;
use crate::interface::Interface;

use super::super::draft::{Item, Mode, Source, Step, is_aligned};
use super::super::plan::ALWAYS;
use super::super::scale::{Scale, Width};
use super::super::view::View;
use super::{Lowering, Reason};

/// The slots that a stepper fills and reads.
#[derive(Debug, Clone)]
pub(in super::super) struct Ports {
    pub(in super::super) byte: usize,
    pub(in super::super) condition: Option<usize>,
    /// In the order of the interface.
    pub(in super::super) states: Vec<usize>,
    pub(in super::super) logits: usize,
    /// Slots that hold a state, by its number, also in steps that do not fill them.
    pub(in super::super) kept: Vec<(usize, usize)>,
}

impl Lowering<'_> {
    pub(super) fn inputs(&mut self, interface: &Interface) -> Ports {
        let bytes = Scale::integers(0, 255);
        let mut ports = Ports {
            byte: self.slot(1, bytes, Source::Input),
            condition: None,
            states: Vec::new(),
            logits: 0,
            kept: Vec::new(),
        };
        let graph = self.graph;
        let named = |name: &str| {
            let mut inputs = graph.inputs.iter();
            inputs.find(|&&id| graph.values[id].name == name).copied()
        };
        if let Some(id) = named("byte") {
            self.views[id] = Some(View::whole(ports.byte, vec![1]));
            self.scales[id] = Some(bytes);
        }
        if let Some(condition) = &interface.condition {
            let scale = declared(condition.range);
            let slot = self.slot(condition.size, scale, Source::Input);
            ports.condition = Some(slot);
            if let Some(id) = named("condition") {
                self.views[id] = Some(View::whole(slot, vec![condition.size]));
                self.scales[id] = Some(scale);
            }
        }
        for state in &interface.states {
            let scale = declared(state.range);
            let slot = self.slot(state.elements(), scale, Source::Input);
            ports.states.push(slot);
            if let Some(id) = named(&state.input()) {
                self.views[id] = Some(View::whole(slot, state.dims.clone()));
                self.scales[id] = Some(scale);
            }
        }
        let words = Scale::integers(i32::MIN.into(), i32::MAX.into());
        ports.logits = self.slot(256, words, Source::Input);
        ports
    }

    /// Writes logits and states to their slots.
    pub(super) fn outputs(
        &mut self,
        mut ports: Ports,
        interface: &Interface,
    ) -> Result<Ports, Reason> {
        let graph = self.graph;
        let mut states = Vec::new();
        for &id in &graph.outputs {
            let name = &graph.values[id].name;
            let state = interface.states.iter().position(|s| s.output() == *name);
            match state {
                None => self.put(id, ports.logits, 0, 0)?,
                Some(at) => states.push((id, at)),
            }
        }
        // What is handed on as it came in must be saved before a state is written over.
        for &(id, ..) in &states {
            let (view, scale) = (self.view(id)?, self.scale(id)?);
            let stays = self.in_place.contains(&view.slot);
            if matches!(self.slots[view.slot].source, Source::Input) && !stays {
                self.views[id] = Some(self.copied(&view, scale)?);
            }
        }
        let plan = Rc::clone(&self.plan);
        for (id, at) in states {
            let (slot, range) = (ports.states[at], interface.states[at].range);
            if self.view(id)?.slot == slot && self.in_place.contains(&slot) {
                continue;
            }
            let carried = plan.carried.iter().find(|carried| carried.state == at);
            self.region = carried.map_or(ALWAYS, |carried| carried.region);
            let from = match self.slots[slot].last_read {
                None => 0,
                // A chain that reads the elements in order may write them back in the same pass.
                Some(last) if self.reads_in_order(last, slot) => last,
                Some(last) => last + 1,
            };
            self.put(id, slot, range.exponent, from)?;
            if let Some(carried) = carried {
                ports.kept.push((self.view(carried.value)?.slot, at));
            }
        }
        Ok(ports)
    }

    /// Writes a value to a slot in that unit, in a step not before `from`.
    fn put(&mut self, id: ValueId, slot: usize, unit: i32, from: usize) -> Result<(), Reason> {
        let (view, scale) = (self.view(id)?, self.scale(id)?);
        let target = View::whole(slot, view.dims.clone());
        let width = Width::of(scale.bits().max(scale.bits_in(unit)));
        let mut site = self.site_from(from, &view.dims, width, std::slice::from_ref(&view));
        let register = site.operand(&view, scale, unit)?;
        let register = site.filled(register)?;
        site.put(register, target, Mode::Set)
    }

    fn reads_in_order(&self, step: usize, slot: usize) -> bool {
        let Some(Step::Chain(chain)) = self.steps.get(step) else {
            return false;
        };
        chain.items.iter().all(|item| match item {
            Item::Load(view) if view.slot == slot => is_aligned(view, self.slots[slot].len),
            _ => true,
        })
    }
}

fn declared(range: crate::interface::StateRange) -> Scale {
    Scale {
        exponent: range.exponent,
        low: range.low.into(),
        high: range.high.into(),
    }
}
