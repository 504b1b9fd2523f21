//! Operators on whole registers.

use super::super::draft::ChainOp;
use super::{BLOCK, Operation, STRIP, Word};

/// A strip of words.
pub(in super::super) type Register<T> = Vec<T>;

/// Registers of that number.
pub(in super::super) fn registers<T: Word>(count: usize) -> Vec<Register<T>> {
    vec![vec![T::default(); STRIP]; count]
}

/// Applies an operation to the first `blocks` blocks of registers.
#[inline(always)]
pub(super) fn operate<T: Word>(
    operation: &Operation<T>,
    registers: &mut [Register<T>],
    tables: &[Vec<i64>],
    blocks: usize,
) {
    // The result's register is none of the operands', so it can be taken out meanwhile.
    let mut to = std::mem::take(&mut registers[operation.to]);
    apply(operation.op, &mut to, registers, tables, blocks);
    registers[operation.to] = to;
}

#[inline(always)]
fn apply<T: Word>(
    op: ChainOp<usize, T>,
    to: &mut [T],
    from: &[Register<T>],
    tables: &[Vec<i64>],
    blocks: usize,
) {
    match op {
        ChainOp::Add(a, b) => two(to, &from[a], &from[b], blocks, |a, b| a.plus(b)),
        ChainOp::Sub(a, b) => two(to, &from[a], &from[b], blocks, |a, b| a.less(b)),
        ChainOp::Mul(a, b) => two(to, &from[a], &from[b], blocks, |a, b| a.times(b)),
        ChainOp::Min(a, b) => two(to, &from[a], &from[b], blocks, |a, b| a.min(b)),
        ChainOp::Max(a, b) => two(to, &from[a], &from[b], blocks, |a, b| a.max(b)),
        ChainOp::Greater(a, b) => {
            two(to, &from[a], &from[b], blocks, |a, b| T::from_bool(a > b));
        }
        ChainOp::GreaterOrEqual(a, b) => {
            two(to, &from[a], &from[b], blocks, |a, b| T::from_bool(a >= b));
        }
        ChainOp::Equal(a, b) => {
            two(to, &from[a], &from[b], blocks, |a, b| T::from_bool(a == b));
        }
        ChainOp::AddConstant(a, n) => one(to, &from[a], blocks, |a| a.plus(n)),
        ChainOp::MulConstant(a, n) => one(to, &from[a], blocks, |a| a.times(n)),
        ChainOp::SubFrom(n, a) => one(to, &from[a], blocks, |a| n.less(a)),
        ChainOp::Abs(a) => one(to, &from[a], blocks, |a| a.magnitude()),
        ChainOp::ShiftLeft(a, k) => one(to, &from[a], blocks, |a| a.left(k)),
        ChainOp::ShiftRight(a, k) => one(to, &from[a], blocks, |a| a.right(k)),
        ChainOp::Clip(a, low, high) => one(to, &from[a], blocks, |a| a.max(low).min(high)),
        ChainOp::Requantise(a, n, k, low, high) => {
            one(to, &from[a], blocks, |a| {
                a.plus(n).right(k).max(low).min(high)
            });
        }
        ChainOp::Select(a, b, c) => select(to, &from[a], &from[b], &from[c], blocks),
        ChainOp::Lookup(a, table) => {
            let table = &tables[table];
            // Indices are proved; but registers are longer than what is asked for.
            let find = |index: T| table.get(index.to_i64() as usize).copied().unwrap_or(0);
            one(to, &from[a], blocks, |index| T::from_i64(find(index)));
        }
        ChainOp::Fill(n) => to.fill(n),
    }
}

// Plain loops over slices of equal length, which are vectorised along the register. (Loops over
// arrays of a block are unrolled first, and then vectorised across blocks, with gathers.)

#[inline(always)]
fn one<T: Word>(to: &mut [T], a: &[T], blocks: usize, f: impl Fn(T) -> T) {
    let len = blocks * BLOCK;
    for (to, &a) in to[..len].iter_mut().zip(&a[..len]) {
        *to = f(a);
    }
}

#[inline(always)]
fn two<T: Word>(to: &mut [T], a: &[T], b: &[T], blocks: usize, f: impl Fn(T, T) -> T) {
    let len = blocks * BLOCK;
    for ((to, &a), &b) in to[..len].iter_mut().zip(&a[..len]).zip(&b[..len]) {
        *to = f(a, b);
    }
}

#[inline(always)]
fn select<T: Word>(to: &mut [T], c: &[T], a: &[T], b: &[T], blocks: usize) {
    let len = blocks * BLOCK;
    let (c, a, b) = (&c[..len], &a[..len], &b[..len]);
    for (((to, &c), &a), &b) in to[..len].iter_mut().zip(c).zip(a).zip(b) {
        *to = if c == T::default() { b } else { a };
    }
}
