//! Memories of which a step changes one place: `next = Where(Equal(0..n, place), entry, state)` is written where the
//! state lies, so that its other places need neither be looked at nor copied.

use crate::graph::movement::Movement;
use crate::graph::{Comparison, Node, Op, ValueId};

use super::super::draft::{OverwriteDraft, Step};
use super::super::plan::{ALWAYS, origin};
use super::super::view::View;
use super::{Lowering, Reason};

/// The parts of such a node.
struct Parts {
    state: ValueId,
    place: ValueId,
    entry: ValueId,
}

impl Lowering<'_> {
    /// Lowers a `Where` that overwrites one place of a state; `false` where it is another.
    pub(super) fn overwrite(&mut self, node: &Node) -> Result<bool, Reason> {
        let Some(Parts {
            state,
            place,
            entry,
        }) = self.overwritten(node)
        else {
            return Ok(false);
        };
        let out = node.outputs[0];
        let (from, to, was) = (self.scale(entry)?, self.scale(out)?, self.scale(state)?);
        let numbers = self.scale(place)?;
        if to.exponent != was.exponent || numbers.exponent != 0 {
            return Ok(false);
        }
        let entry = self.view(entry)?;
        let entry = if from.exponent == to.exponent {
            entry
        } else {
            self.in_unit(&entry, from, to)?
        };
        let (memory, place) = (self.view(state)?, self.view(place)?);
        let step = self.steps.len();
        for slot in [memory.slot, entry.slot, place.slot] {
            self.reads(step, slot);
        }
        self.push(Step::Overwrite(OverwriteDraft {
            slot: memory.slot,
            place,
            entry,
        }));
        self.in_place.push(memory.slot);
        self.views[out] = Some(View::whole(memory.slot, memory.dims));
        Ok(true)
    }

    fn overwritten(&self, node: &Node) -> Option<Parts> {
        let [condition, entry, state] = node.inputs[..] else {
            return None;
        };
        let graph = self.graph;
        let name = graph.values[state].name.strip_prefix("state.")?;
        let next = format!("next.{name}");
        let output = graph.outputs.iter().copied();
        let mut output = output.filter(|&id| graph.values[id].name == next);
        let ends = origin(&self.plan.nodes, &self.makers, output.next()?) == node.outputs[0];
        let whole = self.dims(state) == self.dims(node.outputs[0]);
        let one = |id: ValueId| {
            graph.values[id].shape.has_lanes() && self.dims(id).iter().product::<usize>() == 1
        };
        if node.op != Op::Where
            || self.region != ALWAYS
            || !graph.inputs.contains(&state)
            || !(ends && whole && one(entry))
            || self.dims(state).len() != 1
        {
            return None;
        }
        let equal = &self.plan.nodes[self.makers[condition]?];
        if equal.op != Op::Compare(Comparison::Equal) {
            return None;
        }
        let [a, b] = equal.inputs[..] else {
            return None;
        };
        let place = if self.counts(a, state) {
            b
        } else if self.counts(b, state) {
            a
        } else {
            return None;
        };
        // What was there must have been read already, and what is there now be read as it stands.
        let before = self.readers(state).all(|reader| {
            std::ptr::eq(reader, node)
                || (reads_at_once(reader) && self.views[reader.outputs[0]].is_some())
        });
        let is_next = |reader: &Node| {
            let same = matches!(reader.op, Op::Move(Movement::Same(_)));
            same && graph.values[reader.outputs[0]].name == next
        };
        let after = self
            .readers(node.outputs[0])
            .all(|reader| reads_at_once(reader) || is_next(reader));
        let handed_on = graph.outputs.contains(&state);
        (one(place) && before && after && !handed_on).then_some(Parts {
            state,
            place,
            entry,
        })
    }

    /// Nodes that read a value.
    fn readers(&self, id: ValueId) -> impl Iterator<Item = &Node> {
        let nodes = self.plan.nodes.iter();
        nodes.filter(move |node| node.inputs.contains(&id))
    }

    /// Whether a constant is the numbers of a state's places in order.
    fn counts(&self, id: ValueId, state: ValueId) -> bool {
        let Some(view) = self.views[id].as_ref() else {
            return false;
        };
        let scale = self.scales[id];
        self.slots[view.slot].is_constant()
            && scale.is_some_and(|scale| scale.exponent == 0)
            && view.elements() == self.dims(state)[0]
            && self.elements(view).iter().zip(0..).all(|(&n, at)| n == at)
    }
}

/// Whether a node makes a copy of what it reads in the very step that it is lowered to.
fn reads_at_once(node: &Node) -> bool {
    matches!(node.op, Op::GatherElements { .. })
}

#[cfg(test)]
mod tests {
    use super::super::lower;
    use super::Step;
    use crate::build::{GraphBuilder, ModelCard};
    use crate::onnx::data_type;
    use crate::{ModelLimits, StateRange, StepModel};

    /// Overwrites in a model whose memory of eight places is read before and after, as `also` adds to it.
    fn overwrites(also: impl FnOnce(&mut GraphBuilder, &str, &str) -> String) -> usize {
        let mut b = GraphBuilder::new(&ModelCard::named("memory", "1"));
        let byte = b.byte_input();
        let memory = b.state("memory", &[8], StateRange::integers(0, 255));
        let place = b.clip(&byte, 0.0, 7.0);
        let index = b.cast(&place, data_type::INT64);
        let before = b.gather_elements(&memory, &index, 1);
        let entry = b.sub(&byte, &before);
        let entry = b.clip(&entry, 0.0, 255.0);
        let places = b.constant_f32(&[8], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        let here = b.equal(&places, &place);
        let next = b.select(&here, &entry, &memory);
        let more = also(&mut b, &memory, &next);
        let wide = b.expand(&more, &[1, 256]);
        b.output("logits", &wide, &[256]);
        b.next_state("memory", &next, &[8]);
        let model = StepModel::load(&b.finish(), &ModelLimits::default()).unwrap();
        let (lowering, _) = lower(&model, 2).unwrap();
        let steps = lowering.steps.iter();
        steps.filter(|s| matches!(s, Step::Overwrite(_))).count()
    }

    #[test]
    fn a_memory_is_overwritten_where_it_lies_if_only_single_places_are_read() {
        let one = |b: &mut GraphBuilder, _: &str, next: &str| {
            let three = b.clip("byte", 3.0, 3.0);
            let index = b.cast(&three, data_type::INT64);
            b.gather_elements(next, &index, 1)
        };
        assert_eq!(overwrites(one), 1);
        assert_eq!(overwrites(|b, _, next| b.reduce_sum(next, &[1], true)), 0);
        assert_eq!(
            overwrites(|b, memory, _| b.reduce_sum(memory, &[1], true)),
            0
        );
        // Read when it is overwritten already.
        let late = |b: &mut GraphBuilder, memory: &str, next: &str| {
            let after = one(b, memory, next);
            let index = b.clip(&after, 0.0, 7.0);
            let index = b.cast(&index, data_type::INT64);
            b.gather_elements(memory, &index, 1)
        };
        assert_eq!(overwrites(late), 0);
    }
}
