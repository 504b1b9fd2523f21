//! What element-wise operators make of cells.

use crate::graph::movement::{Odometer, strides_over};
use crate::graph::{Comparison, ElementType, Op};

use super::bounds::{clip, greatest, least};
use super::cell::{Cell, SUM_MAX};
use super::fault::Fault;
use super::tensor::Tensor;

/// Applies an element-wise operator with broadcasting.
pub(super) fn apply(op: &Op, inputs: &[&Tensor], sizes: Vec<usize>) -> Result<Tensor, Fault> {
    let mut arguments = vec![Cell::ZERO; inputs.len()];
    let constant = inputs.iter().all(|input| input.constant);
    let fixed: Vec<bool> = inputs.iter().map(|input| input.constant).collect();
    let strides: Vec<Vec<usize>> = inputs
        .iter()
        .map(|input| strides_over(&sizes, &input.sizes))
        .collect();
    let count: usize = sizes.iter().product();
    let mut cells = Vec::with_capacity(count);
    let mut places = Odometer::new(&sizes, &strides);
    let mut last = None;
    for _ in 0..count {
        let mut same = true;
        for ((argument, input), &at) in arguments.iter_mut().zip(inputs).zip(places.at()) {
            same &= *argument == input.cells[at];
            *argument = input.cells[at];
        }
        // Neighbours often have the same cells, and then the same result.
        let cell = match last {
            Some(cell) if same => cell,
            _ => element(op, &arguments, &fixed)?,
        };
        last = Some(cell);
        cells.push(cell);
        places.next();
    }
    Ok(Tensor {
        cells,
        sizes,
        constant,
    })
}

fn element(op: &Op, x: &[Cell], fixed: &[bool]) -> Result<Cell, Fault> {
    match op {
        Op::Add => add(x[0], x[1]),
        Op::Sub => add(x[0], neg(x[1])),
        Op::Mul => mul(x[0], x[1], fixed[0], fixed[1]),
        Op::Neg => Ok(neg(x[0])),
        Op::Abs => Ok(abs(x[0])),
        Op::Relu => Ok(relu(x[0])),
        Op::Floor => Ok(floor(x[0])),
        Op::Min => x[1..]
            .iter()
            .try_fold(x[0].settled(), |least_so_far, &y| least(least_so_far, y)),
        Op::Max => x[1..]
            .iter()
            .try_fold(x[0].settled(), |most, &y| greatest(most, y)),
        Op::Clip { low, high } => clip(x[0], *low, *high),
        Op::Compare(comparison) => Ok(compare(*comparison, x[0], x[1])),
        Op::And => Ok(Cell::integers(x[0].low & x[1].low, x[0].high & x[1].high)),
        Op::Or => Ok(Cell::integers(x[0].low | x[1].low, x[0].high | x[1].high)),
        Op::Not => Ok(Cell::integers(1 - x[0].high, 1 - x[0].low)),
        Op::Where => match (x[0].low, x[0].high) {
            (1, _) => Ok(x[1]),
            (_, 0) => Ok(x[2]),
            _ => either(x[1], x[2]),
        },
        Op::Cast(ElementType::F32) => Ok(x[0]),
        Op::Cast(_) => to_integer(x[0]),
        _ => Err(Fault::unproved("the operator is not element-wise")),
    }
}

/// The sum: all partial sums of both may now meet in one.
pub(super) fn add(a: Cell, b: Cell) -> Result<Cell, Fault> {
    let unit = a.unit(b);
    let ((low_a, high_a, sum_a), (low_b, high_b, sum_b)) = (a.scaled(unit), b.scaled(unit));
    // Opposite zeros and what cancels give a positive zero.
    let minus = a.minus && b.minus;
    Cell::checked(low_a + low_b, high_a + high_b, sum_a + sum_b, unit, minus)
}

/// Interval of the products, in the product of the units.
pub(super) fn products(a: Cell, b: Cell) -> (i64, i64) {
    let [al, ah, bl, bh] = [a.low, a.high, b.low, b.high].map(i64::from);
    let all = [al * bl, al * bh, ah * bl, ah * bh];
    let low = all.into_iter().fold(i64::MAX, i64::min);
    (low, all.into_iter().fold(i64::MIN, i64::max))
}

/// Whether a product may be a negative zero.
pub(super) const fn minus_product(a: Cell, b: Cell) -> bool {
    let zero = a.may_be_zero() || b.may_be_zero();
    let differ = (a.may_be_minus() && b.may_be_plus()) || (a.may_be_plus() && b.may_be_minus());
    zero && differ
}

fn mul(a: Cell, b: Cell, fixed_a: bool, fixed_b: bool) -> Result<Cell, Fault> {
    let (low, high) = products(a, b);
    let size = |cell: Cell| u64::from(cell.magnitude());
    // A runtime may move a constant factor into the sums that made the other operand, and may
    // multiply constants with each other first: even a zero counts as one unit then.
    let sums = |cell: Cell| u64::from(cell.sum.max(1));
    let sum = match (fixed_a, fixed_b) {
        (false, true) => sums(a) * size(b),
        (true, false) => size(a) * sums(b),
        _ => size(a) * size(b),
    };
    Cell::checked(low, high, sum, a.exponent + b.exponent, minus_product(a, b))
}

fn neg(x: Cell) -> Cell {
    Cell {
        low: -x.high,
        high: -x.low,
        minus: x.may_be_zero(),
        ..x
    }
}

fn abs(x: Cell) -> Cell {
    let least = if x.may_be_zero() {
        0
    } else {
        x.low.abs().min(x.high.abs())
    };
    Cell {
        low: least,
        high: x.magnitude() as i32,
        ..x
    }
    .settled()
}

fn relu(x: Cell) -> Cell {
    // A runtime may multiply by the truth of x > 0, which makes negative zeros.
    Cell {
        low: x.low.max(0),
        high: x.high.max(0),
        minus: x.may_be_minus(),
        ..x
    }
    .settled()
}

fn floor(x: Cell) -> Cell {
    if x.exponent >= 0 {
        return x.settled();
    }
    let shift = x.exponent.unsigned_abs().min(31);
    let whole = Cell::integers(x.low >> shift, x.high >> shift);
    Cell {
        minus: x.minus,
        ..whole
    }
}

/// One of two, it is not known which.
pub(super) fn either(a: Cell, b: Cell) -> Result<Cell, Fault> {
    let unit = a.unit(b);
    let ((low_a, high_a, sum_a), (low_b, high_b, sum_b)) = (a.scaled(unit), b.scaled(unit));
    let (low, high) = (low_a.min(low_b), high_a.max(high_b));
    Cell::checked(low, high, sum_a.max(sum_b), unit, a.minus || b.minus)
}

fn compare(comparison: Comparison, a: Cell, b: Cell) -> Cell {
    let (always, never) = match comparison {
        Comparison::Greater => (a.least() > b.greatest(), a.greatest() <= b.least()),
        Comparison::Less => (a.greatest() < b.least(), a.least() >= b.greatest()),
        Comparison::GreaterOrEqual => (a.least() >= b.greatest(), a.greatest() < b.least()),
        Comparison::LessOrEqual => (a.greatest() <= b.least(), a.least() > b.greatest()),
        Comparison::Equal => {
            let one = a.low == a.high && b.low == b.high && a.least() == b.least();
            (one, a.greatest() < b.least() || a.least() > b.greatest())
        }
    };
    Cell::integers(always.into(), (!never).into())
}

fn to_integer(x: Cell) -> Result<Cell, Fault> {
    if x.exponent < 0 && !x.is_zero() {
        let unit = x.exponent;
        return Err(Fault::unproved(format!(
            "its input is not proved an integer but a multiple of 2^{unit}"
        )));
    }
    let (low, high, _) = x.scaled(0);
    let size = low.unsigned_abs().max(high.unsigned_abs());
    if size > u64::from(SUM_MAX) {
        return Err(Fault::bound("the integer reaches", size, SUM_MAX.into()));
    }
    // A runtime may drop the way there and back, and with it the loss of a zero's sign.
    let whole = Cell::integers(low as i32, high as i32);
    Ok(Cell {
        minus: x.minus,
        ..whole
    })
}
