//! The operators on floats.

use umoec_exact::graph::movement::{flat, places, repeated};
use umoec_exact::graph::{Comparison, ElementType, Op};

use super::Floats;
use super::element::Element;
use super::style::Style;

/// Whether a runtime may move sums and constant factors through it.
pub(crate) fn is_linear(op: &Op) -> bool {
    matches!(
        op,
        Op::Add | Op::Sub | Op::Neg | Op::Mul | Op::MatMul | Op::ReduceSum { .. } | Op::Move(_)
    )
}

pub(crate) fn apply(
    op: &Op,
    inputs: &[Floats],
    sizes: &[Vec<usize>],
    style: &mut Style,
) -> Vec<Floats> {
    let constant = inputs.iter().all(|input| input.constant);
    let made = |elements, sizes: &Vec<usize>| Floats {
        sizes: sizes.clone(),
        elements,
        constant,
    };
    let first = &sizes[0];
    let elements = match op {
        Op::MatMul => matmul(&inputs[0], &inputs[1], first, style),
        Op::ReduceSum { axes, .. } | Op::ReduceMax { axes, .. } => {
            let sum = matches!(op, Op::ReduceSum { .. });
            reduce(&inputs[0], axes, first, sum, style)
        }
        Op::TopK { axis, k, largest } => {
            let [values, indices] = top_k(&inputs[0], *axis, *k, *largest, first);
            return vec![made(values, first), made(indices, first)];
        }
        Op::Gather { axis } => {
            let (data, indices) = (&inputs[0], &inputs[1]);
            let rank = indices.sizes.len();
            places(first, |index| {
                let (before, rest) = index.split_at(*axis);
                let (picker, after) = rest.split_at(rank);
                let picked = indices.elements[flat(picker, &indices.sizes)].value() as usize;
                let from = [before, &[picked], after].concat();
                data.elements[flat(&from, &data.sizes)].clone()
            })
        }
        Op::GatherElements { axis } => places(first, |index| {
            let mut from = index.to_vec();
            from[*axis] = inputs[1].elements[flat(index, &inputs[1].sizes)].value() as usize;
            inputs[0].elements[flat(&from, &inputs[0].sizes)].clone()
        }),
        Op::Move(movement) => {
            let from: Vec<Vec<usize>> = inputs.iter().map(|input| input.sizes.clone()).collect();
            let outputs = sizes.iter().enumerate().map(|(at, sizes)| {
                let sources = movement.sources(&from, at, sizes);
                let elements = sources
                    .iter()
                    .map(|&(i, at)| inputs[i].elements[at].clone());
                made(elements.collect(), sizes)
            });
            return outputs.collect();
        }
        op => places(first, |index| {
            let arguments: Vec<(&Element, bool)> = inputs
                .iter()
                .map(|x| (&x.elements[repeated(index, &x.sizes)], x.constant))
                .collect();
            element(op, &arguments, style)
        }),
    };
    vec![made(elements, first)]
}

fn negative(x: &Element) -> Element {
    Element(x.0.iter().map(|&(a, b)| (-a, b)).collect())
}

fn element(op: &Op, x: &[(&Element, bool)], style: &mut Style) -> Element {
    match op {
        Op::Add => return Element([&x[0].0.0[..], &x[1].0.0[..]].concat()),
        Op::Sub => return Element([&x[0].0.0[..], &negative(x[1].0).0[..]].concat()),
        Op::Neg => return negative(x[0].0),
        Op::Mul => {
            return match (x[0].1, x[1].1) {
                (false, true) => x[0].0.scaled(x[1].0.value(), style),
                (true, false) => x[1].0.scaled(x[0].0.value(), style),
                _ => Element::plain(x[0].0.force(style) * x[1].0.force(style)),
            };
        }
        _ => {}
    }
    let v: Vec<f32> = x.iter().map(|(element, _)| element.value()).collect();
    let truth = |truth: bool| f32::from(u8::from(truth));
    Element::plain(match op {
        Op::Min => v[1..].iter().fold(v[0], |a, &b| pick(a, b, a < b, style)),
        Op::Max => v[1..].iter().fold(v[0], |a, &b| pick(a, b, a > b, style)),
        Op::Abs => v[0].abs(),
        // As a product with a truth value, or as a maximum.
        Op::Relu if style.random.flag() => v[0] * truth(v[0] > 0.0),
        Op::Relu => pick(v[0], 0.0, v[0] > 0.0, style),
        Op::Floor => v[0].floor(),
        Op::Clip { low, high } => {
            let raised = low.map_or(v[0], |low| pick(v[0], low, v[0] > low, style));
            high.map_or(raised, |high| pick(raised, high, raised < high, style))
        }
        Op::Compare(Comparison::Greater) => truth(v[0] > v[1]),
        Op::Compare(Comparison::Less) => truth(v[0] < v[1]),
        Op::Compare(Comparison::GreaterOrEqual) => truth(v[0] >= v[1]),
        Op::Compare(Comparison::LessOrEqual) => truth(v[0] <= v[1]),
        Op::Compare(Comparison::Equal) => truth(v[0] == v[1]),
        Op::And => v[0] * v[1],
        Op::Or => v[0].max(v[1]),
        Op::Not => 1.0 - v[0],
        Op::Where => v[if v[0] == 1.0 { 1 } else { 2 }],
        Op::Cast(ElementType::F32) => v[0],
        Op::Cast(_) => v[0].trunc(),
        other => panic!("{other:?} is not element-wise"),
    })
}

/// `a` if it wins, else `b`; of equal ones, which may be zeros of both signs, either.
fn pick(a: f32, b: f32, wins: bool, style: &mut Style) -> f32 {
    if a == b {
        return if style.random.flag() { a } else { b };
    }
    if wins { a } else { b }
}

fn matmul(a: &Floats, b: &Floats, sizes: &[usize], style: &mut Style) -> Vec<Element> {
    let (rank, inner) = (sizes.len(), *a.sizes.last().unwrap());
    let (axes_a, axes_b) = (a.sizes.len() - 2, b.sizes.len() - 2);
    let width = sizes[rank - 1];
    places(sizes, |index| {
        let batch = &index[..rank - 2];
        let from_a = repeated(batch, &a.sizes[..axes_a]) * a.sizes[axes_a] * inner;
        let from_b = repeated(batch, &b.sizes[..axes_b]) * inner * width + index[rank - 1];
        let mut terms = Vec::new();
        for k in 0..inner {
            let x = &a.elements[from_a + index[rank - 2] * inner + k];
            let y = &b.elements[from_b + k * width];
            match (x.terms(), y.terms()) {
                (2.., 1) if b.constant => terms.extend(x.scaled(y.value(), style).0),
                (1, 2..) if a.constant => terms.extend(y.scaled(x.value(), style).0),
                _ => {
                    let (x, y) = (x.force(style), y.force(style));
                    terms.push((style.rounding.apply(x), style.rounding.apply(y)));
                }
            }
        }
        Element(terms)
    })
}

fn reduce(
    x: &Floats,
    axes: &[usize],
    sizes: &[usize],
    sum: bool,
    style: &mut Style,
) -> Vec<Element> {
    let mut kept = x.sizes.clone();
    for &axis in axes {
        kept[axis] = 1;
    }
    let mut rows: Vec<Vec<&Element>> = vec![Vec::new(); sizes.iter().product()];
    let to = places(&x.sizes, |index| repeated(index, &kept));
    for (to, element) in to.into_iter().zip(&x.elements) {
        rows[to].push(element);
    }
    let join = |row: Vec<&Element>| match sum {
        true => Element(row.iter().flat_map(|element| element.0.clone()).collect()),
        false => {
            let values: Vec<f32> = row.iter().map(|element| element.value()).collect();
            let most = values[1..]
                .iter()
                .fold(values[0], |a, &b| pick(a, b, a > b, style));
            Element::plain(most)
        }
    };
    rows.into_iter().map(join).collect()
}

/// By a sort on bits, as a radix sort does it: of the zeros, the negative one is the lesser.
fn top_k(x: &Floats, axis: usize, k: usize, largest: bool, sizes: &[usize]) -> [Vec<Element>; 2] {
    let length = x.sizes[axis];
    let inner: usize = x.sizes[axis + 1..].iter().product();
    let picked = places(sizes, |index| {
        let mut from = index.to_vec();
        from[axis] = 0;
        let base = flat(&from, &x.sizes);
        let value = |place: usize| x.elements[base + place * inner].value();
        let mut order: Vec<usize> = (0..length).collect();
        order.sort_by(|&a, &b| {
            let rising = value(a).total_cmp(&value(b));
            if largest { rising.reverse() } else { rising }
        });
        assert!(index[axis] < k);
        let place = order[index[axis]];
        (value(place), place as f32)
    });
    let values = picked
        .iter()
        .map(|&(value, _)| Element::plain(value))
        .collect();
    [
        values,
        picked
            .iter()
            .map(|&(_, place)| Element::plain(place))
            .collect(),
    ]
}
