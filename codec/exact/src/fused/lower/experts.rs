//! Mixtures of experts: products with matrices that are picked from a bank of constants.
//!
//! ```text
//! bank [E, inner, columns] ─► Gather by indices [lanes, k] ─► [lanes, k, inner, columns] ─► MatMul
//! ```
//!
//! The product reads the chosen matrices where they are packed: nothing is gathered, unless something
//! else needs it.

use crate::graph::Node;

use super::super::dims::row_major;
use super::super::draft::{ExpertsDraft, PickDraft, Step};
use super::super::product::{Choice, packed_bytes};
use super::super::scale::Width;
use super::super::view::View;
use super::products::span;
use super::{Lowering, Reason};

/// Most bytes of all experts, packed: a table may be read by any number of products, and each packs
/// it anew.
const PACKED: usize = 1 << 27;

/// How a product's matrices lie in what was picked.
struct Picked {
    /// The bank as `[experts, inner, columns]`.
    weights: View,
    indices: View,
    /// For each element of the batch, the number of its index.
    numbers: Vec<usize>,
}

impl Lowering<'_> {
    /// Rows of bytes times chosen matrices of bytes; false where it is something else.
    pub(super) fn chosen(&mut self, node: &Node) -> Result<bool, Reason> {
        let (a, b, out) = (node.inputs[0], node.inputs[1], node.outputs[0]);
        let matrices = self.matrix(b, out)?;
        let Some(Step::Pick(pick)) = self.maker(matrices.slot).map(|step| &self.steps[step]) else {
            return Ok(false);
        };
        let dims = self.dims(out);
        let bank = self.slots[pick.data.slot].is_constant();
        let Some(picked) = picked(pick, &matrices, &dims).filter(|_| bank) else {
            return Ok(false);
        };
        let &[experts, inner, columns] = &picked.weights.dims[..] else {
            return Ok(false);
        };
        let (plain, packed) = (inner * columns, packed_bytes(inner, columns));
        let total = packed.saturating_mul(experts).saturating_add(self.experts);
        // Small matrices are mostly fill.
        if !self.is_of_bytes(node, inner)? || packed > 4 * plain || total > PACKED {
            return Ok(false);
        }
        self.experts = total;
        let indices = self.places(&picked.indices);
        let picked_indices = picked.numbers.iter().map(|&number| indices[number]);

        let scale = self.scale(a)?;
        let mut rows = self.view(a)?;
        if !rows.is_contiguous() {
            rows = self.copied(&rows, scale)?;
        }
        let by = strides(&rows.dims, &row_major(&rows.dims), &dims);
        let rows_each = dims[dims.len() - 2];
        let first = batch(&dims, &by).into_iter().map(|place| place / inner);
        let choices = first
            .zip(picked_indices)
            .map(|(row, index)| Choice { row, index });
        let choices = choices.collect();

        let slot = self.accumulator(dims.clone(), Width::W32);
        let step = self.steps.len();
        self.reads(step, rows.slot);
        self.reads(step, picked.indices.slot);
        self.push(Step::Experts(ExpertsDraft {
            rows,
            low: scale.low,
            span: span(scale),
            experts,
            inner,
            columns,
            weights: picked.weights,
            indices: View {
                offset: 0,
                ..picked.indices
            },
            choices,
            rows_each,
            slot,
        }));
        self.made(slot, step);
        self.views[out] = Some(View::whole(slot, dims));
        Ok(true)
    }
}

/// What `matrices`, a view of what is picked, are in the bank; `None` unless each of them is one
/// slice of it.
fn picked(pick: &PickDraft, matrices: &View, out: &[usize]) -> Option<Picked> {
    let [experts, slice @ ..] = &pick.data.dims[..] else {
        return None;
    };
    let slice: usize = slice.iter().product();
    let slices = !pick.elements && pick.axis == 0 && pick.shift == 0 && pick.data.is_contiguous();
    let [.., inner, columns] = matrices.dims[..] else {
        return None;
    };
    let by = strides(&matrices.dims, &matrices.strides, out);
    let [batches @ .., down, along] = &by[..] else {
        return None;
    };
    let offset = matrices.offset % slice;
    let last = offset + (inner - 1) * down + (columns - 1) * along;
    if !slices || last >= slice || batches.iter().any(|by| by % slice != 0) {
        return None;
    }
    let places = batch(out, &by).into_iter();
    Some(Picked {
        weights: View {
            slot: pick.data.slot,
            offset: pick.data.offset + offset,
            dims: vec![*experts, inner, columns],
            strides: vec![slice, *down, *along],
        },
        indices: pick.indices.clone(),
        numbers: places
            .map(|place| (matrices.offset + place) / slice)
            .collect(),
    })
}

/// The strides of an operand over the result's axes; the last two are the operand's own.
fn strides(dims: &[usize], strides: &[usize], out: &[usize]) -> Vec<usize> {
    let mut by = vec![0; out.len() - dims.len()];
    let own = dims.iter().zip(strides);
    by.extend(own.map(|(&size, &stride)| if size > 1 { stride } else { 0 }));
    by
}

/// The first place of each element of the batch, which all axes but the last two are.
fn batch(dims: &[usize], strides: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    let axes = dims.iter().zip(strides).take(dims.len() - 2);
    for (&size, &stride) in axes {
        let inner = |&place: &usize| (0..size).map(move |i| place + i * stride);
        places = places.iter().flat_map(inner).collect();
    }
    places
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::build::{GraphBuilder, ModelCard};
    use crate::fused::program::Instruction;
    use crate::onnx::data_type;
    use crate::{Fused, ModelLimits, StepModel};

    /// Gathers and products with experts of a program that has one product with one of three
    /// matrices, whose elements may be read by something else.
    fn instructions(also: bool) -> (usize, usize) {
        let mut b = GraphBuilder::new(&ModelCard::named("experts", "1"));
        let byte = b.byte_input();
        let router = b.initializer_f32("router", &[3], &[-3.0, 1.0, 0.0]);
        let offset = b.initializer_f32("offset", &[3], &[400.0, 1.0, 99.0]);
        let keys = b.mul(&byte, &router);
        let keys = b.add(&keys, &offset);
        let (_, picked) = b.top_k(&keys, 1, 1);
        let bank = b.initializer_i8("bank", &[3, 1, 256], &[7; 768]);
        let matrix = b.gather(&bank, &picked, 0);
        let matrix = b.cast(&matrix, data_type::FLOAT);
        let row = b.reshape(&byte, &[0, 1, 1, 1]);
        let mut sums = b.matmul(&row, &matrix);
        if also {
            sums = b.add(&sums, &matrix);
        }
        let logits = b.reshape(&sums, &[0, 256]);
        let logits = b.clip(&logits, -4096.0, 4095.0);
        b.output("logits", &logits, &[256]);
        let model = StepModel::load(&b.finish(), &ModelLimits::default()).unwrap();
        let program = Fused::new(Arc::new(model), 2).unwrap().program;
        let all = |kind: fn(&Instruction) -> bool| {
            let instructions = program.instructions.iter();
            instructions.filter(|instruction| kind(instruction)).count()
        };
        (
            all(|one| matches!(one, Instruction::Pick(_))),
            all(|one| matches!(one, Instruction::Experts(_))),
        )
    }

    #[test]
    fn experts_are_gathered_for_others_only() {
        assert_eq!(instructions(false), (0, 1));
        assert_eq!(instructions(true), (1, 1));
    }
}
