//! Gather, GatherElements and TopK.

use crate::graph::Node;

use super::super::draft::{ChainOp, PickDraft, Source, Step, TopDraft};
use super::super::scale::{Scale, Width};
use super::super::view::View;
use super::{Lowering, Reason};

/// Largest table that is copied for a chain.
const TABLE: usize = 1 << 16;

impl Lowering<'_> {
    pub(super) fn gather(&mut self, node: &Node, axis: usize) -> Result<(), Reason> {
        let (data, out) = (node.inputs[0], node.outputs[0]);
        let table = self.view(data)?;
        let constant = self.slots[table.slot].is_constant();
        if constant && table.dims.len() == 1 && table.elements() <= TABLE {
            return self.table(node, &table);
        }
        // An axis of lane-dependent data counts the lane axis.
        let lanes = self.graph.values[data].shape.has_lanes();
        let axis = if lanes { axis - 1 } else { axis };
        self.pick(node, table, axis, false)?;
        debug_assert!(self.views[out].is_some());
        Ok(())
    }

    pub(super) fn gather_elements(&mut self, node: &Node, axis: usize) -> Result<(), Reason> {
        let data = self.view(node.inputs[0])?;
        self.pick(node, data, axis - 1, true)
    }

    /// A vector of constants, looked up within a chain.
    fn table(&mut self, node: &Node, table: &View) -> Result<(), Reason> {
        let (indices, out) = (node.inputs[1], node.outputs[0]);
        let (from, to) = (self.scale(node.inputs[0])?, self.scale(out)?);
        let (view, scale) = (self.view(indices)?, self.scale(indices)?);
        let integers = self.elements(table).into_iter();
        // What is not looked up need not fit; it may become anything.
        let integers = integers.map(|n| from.rescaled(n.into(), to.exponent) as i64);
        self.tables.push(integers.collect());
        let table = self.tables.len() - 1;
        let bits = [scale.bits(), scale.bits_in(0), to.bits()];
        let width = Width::of(bits.into_iter().max().unwrap_or(0));
        let dims = self.dims(out);
        let mut site = self.site(&dims, width, std::slice::from_ref(&view));
        let index = site.operand(&view, scale, 0)?;
        let index = site.filled(index)?;
        let found = site.push(ChainOp::Lookup(index, table))?;
        self.views[out] = Some(site.done(found, to, &dims));
        Ok(())
    }

    fn pick(&mut self, node: &Node, data: View, axis: usize, elements: bool) -> Result<(), Reason> {
        let (indices, out) = (node.inputs[1], node.outputs[0]);
        let (from, to) = (self.scale(node.inputs[0])?, self.scale(out)?);
        let scale = self.scale(indices)?;
        let mut view = self.view(indices)?;
        let constant = self.slots[view.slot].is_constant();
        if scale.exponent != 0 && !constant {
            let whole = Scale {
                exponent: 0,
                ..scale
            };
            view = self.in_unit(&view, scale, whole)?;
        }
        let slot = self.slot(self.dims(out).iter().product(), to, Source::Input);
        let step = self.steps.len();
        // A table of the file is read where it stands.
        if !matches!(self.slots[data.slot].source, Source::File(_)) {
            self.reads(step, data.slot);
        }
        self.reads(step, view.slot);
        self.push(Step::Pick(PickDraft {
            data,
            indices: view,
            axis,
            elements,
            shift: from.exponent - to.exponent,
            slot,
        }));
        self.made(slot, step);
        self.views[out] = Some(View::whole(slot, self.dims(out)));
        Ok(())
    }

    pub(super) fn top(
        &mut self,
        node: &Node,
        axis: usize,
        count: usize,
        largest: bool,
    ) -> Result<(), Reason> {
        let [values, indices] = node.outputs[..] else {
            return Err("it has not two results".into());
        };
        let (from, to) = (self.scale(node.inputs[0])?, self.scale(values)?);
        let data = self.view(node.inputs[0])?;
        let length = data.dims[axis - 1] as i64;
        let elements = self.dims(values).iter().product();
        let slot = self.slot(elements, to, Source::Input);
        let places = self.slot(elements, Scale::integers(0, length), Source::Input);
        let step = self.steps.len();
        self.reads(step, data.slot);
        self.push(Step::Top(TopDraft {
            data,
            axis: axis - 1,
            count,
            largest,
            shift: from.exponent - to.exponent,
            values: slot,
            indices: places,
        }));
        self.made(slot, step);
        self.made(places, step);
        self.views[values] = Some(View::whole(slot, self.dims(values)));
        self.views[indices] = Some(View::whole(places, self.dims(indices)));
        Ok(())
    }
}
