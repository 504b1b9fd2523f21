//! Matrix products and reductions.

use crate::graph::{Node, Op, ValueId};

use super::super::dims::row_major;
use super::super::draft::{Mode, ProductDraft, Source, Step};
use super::super::scale::{Scale, Width};
use super::super::view::View;
use super::elementwise::product;
use super::{Lowering, Reason};

impl Lowering<'_> {
    pub(super) fn matmul(&mut self, node: &Node) -> Result<(), Reason> {
        if self.packed(node)? || self.chosen(node)? {
            return Ok(());
        }
        self.summed(node)
    }

    /// Whether kernels for bytes take a product with constant weights.
    pub(super) fn is_of_bytes(&self, node: &Node, inner: usize) -> Result<bool, Reason> {
        let [a, b, to] = [node.inputs[0], node.inputs[1], node.outputs[0]];
        let lanes = self.graph.values[a].shape.has_lanes();
        let (a, b, to) = (self.scale(a)?, self.scale(b)?, self.scale(to)?);
        Ok(lanes
            && b.low >= i8::MIN.into()
            && b.high <= i8::MAX.into()
            && a.high - a.low <= 255
            && a.exponent + b.exponent == to.exponent
            && to.bits() <= 32
            // A bound on what the kernels multiply and add in all.
            && inner < 1 << 15)
    }

    /// Rows of bytes times a constant matrix of bytes; false where it is something else.
    fn packed(&mut self, node: &Node) -> Result<bool, Reason> {
        let (a, b, out) = (node.inputs[0], node.inputs[1], node.outputs[0]);
        let scale_a = self.scale(a)?;
        let weights = self.view(b)?;
        let [batch @ .., inner, columns] = &weights.dims[..] else {
            return Ok(false);
        };
        let (inner, columns) = (*inner, *columns);
        let fits = self.slots[weights.slot].is_constant()
            && batch.iter().all(|&size| size == 1)
            && self.is_of_bytes(node, inner)?;
        if !fits {
            return Ok(false);
        }
        let mut rows = self.view(a)?;
        if !rows.is_contiguous() {
            rows = self.copied(&rows, scale_a)?;
        }
        let integers = self.elements(&weights);
        let slot = self.accumulator(self.dims(out), Width::W32);
        let step = self.push(Step::Product(ProductDraft {
            low: scale_a.low,
            span: span(scale_a),
            inner,
            columns,
            weights: integers.iter().map(|&n| n as i8).collect(),
            bias: vec![0; columns],
            slot,
            rows: rows.clone(),
        }));
        self.reads(step, rows.slot);
        self.made(slot, step);
        self.views[out] = Some(View::whole(slot, self.dims(out)));
        Ok(true)
    }

    /// Memory that sums are formed in: whole words.
    pub(super) fn accumulator(&mut self, dims: Vec<usize>, width: Width) -> usize {
        let scale = match width {
            Width::W32 => Scale::integers(i32::MIN.into(), i32::MAX.into()),
            Width::W64 | Width::W128 => Scale::integers(i64::MIN, i64::MAX),
        };
        self.slot(dims.iter().product(), scale, Source::Input)
    }

    /// Any other product: all multiplications in a chain over rows, inner elements and columns,
    /// summed up in memory.
    fn summed(&mut self, node: &Node) -> Result<(), Reason> {
        let (a, b, out) = (node.inputs[0], node.inputs[1], node.outputs[0]);
        let to = self.scale(out)?;
        let (scale_a, scale_b) = (self.scale(a)?, self.scale(b)?);
        let dims = self.dims(out);
        let (view_a, view_b) = (self.matrix(a, out)?, self.matrix(b, out)?);
        let [rows @ .., columns] = &dims[..] else {
            return Err("its result has no axis".into());
        };
        let inner = view_a.dims.last().copied().unwrap_or(1);
        let space = [rows, &[inner, *columns]].concat();

        // [rows..., inner] repeated along the columns, [..., inner, columns] along the rows.
        let view_a = with_axis(&view_a, view_a.dims.len()).repeated(&space);
        let view_b = match view_b.dims.len() {
            0..=2 => view_b.repeated(&space),
            rank => with_axis(&view_b, rank - 2).repeated(&space),
        };
        let exact = scale_a.exponent + scale_b.exponent == to.exponent;
        let products = if exact {
            0
        } else {
            scale_a.bits() + scale_b.bits()
        };
        let bits = [to.bits(), scale_a.bits(), scale_b.bits(), products];
        let width = Width::of(bits.into_iter().max().unwrap_or(0));
        let slot = self.accumulator(dims.clone(), width);
        let mut strides = row_major(&dims);
        strides.insert(rows.len(), 0);
        let target = View {
            slot,
            offset: 0,
            dims: space.clone(),
            strides,
        };
        let mut site = self.site(&space, width, &[view_a.clone(), view_b.clone()]);
        let product = product(
            &mut site,
            &(view_a, scale_a),
            &(view_b, scale_b),
            to.exponent,
        )?;
        site.put(product, target, Mode::Sum)?;
        let step = site.step();
        self.made(slot, step);
        self.views[out] = Some(View::whole(slot, dims));
        Ok(())
    }

    /// An operand of a product without the lane axis, or the 1 in its place.
    pub(super) fn matrix(&mut self, id: ValueId, out: ValueId) -> Result<View, Reason> {
        let mut view = self.view(id)?;
        let shape = &self.graph.values[id].shape;
        let rank = self.graph.values[out].shape.rank();
        if !shape.has_lanes() && shape.rank() == rank && rank > 2 {
            view.dims.remove(0);
            view.strides.remove(0);
        }
        Ok(view)
    }

    pub(super) fn made(&mut self, slot: usize, step: usize) {
        self.slots[slot].source = Source::Made {
            step,
            register: None,
        };
    }

    pub(super) fn reduce(&mut self, node: &Node, axes: &[usize], mode: Mode) -> Result<(), Reason> {
        let (input, out) = (node.inputs[0], node.outputs[0]);
        let (from, to) = (self.scale(input)?, self.scale(out)?);
        let view = self.view(input)?;
        let bits = [from.bits(), from.bits_in(to.exponent), to.bits()];
        let width = Width::of(bits.into_iter().max().unwrap_or(0));
        // Axis 0 of the node is the lane axis.
        let mut kept = view.dims.clone();
        for axis in axes {
            kept[axis - 1] = 1;
        }
        let strides = row_major(&kept).into_iter().zip(&kept).zip(&view.dims);
        let strides = strides.map(|((by, &kept), &size)| if kept == size { by } else { 0 });
        let slot = self.accumulator(kept.clone(), width);
        let target = View {
            slot,
            offset: 0,
            dims: view.dims.clone(),
            strides: strides.collect(),
        };
        let mut site = self.site(&view.dims, width, std::slice::from_ref(&view));
        let register = site.read(&view)?;
        let register = site.rescaled(register, from, to.exponent)?;
        site.put(register, target, mode)?;
        let step = site.step();
        self.made(slot, step);
        self.views[out] = Some(View::whole(slot, self.dims(out)));
        Ok(())
    }

    /// Moves the constant addend of a product's result into the product. True if it was one.
    pub(super) fn biased(
        &mut self,
        node: &Node,
        op: &Op,
        inputs: &[(View, Scale)],
        to: Scale,
    ) -> bool {
        let (Op::Add, [(sum, from), (addend, unit)]) = (op, inputs) else {
            return false;
        };
        let step = self.maker(sum.slot);
        let Some(Step::Product(product)) = step.map(|step| &self.steps[step]) else {
            return false;
        };
        let columns = product.columns;
        let one_each = sum
            .dims
            .iter()
            .zip(&sum.strides)
            .all(|(&size, &by)| size == 1 || by > 0);
        let fits = self.slots[addend.slot].is_constant()
            && self.slots[sum.slot].len == columns
            && one_each
            && from.exponent == to.exponent
            && (unit.exponent >= to.exponent || unit.is_zero())
            && to.bits() <= 32
            && self.is_sole(node.inputs[0], sum.slot);
        if !fits {
            return false;
        }
        let numbers = self.elements(addend);
        let places = self.places(sum);
        if let Some(Step::Product(product)) = step.map(|step| &mut self.steps[step]) {
            for (place, n) in places.into_iter().zip(numbers) {
                // Sums wrap; only their last 32 bits count.
                product.bias[place] += unit.rescaled(n.into(), to.exponent) as i64;
            }
        }
        true
    }

    /// Whether the elements of a value in that slot are read by one node alone.
    fn is_sole(&self, mut id: ValueId, slot: usize) -> bool {
        loop {
            if self.uses[id] != 1 {
                return false;
            }
            let made = self.makers[id].map(|at| &self.plan.nodes[at]);
            let Some(node) = made else { return false };
            if node.op == Op::MatMul {
                return true;
            }
            let same = |input: &&ValueId| {
                let view = self.views[**input].as_ref();
                view.is_some_and(|view| view.slot == slot)
            };
            match node.inputs.iter().find(same) {
                Some(&input) => id = input,
                None => return false,
            }
        }
    }
}

/// How far it is from the least of some bytes to the greatest.
pub(super) const fn span(bytes: Scale) -> u8 {
    (bytes.high - bytes.low) as u8
}

/// The view with an axis of size 1 before that one.
fn with_axis(view: &View, axis: usize) -> View {
    let mut view = view.clone();
    view.dims.insert(axis, 1);
    view.strides.insert(axis, 0);
    view
}
