//! Activations are packed before a product.

use super::super::memory::Memory;
use super::super::scale::Type;

/// Where rows of activations lie, and how they are packed.
pub(super) struct Rows {
    pub(super) base: usize,
    /// Elements from one lane to the next.
    pub(super) lane: usize,
    /// Rows of a lane.
    pub(super) rows: usize,
    pub(super) inner: usize,
    /// Packed elements from one row to the next.
    pub(super) stride: usize,
    pub(super) low: i32,
}

/// Packs all rows; the fill at the end of each stays as it is, since its weights are zero.
pub(super) fn pack<T: Copy>(
    shape: &Rows,
    ty: Type,
    memory: &Memory,
    to: &mut [T],
    narrow: impl Fn(i32) -> T,
) {
    match ty {
        Type::I8 => each(shape, memory.i8.all(), to, |x| {
            narrow(i32::from(x) - shape.low)
        }),
        Type::U8 => each(shape, memory.u8.all(), to, |x| {
            narrow(i32::from(x) - shape.low)
        }),
        Type::I16 => each(shape, memory.i16.all(), to, |x| {
            narrow(i32::from(x) - shape.low)
        }),
        Type::I32 => each(shape, memory.i32.all(), to, |x| {
            narrow(x.wrapping_sub(shape.low))
        }),
        Type::I64 => each(shape, memory.i64.all(), to, |x| {
            narrow((x as i32).wrapping_sub(shape.low))
        }),
    }
}

fn each<S: Copy, T: Copy>(shape: &Rows, from: &[S], to: &mut [T], take: impl Fn(S) -> T) {
    for (row, to) in to.chunks_exact_mut(shape.stride).enumerate() {
        let (lane, row) = (row / shape.rows, row % shape.rows);
        let from = &from[shape.base + lane * shape.lane + row * shape.inner..][..shape.inner];
        for (to, &x) in to.iter_mut().zip(from) {
            *to = take(x);
        }
    }
}
