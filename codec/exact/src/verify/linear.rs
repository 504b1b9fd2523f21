//! Sums: matrix products and reductions. The bound is on all partial sums in any order.

mod weighted;

use crate::graph::movement::{flat, places, repeated, try_places};

use super::bounds::greatest;
use super::cell::Cell;
use super::elementwise::{add, minus_product, products};
use super::fault::Fault;
use super::tensor::Tensor;

/// A sum in the making, in the least unit of its addends.
struct Sum {
    low: i64,
    high: i64,
    sum: u64,
    unit: i32,
    minus: bool,
}

/// One product: interval, bound of its sums, unit, whether it is always zero.
struct Product {
    low: i64,
    high: i64,
    sum: u64,
    unit: i32,
    zero: bool,
    minus: bool,
}

/// The matrix product of the last two axes.
pub(super) fn matmul(a: &Tensor, b: &Tensor, sizes: Vec<usize>) -> Result<Tensor, Fault> {
    let rank = sizes.len();
    let (batch, inner) = (rank - 2, a.sizes[a.sizes.len() - 1]);
    let columns = sizes[rank - 1];
    if let Some(cells) = weighted::matmul(a, b, &sizes) {
        return Ok(Tensor {
            cells: cells?,
            sizes,
            constant: a.constant,
        });
    }
    let mut row = Vec::with_capacity(inner);
    let cells = try_places(&sizes, |index| {
        let place = |tensor: &Tensor, matrix: usize| {
            let axes = tensor.sizes.len() - 2;
            let at = repeated(&index[..batch], &tensor.sizes[..axes]);
            at * matrix
        };
        let from_a = place(a, a.sizes[a.sizes.len() - 2] * inner) + index[batch] * inner;
        let from_b = place(b, inner * columns) + index[rank - 1];
        row.clear();
        row.extend((0..inner).map(|k| {
            product(
                a.cells[from_a + k],
                b.cells[from_b + k * columns],
                a.constant,
                b.constant,
            )
        }));
        sum(&row)
    })?;
    Ok(Tensor {
        cells,
        sizes,
        constant: a.constant && b.constant,
    })
}

fn product(a: Cell, b: Cell, fixed_a: bool, fixed_b: bool) -> Product {
    let (low, high) = products(a, b);
    let size = |cell: Cell| u64::from(cell.magnitude());
    // Constant weights may be moved into the sums that made the activations.
    let sum = match (fixed_a, fixed_b) {
        (false, true) => u64::from(a.sum) * size(b),
        (true, false) => size(a) * u64::from(b.sum),
        _ => size(a) * size(b),
    };
    Product {
        low,
        high,
        sum,
        unit: a.exponent + b.exponent,
        zero: sum == 0,
        minus: minus_product(a, b),
    }
}

fn sum(products: &[Product]) -> Result<Cell, Fault> {
    let varying = products.iter().filter(|product| !product.zero);
    let unit = varying.map(|product| product.unit).min().unwrap_or(0);
    let mut total = Sum {
        low: 0,
        high: 0,
        sum: 0,
        unit,
        minus: true,
    };
    for product in products {
        // A sum is a negative zero only if every addend is one.
        total.minus &= product.minus;
        if product.zero {
            continue;
        }
        // Products are below 2^48; what exceeds 2^24 in the end is refused, so saturation is far
        // enough.
        let shift = product.unit - unit;
        let scaled = |n: i64| (i128::from(n) << shift.min(64)).clamp(-FAR, FAR) as i64;
        total.low = total.low.saturating_add(scaled(product.low));
        total.high = total.high.saturating_add(scaled(product.high));
        let sum = (u128::from(product.sum) << shift.min(64)).min(FAR as u128) as u64;
        total.sum = total.sum.saturating_add(sum);
    }
    Cell::checked(total.low, total.high, total.sum, total.unit, total.minus)
}

/// Beyond every bound.
const FAR: i128 = 1 << 62;

/// For each element of the result, the cells along the axes.
fn along(x: &Tensor, axes: &[usize], sizes: &[usize]) -> Vec<Vec<Cell>> {
    let mut rows = vec![Vec::new(); sizes.iter().product()];
    let mut kept = x.sizes.clone();
    for &axis in axes {
        kept[axis] = 1;
    }
    let mut at = 0;
    places(&x.sizes, |index| {
        let index: Vec<usize> = index
            .iter()
            .zip(&kept)
            .map(|(&i, &size)| i.min(size - 1))
            .collect();
        rows[flat(&index, &kept)].push(x.cells[at]);
        at += 1;
    });
    rows
}

pub(super) fn reduce_sum(x: &Tensor, axes: &[usize], sizes: Vec<usize>) -> Result<Tensor, Fault> {
    let rows = along(x, axes, &sizes);
    let cells = rows.iter().map(|row| {
        row[1..]
            .iter()
            .try_fold(row[0], |sum, &cell| add(sum, cell))
    });
    let cells = cells.collect::<Result<_, _>>()?;
    Ok(Tensor {
        cells,
        sizes,
        constant: x.constant,
    })
}

pub(super) fn reduce_max(x: &Tensor, axes: &[usize], sizes: Vec<usize>) -> Result<Tensor, Fault> {
    let rows = along(x, axes, &sizes);
    let cells = rows.iter().map(|row| {
        let first = row[0].settled();
        row[1..]
            .iter()
            .try_fold(first, |most, &cell| greatest(most, cell))
    });
    let cells = cells.collect::<Result<_, _>>()?;
    Ok(Tensor {
        cells,
        sizes,
        constant: x.constant,
    })
}
