//! Operators that move elements.

use super::super::Op;
use super::super::broadcast::broadcast;
use super::super::movement::{Movement, SameOrder};
use super::super::shape::{Dim, Shape};
use super::call::{axes, axis, size};
use super::{Call, Reason, Resolved};

/// A movement of the first input.
fn moved(call: &Call<'_>, movement: Movement, shape: Shape) -> Result<Resolved, Reason> {
    call.node(Op::Move(movement), 1, call.value(0)?.element, shape)
}

pub(super) fn identity(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(1..=1)?;
    let shape = call.value(0)?.shape.clone();
    moved(call, Movement::Same(SameOrder::Identity), shape)
}

pub(super) fn reshape(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    let from = &call.value(0)?.shape;
    if call.attributes.flag("allowzero", false)? {
        return Err("allowzero is outside the exact subset".into());
    }
    let wanted = call.parameter(1)?;
    let elements = from.elements().unwrap_or(usize::MAX);
    let (mut open, mut known, mut dims) = (None, 1usize, Vec::new());
    for (axis, &size) in wanted.iter().enumerate() {
        let dim = match size {
            0 => *from
                .0
                .get(axis)
                .ok_or("a 0 stands where the input has no axis")?,
            -1 if open.is_none() => {
                open = Some(axis);
                Dim::Size(1)
            }
            1.. => Dim::Size(usize::try_from(size).unwrap_or(usize::MAX)),
            _ => return Err(format!("the shape asked for is {wanted:?}")),
        };
        known = known.saturating_mul(dim.size().unwrap_or(1));
        dims.push(dim);
    }
    if let Some(open) = open {
        // In a tensor with lanes whose lane axis was not kept, the open axis can only be that.
        let lost = from.has_lanes() && !dims.contains(&Dim::Lanes);
        dims[open] = match (lost, elements % known) {
            (true, _) => Dim::Lanes,
            (false, 0) => Dim::Size(elements / known),
            _ => return Err(format!("{from} does not fit {wanted:?}")),
        };
    }
    let shape = Shape(dims);
    if shape.elements() != Some(elements) || shape.has_lanes() != from.has_lanes() {
        return Err(format!("{from} does not fit {wanted:?}"));
    }
    moved(call, Movement::Same(SameOrder::Reshape), shape)
}

pub(super) fn squeeze(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    let from = &call.value(0)?.shape;
    let axes = axes(call.parameter(1)?, from.rank())?;
    if let Some(axis) = axes.iter().find(|&&axis| from.0[axis] != Dim::Size(1)) {
        return Err(format!("axis {axis} of {from} is not 1"));
    }
    let kept = (0..from.rank()).filter(|axis| !axes.contains(axis));
    let shape = Shape(kept.map(|axis| from.0[axis]).collect());
    moved(call, Movement::Same(SameOrder::Squeeze), shape)
}

pub(super) fn unsqueeze(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    let mut shape = call.value(0)?.shape.clone();
    let numbers = call.parameter(1)?;
    // The new axes count in the result; ascending, each insertion leaves the others in place.
    for axis in axes(numbers, shape.rank() + numbers.len())? {
        shape.0.insert(axis, Dim::Size(1));
    }
    moved(call, Movement::Same(SameOrder::Unsqueeze), shape)
}

pub(super) fn transpose(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    call.arity(1..=1)?;
    let from = &call.value(0)?.shape;
    let perm = call.attributes.ints("perm")?;
    let perm = perm.unwrap_or_else(|| (0..from.rank() as i64).rev().collect());
    let perm: Vec<usize> = perm
        .iter()
        .map(|&number| usize::try_from(number).unwrap_or(usize::MAX))
        .collect();
    let mut sorted = perm.clone();
    sorted.sort_unstable();
    if sorted != (0..from.rank()).collect::<Vec<_>>() {
        return Err(format!("{perm:?} is no order of the axes of {from}"));
    }
    let shape = Shape(perm.iter().map(|&axis| from.0[axis]).collect());
    moved(call, Movement::Transpose { perm }, shape)
}

pub(super) fn expand(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    let from = &call.value(0)?.shape;
    let wanted: Vec<usize> = call
        .parameter(1)?
        .iter()
        .map(|&size| usize::try_from(size).ok().filter(|&size| size > 0))
        .collect::<Option<_>>()
        .ok_or("a size is not positive")?;
    let shape = broadcast(from, &Shape::fixed(&wanted));
    let shape = shape.ok_or_else(|| format!("{from} does not expand to {wanted:?}"))?;
    moved(call, Movement::Expand, shape)
}

pub(super) fn slice(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(3..=5)?;
    let from = &call.value(0)?.shape;
    let (firsts, ends) = (call.parameter(1)?, call.parameter(2)?);
    let all: Vec<i64> = (0..firsts.len() as i64).collect();
    let named = call.integers(3)?.unwrap_or(&all);
    let ones = vec![1; firsts.len()];
    let by = call.integers(4)?.unwrap_or(&ones);
    if [ends.len(), named.len(), by.len()] != [firsts.len(); 3] {
        return Err("starts, ends, axes and steps differ in number".into());
    }
    axes(named, from.rank())?;
    let mut shape = from.clone();
    let (mut starts, mut steps) = (vec![0; from.rank()], vec![1; from.rank()]);
    for i in 0..firsts.len() {
        let axis = axis(named[i], from.rank())?;
        let size = size(from, axis)? as i64;
        let bound = |n: i64| if n < 0 { n.saturating_add(size) } else { n }.clamp(0, size);
        let (start, end) = (bound(firsts[i]), bound(ends[i]));
        if by[i] < 1 || start >= end {
            return Err(format!("{start}..{end} by {} of {size} elements", by[i]));
        }
        let step = by[i].min(size);
        (starts[axis], steps[axis]) = (start as usize, step as usize);
        shape.0[axis] = Dim::Size(((end - start + step - 1) / step) as usize);
    }
    moved(call, Movement::Slice { starts, steps }, shape)
}

pub(super) fn concat(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    call.arity(1..=Call::MOST)?;
    let first = call.value(0)?;
    let number = call
        .attributes
        .int("axis")?
        .ok_or("it has no attribute axis")?;
    let axis = axis(number, first.shape.rank())?;
    let mut shape = first.shape.clone();
    let mut sum = 0usize;
    for input in 0..call.inputs.len() {
        let other = call.typed(input, first.element)?;
        let mut same = other.shape.clone();
        if same.rank() == shape.rank() {
            sum = sum.saturating_add(size(&same, axis)?);
            same.0[axis] = shape.0[axis];
        }
        if same != shape {
            return Err(format!(
                "shapes {} and {} do not fit",
                first.shape, other.shape
            ));
        }
    }
    shape.0[axis] = Dim::Size(sum);
    let op = Op::Move(Movement::Concat { axis });
    call.node(op, call.inputs.len(), first.element, shape)
}

pub(super) fn split(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    call.arity(1..=2)?;
    let value = call.value(0)?;
    let axis = axis(
        call.attributes.int("axis")?.unwrap_or(0),
        value.shape.rank(),
    )?;
    let whole = size(&value.shape, axis)?;
    let equal = call.attributes.int("num_outputs")?;
    let parts: Vec<usize> = match (call.integers(1)?, equal) {
        (Some(parts), None) => parts
            .iter()
            .map(|&part| usize::try_from(part).ok().filter(|&part| part > 0))
            .collect::<Option<_>>()
            .ok_or("a part is not positive")?,
        (None, Some(n)) if n == call.outputs as i64 && whole.is_multiple_of(call.outputs) => {
            vec![whole / call.outputs; call.outputs]
        }
        _ => return Err("it needs either parts or a number of equal parts".into()),
    };
    let sum = parts
        .iter()
        .fold(0usize, |sum, &part| sum.saturating_add(part));
    if sum != whole || parts.len() != call.outputs {
        return Err(format!(
            "parts {parts:?} of {whole} for {} outputs",
            call.outputs
        ));
    }
    let starts = parts.iter().scan(0, |next, &part| {
        let start = *next;
        *next += part;
        Some(start)
    });
    let starts = starts.collect();
    let outputs = parts.iter().map(|&part| {
        let mut shape = value.shape.clone();
        shape.0[axis] = Dim::Size(part);
        (value.element, shape)
    });
    Ok(Resolved::Node {
        op: Op::Move(Movement::Split { axis, starts }),
        inputs: vec![call.id(0)?],
        outputs: outputs.collect(),
    })
}
