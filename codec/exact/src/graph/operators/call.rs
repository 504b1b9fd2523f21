//! What a node of the file gives to its operator.

use std::ops::RangeInclusive;

use crate::limits::ModelLimits;

use super::super::attributes::Attributes;
use super::super::broadcast::broadcast;
use super::super::shape::{Dim, Shape};
use super::super::{Data, ElementType, Op, Value, ValueId};
use super::{Reason, Resolved};

/// A node's inputs, attributes and number of outputs.
pub(in crate::graph) struct Call<'a> {
    pub(in crate::graph) values: &'a [Value],
    /// `None` where an optional input is left out.
    pub(in crate::graph) inputs: Vec<Option<ValueId>>,
    pub(in crate::graph) attributes: Attributes,
    pub(in crate::graph) outputs: usize,
    pub(in crate::graph) limits: &'a ModelLimits,
}

impl<'a> Call<'a> {
    /// Most inputs of an operator that takes any number of them.
    pub(super) const MOST: usize = 4096;

    /// Checks the number of inputs; those behind the first few may be optional.
    pub(super) fn arity(&self, arity: RangeInclusive<usize>) -> Result<(), Reason> {
        let inputs = self.inputs.len();
        if arity.contains(&inputs) {
            return Ok(());
        }
        Err(format!("it has {inputs} inputs"))
    }

    /// The id of a required input.
    pub(super) fn id(&self, input: usize) -> Result<ValueId, Reason> {
        let id = self.inputs.get(input).copied().flatten();
        id.ok_or_else(|| format!("input {input} is missing"))
    }

    /// The ids of all inputs, none of which may be left out.
    pub(super) fn ids(&self) -> Result<Vec<ValueId>, Reason> {
        (0..self.inputs.len()).map(|input| self.id(input)).collect()
    }

    /// A required input.
    pub(super) fn value(&self, input: usize) -> Result<&'a Value, Reason> {
        self.id(input).map(|id| &self.values[id])
    }

    /// A required input of that element type.
    pub(super) fn typed(&self, input: usize, element: ElementType) -> Result<&'a Value, Reason> {
        let value = self.value(input)?;
        if value.element == element {
            return Ok(value);
        }
        let (is, must) = (value.element.name(), element.name());
        Err(format!("input {input} is {is}, not {must}"))
    }

    /// A parameter of integers, which must be a constant; `None` where it is left out.
    pub(super) fn integers(&self, input: usize) -> Result<Option<&'a [i64]>, Reason> {
        if self.inputs.get(input).copied().flatten().is_none() {
            return Ok(None);
        }
        let value = self.typed(input, ElementType::I64)?;
        match &value.constant {
            Some(constant) if constant.dims.len() <= 1 => match &constant.data {
                Data::I64(numbers) => Ok(Some(numbers)),
                _ => Err(format!("input {input} is not int64")),
            },
            Some(_) => Err(format!("input {input} has more than one axis")),
            None => Err(format!("input {input} is not a constant")),
        }
    }

    /// As [`integers`](Self::integers), required.
    pub(super) fn parameter(&self, input: usize) -> Result<&'a [i64], Reason> {
        let numbers = self.integers(input)?;
        numbers.ok_or_else(|| format!("input {input} is missing"))
    }

    /// The common shape of all inputs.
    pub(super) fn broadcast(&self) -> Result<Shape, Reason> {
        let mut shape = Shape::default();
        for id in self.ids()? {
            let other = &self.values[id].shape;
            shape = broadcast(&shape, other)
                .ok_or_else(|| format!("shapes {shape} and {other} do not fit"))?;
        }
        Ok(shape)
    }

    /// A node with one output that reads its first `inputs` inputs.
    pub(super) fn node(
        &self,
        op: Op,
        inputs: usize,
        element: ElementType,
        shape: Shape,
    ) -> Result<Resolved, Reason> {
        let inputs = (0..inputs).map(|i| self.id(i)).collect::<Result<_, _>>()?;
        Ok(Resolved::Node {
            op,
            inputs,
            outputs: vec![(element, shape)],
        })
    }
}

/// The axis that a number means, negative ones counting from the end.
pub(super) fn axis(number: i64, rank: usize) -> Result<usize, Reason> {
    let rank_i64 = rank as i64;
    if (-rank_i64..rank_i64).contains(&number) {
        return Ok(number.rem_euclid(rank_i64) as usize);
    }
    Err(format!("axis {number} of {rank}"))
}

/// Several different axes, ascending.
pub(super) fn axes(numbers: &[i64], rank: usize) -> Result<Vec<usize>, Reason> {
    let mut axes: Vec<usize> = numbers
        .iter()
        .map(|&number| axis(number, rank))
        .collect::<Result<_, _>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("an axis is named twice".into());
    }
    Ok(axes)
}

/// The size of an axis along which elements meet, which thus is not the lane axis: lanes never
/// meet.
pub(super) fn size(shape: &Shape, axis: usize) -> Result<usize, Reason> {
    match shape.0[axis] {
        Dim::Size(size) => Ok(size),
        Dim::Lanes => Err(format!("axis {axis} is the lane axis")),
    }
}
