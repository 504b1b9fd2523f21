//! Operators that sum or rank along axes.

use super::super::broadcast::broadcast;
use super::super::shape::{Dim, Shape};
use super::super::{ElementType, Op};
use super::call::{axes, axis, size};
use super::{Call, Reason, Resolved};

pub(super) fn matmul(call: &Call<'_>) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    let a = &call.typed(0, ElementType::F32)?.shape;
    let b = &call.typed(1, ElementType::F32)?.shape;
    if a.rank() < 2 || b.rank() < 2 {
        return Err(format!("shapes {a} and {b}: both need two axes"));
    }
    let (batch_a, rows) = a.0.split_at(a.rank() - 2);
    let (batch_b, columns) = b.0.split_at(b.rank() - 2);
    let inner = (size(a, a.rank() - 1), size(b, b.rank() - 2));
    let fits = matches!(inner, (Ok(a), Ok(b)) if a == b);
    let batch = broadcast(&Shape(batch_a.to_vec()), &Shape(batch_b.to_vec()));
    let mut shape = match batch {
        Some(batch) if fits => batch,
        _ => return Err(format!("shapes {a} and {b} do not fit")),
    };
    shape.0.extend([rows[0], columns[1]]);
    call.node(Op::MatMul, 2, ElementType::F32, shape)
}

pub(super) fn reduce(call: &mut Call<'_>, sum: bool) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    let shape = &call.typed(0, ElementType::F32)?.shape;
    let axes = axes(call.parameter(1)?, shape.rank())?;
    if axes.is_empty() {
        return Err("it names no axis".into());
    }
    for &axis in &axes {
        size(shape, axis)?;
    }
    let keep = call.attributes.flag("keepdims", true)?;
    call.attributes.flag("noop_with_empty_axes", false)?;
    let dims = shape.0.iter().enumerate();
    let reduced: Vec<Dim> = dims
        .filter_map(|(axis, &dim)| match axes.contains(&axis) {
            false => Some(dim),
            true => keep.then_some(Dim::Size(1)),
        })
        .collect();
    let op = if sum {
        Op::ReduceSum { axes, keep }
    } else {
        Op::ReduceMax { axes, keep }
    };
    call.node(op, 1, ElementType::F32, Shape(reduced))
}

pub(super) fn top_k(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    call.arity(2..=2)?;
    let shape = &call.typed(0, ElementType::F32)?.shape;
    let axis = axis(call.attributes.int("axis")?.unwrap_or(-1), shape.rank())?;
    let largest = call.attributes.flag("largest", true)?;
    if !call.attributes.flag("sorted", true)? {
        return Err("unsorted results are in no order that runtimes agree on".into());
    }
    let size = size(shape, axis)?;
    let k = match call.parameter(1)? {
        &[k] if k >= 1 && k <= size as i64 => k as usize,
        other => return Err(format!("{other:?} of {size} elements")),
    };
    if call.outputs != 2 {
        return Err(format!("it has {} outputs", call.outputs));
    }
    let mut picked = shape.clone();
    picked.0[axis] = Dim::Size(k);
    Ok(Resolved::Node {
        op: Op::TopK { axis, k, largest },
        inputs: vec![call.id(0)?],
        outputs: vec![
            (ElementType::F32, picked.clone()),
            (ElementType::I64, picked),
        ],
    })
}
