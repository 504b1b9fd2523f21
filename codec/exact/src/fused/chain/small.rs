//! Chains over few elements: what a network makes of its last bytes before it looks them up, and what it keeps of them.
//!
//! Where each element lies is written down once, so that nothing of the loops over tiles is left to do.

use super::super::draft::{ChainOp, Mode};
use super::super::memory::Memory;
use super::super::scale::Type;
use super::flat::{OnStrips, Strip, fill, operate};
use super::transfer::places;
use super::{Chain, Clear, Operation, Port};

/// Most elements of such a chain.
pub(super) const SMALL: usize = 128;

/// A register's elements in memory, in order.
#[derive(Debug, Clone)]
struct Scattered {
    register: usize,
    constant: bool,
    ty: Type,
    places: Vec<usize>,
}

/// A chain of at most [`SMALL`] elements.
#[derive(Debug, Clone)]
pub(in super::super) struct Small {
    len: usize,
    clears: Vec<Clear>,
    loads: Vec<Scattered>,
    fills: Vec<(usize, i32)>,
    operations: Vec<Operation<i32>>,
    puts: Vec<(Scattered, Mode)>,
    pub(in super::super) registers: usize,
}

impl Small {
    /// The chain, if it is small.
    pub(in super::super) fn of(chain: &Chain<i32>) -> Option<Self> {
        let tiling = &chain.tiling;
        let sizes = tiling.outer.iter().chain([&tiling.total, &tiling.row]);
        let len = sizes.fold(1, |all: usize, &size| all.saturating_mul(size));
        if len == 0 || len > SMALL {
            return None;
        }
        let scattered = |port: &Port| Scattered {
            register: port.register,
            constant: port.constant,
            ty: port.ty,
            places: places(port, tiling),
        };
        let fills = chain.fills.iter().map(|fill| match fill.op {
            ChainOp::Fill(n) => Some((fill.to, n)),
            _ => None,
        });
        let puts = chain.puts.iter();
        Some(Self {
            len,
            clears: chain.clears.clone(),
            loads: chain.loads.iter().map(scattered).collect(),
            fills: fills.collect::<Option<_>>()?,
            operations: chain.operations.clone(),
            puts: puts.map(|put| (scattered(&put.port), put.mode)).collect(),
            registers: chain.registers,
        })
    }

    #[inline(always)]
    fn operate<const N: usize>(&self, registers: &mut [Strip], tables: &[Vec<i64>]) {
        for operation in &self.operations {
            operate::<N>(operation, registers, tables, self.len);
        }
    }
}

impl OnStrips for Small {
    #[inline(always)]
    fn run(
        &self,
        constants: &Memory,
        memory: &mut Memory,
        tables: &[Vec<i64>],
        registers: &mut [Strip],
    ) {
        for clear in &self.clears {
            memory.fill(clear.ty, clear.base..clear.base + clear.len, clear.number);
        }
        fill(&self.fills, registers);
        for load in &self.loads {
            let from = if load.constant { constants } else { &*memory };
            load.load(from, registers[load.register].all_mut());
        }
        match self.len {
            0..=16 => self.operate::<16>(registers, tables),
            17..=32 => self.operate::<32>(registers, tables),
            33..=64 => self.operate::<64>(registers, tables),
            _ => self.operate::<SMALL>(registers, tables),
        }
        for (put, mode) in &self.puts {
            put.store(*mode, memory, registers[put.register].all());
        }
    }
}

impl Scattered {
    #[inline(always)]
    fn load(&self, memory: &Memory, to: &mut [i32]) {
        match self.ty {
            Type::I8 => gather(&self.places, memory.i8.all(), to, i32::from),
            Type::U8 => gather(&self.places, memory.u8.all(), to, i32::from),
            Type::I16 => gather(&self.places, memory.i16.all(), to, i32::from),
            Type::I32 => gather(&self.places, memory.i32.all(), to, |n| n),
            Type::I64 => gather(&self.places, memory.i64.all(), to, |n| n as i32),
        }
    }

    #[inline(always)]
    fn store(&self, mode: Mode, memory: &mut Memory, from: &[i32]) {
        let places = &self.places;
        match (mode, self.ty) {
            (Mode::Set, Type::I8) => {
                scatter(places, memory.i8.all_mut(), from, |to, n| *to = n as i8);
            }
            (Mode::Set, Type::U8) => {
                scatter(places, memory.u8.all_mut(), from, |to, n| *to = n as u8);
            }
            (Mode::Set, Type::I16) => {
                scatter(places, memory.i16.all_mut(), from, |to, n| *to = n as i16);
            }
            (Mode::Set, Type::I32) => {
                scatter(places, memory.i32.all_mut(), from, |to, n| *to = n);
            }
            (Mode::Set, Type::I64) => {
                scatter(places, memory.i64.all_mut(), from, |to, n| *to = n.into());
            }
            (Mode::Sum, Type::I64) => scatter(places, memory.i64.all_mut(), from, |to, n| {
                *to = to.wrapping_add(n.into());
            }),
            (Mode::Max, Type::I64) => scatter(places, memory.i64.all_mut(), from, |to, n| {
                *to = (*to).max(n.into());
            }),
            // Sums and maxima are formed in whole words.
            (Mode::Sum, _) => scatter(places, memory.i32.all_mut(), from, |to, n| {
                *to = to.wrapping_add(n);
            }),
            (Mode::Max, _) => {
                scatter(places, memory.i32.all_mut(), from, |to, n| {
                    *to = (*to).max(n);
                });
            }
        }
    }
}

#[inline(always)]
fn gather<S: Copy>(places: &[usize], memory: &[S], to: &mut [i32], widen: impl Fn(S) -> i32) {
    for (to, &place) in to.iter_mut().zip(places) {
        *to = widen(memory[place]);
    }
}

#[inline(always)]
fn scatter<S>(places: &[usize], memory: &mut [S], from: &[i32], put: impl Fn(&mut S, i32)) {
    for (&n, &place) in from.iter().zip(places) {
        put(&mut memory[place], n);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fused::chain::{Put, Scratch, Tiling, run};
    use crate::fused::memory::Sizes;
    use crate::random::Random;

    proptest! {
        /// Rows of `a` times a constant matrix, summed: as a hash of bytes is.
        #[test]
        fn it_is_the_chain(
            outer in 1usize..4, rows in 1usize..4, inner in 1usize..5, columns in 1usize..5,
            cut in 1usize..4, gap in 0usize..3, seed in any::<u64>(),
        ) {
            let mut random = Random::new(seed);
            let (mut sizes, mut fixed) = (Sizes::default(), Sizes::default());
            let (wide, lane) = (inner + gap, rows * (inner + gap));
            let port = |register, constant, ty, base, [outer, row]: [usize; 2], loops: &[_]| Port {
                register,
                constant,
                ty,
                base,
                outer: vec![outer],
                row,
                inner: loops.to_vec(),
            };
            let row = inner * columns;
            let a = port(
                0, false, Type::U8, sizes.reserve(Type::U8, outer * lane), [lane, wide],
                &[(1, wide), (inner, 1), (columns, 0)],
            );
            let b = port(
                1, true, Type::I16, fixed.reserve(Type::I16, row), [0, 0], &[(1, 0), (row, 1)],
            );
            let results = outer * rows * columns;
            let base = sizes.reserve(Type::I32, results);
            let to = [rows * columns, columns];
            let sums = port(
                2, false, Type::I32, base, to, &[(1, columns), (inner, 0), (columns, 1)],
            );
            let copy = sizes.reserve(Type::I8, outer * rows * row);
            let copy = port(3, false, Type::I8, copy, [rows * row, row], &[(row, 1)]);
            let chain = Chain {
                tiling: Tiling { outer: vec![outer], total: rows, rows: cut.min(rows), row },
                loads: vec![a, b],
                fills: vec![Operation { to: 4, op: ChainOp::Fill(7) }],
                operations: vec![
                    Operation { to: 2, op: ChainOp::Mul(0, 1) },
                    Operation { to: 3, op: ChainOp::Min(0, 4) },
                ],
                puts: vec![Put { port: sums, mode: Mode::Sum }, Put { port: copy, mode: Mode::Set }],
                clears: vec![Clear { ty: Type::I32, base, len: results, number: 0 }],
                registers: 5,
            };
            let small = Small::of(&chain);
            prop_assert_eq!(small.is_some(), outer * rows * row <= SMALL);
            let Some(small) = small else { return Ok(()) };
            let mut constants = Memory::new(&fixed);
            constants.i16.all_mut().iter_mut().for_each(|n| *n = random.word() as i16);
            let mut memory = Memory::new(&sizes);
            memory.u8.all_mut().iter_mut().for_each(|n| *n = random.byte());
            memory.i32.all_mut().iter_mut().for_each(|n| *n = random.word() as i32);
            let mut expected = memory.clone();
            run(&chain, &constants, &mut expected, &[], &mut Scratch::new(5, 1, 2));
            small.run(&constants, &mut memory, &[], &mut [Strip::ZERO; 5]);
            prop_assert!(memory.i8.all() == expected.i8.all());
            prop_assert!(memory.i32.all() == expected.i32.all());
        }
    }
}
