//! What each operator computes.

use std::cmp::Reverse;

use crate::graph::movement::{flat, places, repeated};
use crate::graph::{Comparison, ElementType, Op};

use super::number::Number;
use super::tensor::Tensor;

/// Runs an operator; `None` where an integer has no room or an index no element.
pub(super) fn run(op: &Op, inputs: &[&Tensor], sizes: &[Vec<usize>]) -> Option<Vec<Tensor>> {
    let first = sizes.first()?;
    let one = match op {
        Op::MatMul => matmul(inputs[0], inputs[1], first)?,
        Op::ReduceSum { axes, .. } => reduce(inputs[0], axes, first, |a, b| a.plus(b))?,
        Op::ReduceMax { axes, .. } => reduce(inputs[0], axes, first, |a, b| Some(a.max(b)))?,
        Op::TopK { axis, k, largest } => return top_k(inputs[0], *axis, *k, *largest, first),
        Op::Gather { axis } => gather(inputs[0], inputs[1], *axis, first)?,
        Op::GatherElements { axis } => gather_elements(inputs[0], inputs[1], *axis, first)?,
        Op::Move(movement) => {
            let from: Vec<Vec<usize>> = inputs.iter().map(|input| input.sizes.clone()).collect();
            let outputs = sizes.iter().enumerate().map(|(at, sizes)| {
                let sources = movement.sources(&from, at, sizes);
                let numbers = sources.iter().map(|&(input, at)| inputs[input].get(at));
                Tensor::of(sizes.clone(), &numbers.collect::<Vec<_>>())
            });
            return outputs.collect();
        }
        op => elementwise(op, inputs, first)?,
    };
    Some(vec![one])
}

fn elementwise(op: &Op, inputs: &[&Tensor], sizes: &[usize]) -> Option<Tensor> {
    let mut x = vec![Number::ZERO; inputs.len()];
    let numbers = places(sizes, |index| {
        for (x, input) in x.iter_mut().zip(inputs) {
            *x = input.get(repeated(index, &input.sizes));
        }
        element(op, &x)
    });
    Tensor::of(
        sizes.to_vec(),
        &numbers.into_iter().collect::<Option<Vec<_>>>()?,
    )
}

fn element(op: &Op, x: &[Number]) -> Option<Number> {
    let truth = |truth: bool| Number::integer(truth.into());
    let holds = |x: Number| x != Number::ZERO;
    Some(match op {
        Op::Add => x[0].plus(x[1])?,
        Op::Sub => x[0].plus(x[1].negative())?,
        Op::Mul => x[0].times(x[1])?,
        Op::Min => x.iter().copied().min()?,
        Op::Max => x.iter().copied().max()?,
        Op::Neg => x[0].negative(),
        Op::Abs => x[0].max(x[0].negative()),
        Op::Relu => x[0].max(Number::ZERO),
        Op::Floor | Op::Cast(ElementType::I32 | ElementType::I64) => x[0].floor(),
        Op::Cast(_) => x[0],
        Op::Clip { low, high } => {
            let raised = low.map_or(x[0], |low| x[0].max(Number::float(low)));
            high.map_or(raised, |high| raised.min(Number::float(high)))
        }
        Op::Compare(Comparison::Greater) => truth(x[0] > x[1]),
        Op::Compare(Comparison::Less) => truth(x[0] < x[1]),
        Op::Compare(Comparison::GreaterOrEqual) => truth(x[0] >= x[1]),
        Op::Compare(Comparison::LessOrEqual) => truth(x[0] <= x[1]),
        Op::Compare(Comparison::Equal) => truth(x[0] == x[1]),
        Op::And => truth(holds(x[0]) && holds(x[1])),
        Op::Or => truth(holds(x[0]) || holds(x[1])),
        Op::Not => truth(!holds(x[0])),
        Op::Where => x[if holds(x[0]) { 1 } else { 2 }],
        _ => return None,
    })
}

fn matmul(a: &Tensor, b: &Tensor, sizes: &[usize]) -> Option<Tensor> {
    let (rank, inner) = (sizes.len(), *a.sizes.last()?);
    let numbers = places(sizes, |index| {
        let (batch, row, column) = (&index[..rank - 2], index[rank - 2], index[rank - 1]);
        let (axes_a, axes_b) = (a.sizes.len() - 2, b.sizes.len() - 2);
        let matrix_a = repeated(batch, &a.sizes[..axes_a]) * a.sizes[axes_a] * inner;
        let matrix_b = repeated(batch, &b.sizes[..axes_b]) * inner * sizes[rank - 1];
        let from_a = &a.numbers[matrix_a + row * inner..][..inner];
        let from_b = b.numbers[matrix_b + column..]
            .iter()
            .step_by(sizes[rank - 1]);
        let products = from_a.iter().zip(from_b);
        let n = products.map(|(&a, &b)| i128::from(a) * i128::from(b)).sum();
        Number {
            n,
            exponent: a.exponent + b.exponent,
        }
    });
    Tensor::of(sizes.to_vec(), &numbers)
}

fn reduce(
    x: &Tensor,
    axes: &[usize],
    sizes: &[usize],
    join: fn(Number, Number) -> Option<Number>,
) -> Option<Tensor> {
    // The reduced axes with size 1 are the result's places, whether they stay in it or not.
    let mut kept = x.sizes.clone();
    for &axis in axes {
        kept[axis] = 1;
    }
    let mut joined: Vec<Option<Number>> = vec![None; sizes.iter().product()];
    let to = places(&x.sizes, |index| repeated(index, &kept));
    for (at, place) in to.into_iter().enumerate() {
        let element = x.get(at);
        joined[place] = Some(match joined[place] {
            Some(before) => join(before, element)?,
            None => element,
        });
    }
    Tensor::of(
        sizes.to_vec(),
        &joined.into_iter().collect::<Option<Vec<_>>>()?,
    )
}

fn top_k(x: &Tensor, axis: usize, k: usize, largest: bool, sizes: &[usize]) -> Option<Vec<Tensor>> {
    let length = x.sizes[axis];
    let inner: usize = x.sizes[axis + 1..].iter().product();
    let outer: usize = x.sizes[..axis].iter().product();
    let elements = sizes.iter().product();
    let (mut values, mut indices) = (vec![Number::ZERO; elements], vec![0; elements]);
    for row in 0..outer * inner {
        let (before, after) = (row / inner, row % inner);
        let value = |place: &usize| x.get((before * length + place) * inner + after);
        let mut order: Vec<usize> = (0..length).collect();
        // A stable sort: of equal ones the lower index stays first.
        if largest {
            order.sort_by_key(|place| Reverse(value(place)));
        } else {
            order.sort_by_key(value);
        }
        for (rank, place) in order[..k].iter().enumerate() {
            let to = (before * k + rank) * inner + after;
            values[to] = value(place);
            indices[to] = *place as i64;
        }
    }
    let indices = Tensor::new(sizes.to_vec(), 0, indices);
    Some(vec![Tensor::of(sizes.to_vec(), &values)?, indices])
}

/// The index as a place on an axis.
fn place(index: Number, size: usize) -> Option<usize> {
    let place = usize::try_from(index.in_unit(0)?).ok()?;
    (place < size).then_some(place)
}

fn gather(data: &Tensor, indices: &Tensor, axis: usize, sizes: &[usize]) -> Option<Tensor> {
    let rank = indices.sizes.len();
    let numbers = places(sizes, |index| {
        let (before, rest) = index.split_at(axis);
        let (picker, after) = rest.split_at(rank);
        let picked = indices.get(flat(picker, &indices.sizes));
        let from = [before, &[place(picked, data.sizes[axis])?], after].concat();
        Some(data.get(flat(&from, &data.sizes)))
    });
    Tensor::of(
        sizes.to_vec(),
        &numbers.into_iter().collect::<Option<Vec<_>>>()?,
    )
}

fn gather_elements(
    data: &Tensor,
    indices: &Tensor,
    axis: usize,
    sizes: &[usize],
) -> Option<Tensor> {
    let numbers = places(sizes, |index| {
        let picked = indices.get(flat(index, &indices.sizes));
        let mut from = index.to_vec();
        from[axis] = place(picked, data.sizes[axis])?;
        Some(data.get(flat(&from, &data.sizes)))
    });
    Tensor::of(
        sizes.to_vec(),
        &numbers.into_iter().collect::<Option<Vec<_>>>()?,
    )
}
