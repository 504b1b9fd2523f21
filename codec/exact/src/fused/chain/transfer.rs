//! Between memory and registers.

use super::super::draft::Mode;
use super::super::memory::Memory;
use super::super::scale::Type;
use super::{Port, Tiling, Word};

/// The rows of consecutive elements of a tile: for each its place in memory and in the register.
struct Rows<'a> {
    /// Loops around the rows: sizes and strides. The first counts the tile's rows too.
    loops: &'a [(usize, usize)],
    at: usize,
    next: usize,
    count: usize,
    /// Elements and stride of each row.
    len: usize,
    stride: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn new(port: &'a Port, at: usize, rows: usize) -> Self {
        let (loops, len, stride, count) = match port.inner[..] {
            [] => (&[][..], 1, 0, 1),
            [(size, stride)] => (&[][..], size * rows, stride, 1),
            [ref loops @ .., (size, stride)] => {
                let count: usize = loops.iter().map(|&(size, _)| size).product();
                (loops, size, stride, count * rows)
            }
        };
        Self {
            loops,
            at,
            next: 0,
            count,
            len,
            stride,
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize)> {
        if self.next == self.count {
            return None;
        }
        let place = match *self.loops {
            [] => self.at,
            [(_, stride)] => self.at + self.next * stride,
            [(_, first), ref others @ ..] => {
                let (mut place, mut left) = (self.at, self.next);
                for &(size, stride) in others.iter().rev() {
                    place += left % size * stride;
                    left /= size;
                }
                place + left * first
            }
        };
        let to = self.next * self.len;
        self.next += 1;
        Some((place, to))
    }
}

/// Where each element of a port lies, tile by tile.
pub(super) fn places(port: &Port, tiling: &Tiling) -> Vec<usize> {
    let tiles: usize = tiling.outer.iter().product();
    let mut all = Vec::new();
    for tile in 0..tiles {
        let (mut at, mut left) = (port.base, tile);
        for (&size, &stride) in tiling.outer.iter().zip(&port.outer).rev() {
            at += left % size * stride;
            left /= size;
        }
        for row in (0..tiling.total).step_by(tiling.rows) {
            let count = tiling.rows.min(tiling.total - row);
            let rows = Rows::new(port, at + row * port.row, count);
            let (len, stride) = (rows.len, rows.stride);
            for (place, _) in rows {
                all.extend((0..len).map(|i| place + i * stride));
            }
        }
    }
    all
}

/// Loads a tile into a register.
#[inline(always)]
pub(super) fn load<T: Word>(
    port: &Port,
    memory: &Memory,
    at: usize,
    count: usize,
    register: &mut [T],
) {
    match port.ty {
        Type::I8 => read(port, memory.i8.all(), at, count, register, T::from_i8),
        Type::U8 => read(port, memory.u8.all(), at, count, register, T::from_u8),
        Type::I16 => read(port, memory.i16.all(), at, count, register, T::from_i16),
        Type::I32 => read(port, memory.i32.all(), at, count, register, T::from_i32),
        Type::I64 => read(port, memory.i64.all(), at, count, register, T::from_i64),
    }
}

#[inline(always)]
fn read<S: Copy, T: Word>(
    port: &Port,
    memory: &[S],
    at: usize,
    count: usize,
    register: &mut [T],
    widen: impl Fn(S) -> T,
) {
    let rows = Rows::new(port, at, count);
    let (len, stride) = (rows.len, rows.stride);
    for (place, to) in rows {
        let to = &mut register[to..to + len];
        match stride {
            0 => to.fill(widen(memory[place])),
            1 => {
                for (to, &x) in to.iter_mut().zip(&memory[place..place + len]) {
                    *to = widen(x);
                }
            }
            _ => {
                for (i, to) in to.iter_mut().enumerate() {
                    *to = widen(memory[place + i * stride]);
                }
            }
        }
    }
}

/// Stores a tile from a register.
#[inline(always)]
pub(super) fn store<T: Word>(
    port: &Port,
    mode: Mode,
    memory: &mut Memory,
    at: usize,
    count: usize,
    register: &[T],
) {
    match (mode, port.ty) {
        (Mode::Set, Type::I8) => write(port, memory.i8.all_mut(), at, count, register, T::to_i8),
        (Mode::Set, Type::U8) => write(port, memory.u8.all_mut(), at, count, register, T::to_u8),
        (Mode::Set, Type::I16) => {
            write(port, memory.i16.all_mut(), at, count, register, T::to_i16);
        }
        (Mode::Set, Type::I32) => {
            write(port, memory.i32.all_mut(), at, count, register, T::to_i32);
        }
        (Mode::Set, Type::I64) => {
            write(port, memory.i64.all_mut(), at, count, register, T::to_i64);
        }
        (Mode::Sum, Type::I64) => {
            let add = |a: i64, b: i64| a.wrapping_add(b);
            join(
                port,
                memory.i64.all_mut(),
                at,
                count,
                register,
                T::to_i64,
                add,
            );
        }
        (Mode::Max, Type::I64) => {
            join(
                port,
                memory.i64.all_mut(),
                at,
                count,
                register,
                T::to_i64,
                i64::max,
            );
        }
        (Mode::Sum, _) => {
            let add = |a: i32, b: i32| a.wrapping_add(b);
            join(
                port,
                memory.i32.all_mut(),
                at,
                count,
                register,
                T::to_i32,
                add,
            );
        }
        (Mode::Max, _) => {
            join(
                port,
                memory.i32.all_mut(),
                at,
                count,
                register,
                T::to_i32,
                i32::max,
            );
        }
    }
}

#[inline(always)]
fn write<S: Copy, T: Word>(
    port: &Port,
    memory: &mut [S],
    at: usize,
    count: usize,
    register: &[T],
    narrow: impl Fn(T) -> S,
) {
    let rows = Rows::new(port, at, count);
    let (len, stride) = (rows.len, rows.stride);
    for (place, from) in rows {
        let from = &register[from..from + len];
        if stride == 1 {
            for (to, &x) in memory[place..place + len].iter_mut().zip(from) {
                *to = narrow(x);
            }
        } else {
            for (i, &x) in from.iter().enumerate() {
                memory[place + i * stride] = narrow(x);
            }
        }
    }
}

#[inline(always)]
fn join<S: Copy, T: Word>(
    port: &Port,
    memory: &mut [S],
    at: usize,
    count: usize,
    register: &[T],
    narrow: impl Fn(T) -> S,
    with: impl Fn(S, S) -> S,
) {
    let rows = Rows::new(port, at, count);
    let (len, stride) = (rows.len, rows.stride);
    for (place, from) in rows {
        let from = &register[from..from + len];
        match stride {
            0 => {
                let all = from
                    .iter()
                    .fold(memory[place], |all, &x| with(all, narrow(x)));
                memory[place] = all;
            }
            1 => {
                for (to, &x) in memory[place..place + len].iter_mut().zip(from) {
                    *to = with(*to, narrow(x));
                }
            }
            _ => {
                for (i, &x) in from.iter().enumerate() {
                    let to = &mut memory[place + i * stride];
                    *to = with(*to, narrow(x));
                }
            }
        }
    }
}
