//! Constants: read from the file in their proved unit, and computed beforehand.

use crate::graph::{Data, ElementType, Node, Op, ValueId};
use crate::reference;

use super::super::draft::Source;
use super::super::scale::Scale;
use super::super::view::View;
use super::{Lowering, Reason};

impl Lowering<'_> {
    /// Brings in a constant of the file.
    pub(super) fn constant(&mut self, id: ValueId) -> Result<(), Reason> {
        let Some(constant) = &self.graph.values[id].constant else {
            return Err("it is no constant".into());
        };
        let scale = self.scale(id)?;
        let source = match &constant.data {
            Data::F32(floats) => {
                let unit = f64::from(-scale.exponent).exp2();
                // Exact: the proof has room for each in 48 bits.
                let integers = floats.iter().map(|&x| (f64::from(x) * unit) as i64);
                Source::Folded(integers.collect())
            }
            _ => Source::File(id),
        };
        let slot = self.slot(constant.data.len(), scale, source);
        self.views[id] = Some(View::whole(slot, constant.dims.clone()));
        Ok(())
    }

    /// One element of a constant slot, 0 where there is none.
    pub(in super::super) fn element(&self, slot: usize, at: usize) -> i64 {
        match &self.slots[slot].source {
            Source::Folded(integers) => integers.get(at).copied().unwrap_or(0),
            Source::File(id) => match self.graph.values[*id].constant.as_ref().map(|c| &c.data) {
                Some(Data::I8(x)) => i64::from(x[at]),
                Some(Data::U8(x)) => i64::from(x[at]),
                Some(Data::I32(x)) => i64::from(x[at]),
                Some(Data::I64(x)) => x[at],
                Some(Data::Bool(x)) => i64::from(x[at]),
                _ => 0,
            },
            Source::Input | Source::Made { .. } => 0,
        }
    }

    /// All elements of a constant view in order.
    pub(super) fn elements(&self, view: &View) -> Vec<i64> {
        self.places(view)
            .into_iter()
            .map(|at| self.element(view.slot, at))
            .collect()
    }

    /// The integer that all elements of a view are, if it is a constant of one number.
    pub(super) fn splat(&self, view: &View) -> Option<i64> {
        if !self.slots[view.slot].is_constant() {
            return None;
        }
        let first = self.element(view.slot, view.offset);
        let one = view.elements() == 1 || self.slots[view.slot].low == self.slots[view.slot].high;
        one.then_some(first)
    }

    /// Computes a node that depends on no input.
    pub(super) fn fold(&mut self, node: &Node) -> Result<(), Reason> {
        // Other types and other arrangements of the same numbers need no copy.
        if let (Op::Cast(_) | Op::Move(_), [input]) = (&node.op, &node.inputs[..]) {
            let (from, view) = (self.scale(*input)?, self.view(*input)?);
            let mut views = Vec::new();
            for (at, &id) in node.outputs.iter().enumerate() {
                let dims = self.dims(id);
                let same = self.scales[id].is_none_or(|to| to.exponent == from.exponent);
                views.push(match &node.op {
                    _ if !same => None,
                    Op::Move(movement) => view.moved(movement, at, dims, false),
                    _ => Some(view.clone()),
                });
            }
            if let Some(views) = views.into_iter().collect::<Option<Vec<_>>>() {
                for (&id, view) in node.outputs.iter().zip(views) {
                    self.views[id] = Some(view);
                }
                return Ok(());
            }
        }
        self.compute(node)
    }

    /// With the reference, which is slow and obvious.
    fn compute(&mut self, node: &Node) -> Result<(), Reason> {
        let mut inputs = Vec::new();
        for &id in &node.inputs {
            let (view, scale) = (self.view(id)?, self.scale(id)?);
            let numbers = self.elements(&view);
            inputs.push(reference::Tensor::new(view.dims, scale.exponent, numbers));
        }
        let inputs: Vec<&reference::Tensor> = inputs.iter().collect();
        let sizes: Vec<Vec<usize>> = node.outputs.iter().map(|&id| self.dims(id)).collect();
        let outputs = reference::compute(&node.op, &inputs, &sizes).ok_or("no room")?;
        for (&id, output) in node.outputs.iter().zip(outputs) {
            let integer = self.graph.values[id].element != ElementType::F32;
            let scale = self.scales[id].unwrap_or(Scale {
                exponent: if integer { 0 } else { output.exponent },
                low: i64::MIN,
                high: i64::MAX,
            });
            let given = Scale {
                exponent: output.exponent,
                low: 0,
                high: 0,
            };
            let rescaled = |&n: &i64| i64::try_from(given.rescaled(n.into(), scale.exponent));
            let numbers = output.numbers.iter().map(rescaled);
            let numbers = numbers
                .collect::<Result<Vec<i64>, _>>()
                .map_err(|e| e.to_string())?;
            let slot = self.slot(numbers.len(), scale, Source::Folded(numbers));
            self.views[id] = Some(View::whole(slot, output.sizes));
        }
        Ok(())
    }
}
