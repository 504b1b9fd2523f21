//! The common product: rows of varying cells with a constant matrix, each of one unit. The same
//! sums as for any other, taken row by row for all columns at once.

use super::super::cell::Cell;
use super::super::elementwise::minus_product;
use super::super::fault::Fault;
use super::super::tensor::Tensor;

/// Longest sum whose products of 2^48 have room in 64 bits.
const INNER: usize = 1 << 14;

/// What is known of the sum of one column.
#[derive(Clone, Copy)]
struct Column {
    low: i64,
    high: i64,
    sum: u64,
    minus: bool,
}

/// The cells of `a`, `[..., inner]`, times a constant `b`, `[inner, columns]`; `None` for other
/// products.
pub(super) fn matmul(a: &Tensor, b: &Tensor, sizes: &[usize]) -> Option<Result<Vec<Cell>, Fault>> {
    let (inner, columns) = (*a.sizes.last()?, *sizes.last()?);
    let unit_b = unit(&b.cells)?;
    let fits = !a.constant && b.constant && b.sizes.len() == 2 && inner < INNER;
    let rows = a.cells.chunks_exact(inner);
    let units: Option<Vec<i32>> = rows.clone().map(unit).collect();
    if !fits {
        return None;
    }
    let mut cells = Vec::with_capacity(sizes.iter().product());
    for (row, unit_a) in rows.zip(units?) {
        for column in sums(row, &b.cells, columns) {
            let Column {
                low,
                high,
                sum,
                minus,
            } = column;
            // If nothing varies, there is no unit to keep.
            let unit = if sum == 0 { 0 } else { unit_a + unit_b };
            match Cell::checked(low, high, sum, unit, minus) {
                Ok(cell) => cells.push(cell),
                Err(fault) => return Some(Err(fault)),
            }
        }
    }
    Some(Ok(cells))
}

/// The unit that all cells share which may be other than zero; `None` if they have several, or a
/// bound on sums without a number.
fn unit(cells: &[Cell]) -> Option<i32> {
    let mut varying = cells.iter().filter(|cell| cell.sum > 0);
    let first = varying.next().map_or(0, |cell| cell.exponent);
    varying.all(|cell| cell.exponent == first).then_some(first)
}

fn sums(row: &[Cell], weights: &[Cell], columns: usize) -> Vec<Column> {
    let nothing = Column {
        low: 0,
        high: 0,
        sum: 0,
        minus: true,
    };
    let mut sums = vec![nothing; columns];
    for (&x, weights) in row.iter().zip(weights.chunks_exact(columns)) {
        let [low, high, size] = [x.low.into(), x.high.into(), i64::from(x.sum)];
        for (column, weight) in sums.iter_mut().zip(weights) {
            let w = i64::from(weight.low);
            let (one, other) = (low * w, high * w);
            column.low += one.min(other);
            column.high += one.max(other);
            column.sum += (size * w).unsigned_abs();
        }
        // What may be a zero of either sign makes such products with any weight: nothing changes.
        if !(x.may_be_zero() && x.may_be_minus() && x.may_be_plus()) {
            for (column, weight) in sums.iter_mut().zip(weights) {
                column.minus = column.minus && minus_product(x, *weight);
            }
        }
    }
    sums
}
