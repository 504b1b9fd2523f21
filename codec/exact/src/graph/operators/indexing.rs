//! Operators that look up by computed indices.

use super::super::shape::{Dim, Shape};
use super::super::{Op, Value};
use super::call::axis;
use super::{Call, Reason, Resolved};

fn inputs<'a>(call: &Call<'a>) -> Result<(&'a Value, &'a Value), Reason> {
    call.arity(2..=2)?;
    let (data, indices) = (call.value(0)?, call.value(1)?);
    match indices.element.name() {
        "int32" | "int64" => Ok((data, indices)),
        other => Err(format!("indices are {other}")),
    }
}

pub(super) fn gather(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    let (data, indices) = inputs(call)?;
    let rank = data.shape.rank();
    let axis = axis(call.attributes.int("axis")?.unwrap_or(0), rank)?;
    if data.shape.0[axis] == Dim::Lanes {
        return Err("the lane axis is indexed".into());
    }
    let (before, after) = (&data.shape.0[..axis], &data.shape.0[axis + 1..]);
    let shape = Shape([before, &indices.shape.0, after].concat());
    call.node(Op::Gather { axis }, 2, data.element, shape)
}

pub(super) fn gather_elements(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    let (data, indices) = inputs(call)?;
    let rank = data.shape.rank();
    if indices.shape.rank() != rank {
        let (data, indices) = (&data.shape, &indices.shape);
        return Err(format!(
            "shapes {data} and {indices}: axes differ in number"
        ));
    }
    let axis = axis(call.attributes.int("axis")?.unwrap_or(0), rank)?;
    if data.shape.0[axis] == Dim::Lanes {
        return Err("the lane axis is indexed".into());
    }
    let pairs = data.shape.0.iter().zip(&indices.shape.0).enumerate();
    for (other, (data, indices)) in pairs {
        // ONNX allows fewer indices than elements on the other axes; runtimes disagree.
        if other != axis && data != indices {
            return Err(format!("axis {other} differs between data and indices"));
        }
    }
    let shape = indices.shape.clone();
    call.node(Op::GatherElements { axis }, 2, data.element, shape)
}
