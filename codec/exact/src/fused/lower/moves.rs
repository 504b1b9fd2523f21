//! Operators that move elements.

use crate::graph::Node;
use crate::graph::movement::Movement;

use super::super::dims::row_major;
use super::super::draft::{Mode, Source};
use super::super::scale::{Scale, Width};
use super::super::view::View;
use super::{Lowering, Reason};

impl Lowering<'_> {
    pub(super) fn movement(&mut self, node: &Node, movement: &Movement) -> Result<(), Reason> {
        if let Movement::Concat { axis } = movement {
            return self.concat(node, *axis - 1);
        }
        let input = node.inputs[0];
        let from = self.scale(input)?;
        for (at, &id) in node.outputs.iter().enumerate() {
            if self.uses[id] == 0 {
                continue;
            }
            let (dims, to) = (self.dims(id), self.scale(id)?);
            let mut view = self.view(input)?;
            let moved = match view.moved(movement, at, dims.clone(), true) {
                Some(moved) => moved,
                // A reshape of elements that do not lie in order.
                None => {
                    view = self.copied(&view, from)?;
                    let moved = view.moved(movement, at, dims.clone(), true);
                    moved.ok_or("elements in order do not reshape")?
                }
            };
            self.views[id] = Some(if from.exponent == to.exponent {
                moved
            } else {
                self.in_unit(&moved, from, to)?
            });
        }
        Ok(())
    }

    /// The elements of a view in another unit.
    pub(super) fn in_unit(&mut self, view: &View, from: Scale, to: Scale) -> Result<View, Reason> {
        let bits = [from.bits(), from.bits_in(to.exponent), to.bits()];
        let width = Width::of(bits.into_iter().max().unwrap_or(0));
        let mut site = self.site(&view.dims, width, std::slice::from_ref(view));
        let register = site.read(view)?;
        let register = site.rescaled(register, from, to.exponent)?;
        Ok(site.done(register, to, &view.dims))
    }

    /// Parts are written to where they belong, by the chains that make them if they can.
    fn concat(&mut self, node: &Node, axis: usize) -> Result<(), Reason> {
        let out = node.outputs[0];
        let (dims, to) = (self.dims(out), self.scale(out)?);
        let strides = row_major(&dims);
        let slot = self.slot(dims.iter().product(), to, Source::Input);
        let (mut offset, mut last) = (0, 0);
        for &id in &node.inputs {
            let (view, from) = (self.part(id, out)?, self.scale(id)?);
            let bits = [from.bits(), from.bits_in(to.exponent), to.bits()];
            let width = Width::of(bits.into_iter().max().unwrap_or(0));
            let target = View {
                slot,
                offset,
                dims: view.dims.clone(),
                strides: strides.clone(),
            };
            offset += view.dims[axis] * strides[axis];
            let mut site = self.site(&view.dims, width, std::slice::from_ref(&view));
            let register = site.operand(&view, from, to.exponent)?;
            let register = site.filled(register)?;
            site.put(register, target, Mode::Set)?;
            last = last.max(site.step());
        }
        self.made(slot, last);
        self.views[out] = Some(View::whole(slot, dims));
        Ok(())
    }

    /// A part of a concatenation: all have the result's axes, and lanes as it has.
    fn part(&mut self, id: usize, out: usize) -> Result<View, Reason> {
        let view = self.view(id)?;
        if self.graph.values[id].shape.has_lanes() != self.graph.values[out].shape.has_lanes() {
            return Err("a part has other lanes".into());
        }
        Ok(view)
    }

    /// The places in its slot of a view's elements, in order.
    pub(super) fn places(&self, view: &View) -> Vec<usize> {
        let mut places = vec![view.offset];
        for (&size, &stride) in view.dims.iter().zip(&view.strides) {
            let inner = |&place: &usize| (0..size).map(move |i| place + i * stride);
            places = places.iter().flat_map(inner).collect();
        }
        places
    }
}
