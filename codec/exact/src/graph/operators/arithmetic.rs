//! Element by element.

use std::ops::RangeInclusive;

use super::super::constant::element_type;
use super::super::op::Comparison;
use super::super::{Data, ElementType, Op};
use super::{Call, Reason, Resolved};

/// Floats to floats, broadcast.
pub(super) fn elementwise(
    call: &Call<'_>,
    op: Op,
    arity: RangeInclusive<usize>,
) -> Result<Resolved, Reason> {
    call.arity(arity)?;
    let inputs = call.inputs.len();
    for input in 0..inputs {
        call.typed(input, ElementType::F32)?;
    }
    call.node(op, inputs, ElementType::F32, call.broadcast()?)
}

pub(super) fn comparison(call: &Call<'_>, comparison: Comparison) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    call.typed(0, ElementType::F32)?;
    call.typed(1, ElementType::F32)?;
    let op = Op::Compare(comparison);
    call.node(op, 2, ElementType::Bool, call.broadcast()?)
}

pub(super) fn logic(call: &Call<'_>, op: Op, inputs: usize) -> Result<Resolved, Reason> {
    call.arity(inputs..=inputs)?;
    for input in 0..inputs {
        call.typed(input, ElementType::Bool)?;
    }
    call.node(op, inputs, ElementType::Bool, call.broadcast()?)
}

pub(super) fn select(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(3..=3)?;
    call.typed(0, ElementType::Bool)?;
    call.typed(1, ElementType::F32)?;
    call.typed(2, ElementType::F32)?;
    call.node(Op::Where, 3, ElementType::F32, call.broadcast()?)
}

pub(super) fn clip(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(1..=3)?;
    let shape = call.typed(0, ElementType::F32)?.shape.clone();
    let (low, high) = (bound(call, 1)?, bound(call, 2)?);
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        // Runtimes disagree on which bound wins.
        return Err(format!("the lower bound {low} is above the upper, {high}"));
    }
    call.node(Op::Clip { low, high }, 1, ElementType::F32, shape)
}

/// A bound of Clip: a constant without axes.
fn bound(call: &Call<'_>, input: usize) -> Result<Option<f32>, Reason> {
    if call.inputs.get(input).copied().flatten().is_none() {
        return Ok(None);
    }
    let value = call.typed(input, ElementType::F32)?;
    match value
        .constant
        .as_ref()
        .map(|constant| (&constant.data, constant.dims.len()))
    {
        Some((Data::F32(floats), 0)) => Ok(floats.first().copied()),
        _ => Err(format!("input {input} is not a constant without axes")),
    }
}

pub(super) fn cast(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    call.arity(1..=1)?;
    let value = call.value(0)?;
    let to = call.attributes.int("to")?.ok_or("it has no attribute to")?;
    let to = element_type(i32::try_from(to).unwrap_or(0))?;
    let shape = value.shape.clone();
    let allowed = match (value.element, to) {
        (from, ElementType::F32) => from != ElementType::F32,
        (ElementType::F32, ElementType::I32 | ElementType::I64) => true,
        _ => false,
    };
    if !allowed {
        let (from, to) = (value.element.name(), to.name());
        return Err(format!(
            "a change from {from} to {to} is outside the exact subset"
        ));
    }
    call.node(Op::Cast(to), 1, to, shape)
}
