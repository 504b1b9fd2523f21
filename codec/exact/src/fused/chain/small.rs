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
    /// The same in short, if it can be said so.
    runs: Option<Runs>,
}

/// Elements in runs of the same length, one element or many in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Runs {
    first: usize,
    /// Elements of a run, and from the start of one to that of the next one.
    len: usize,
    apart: usize,
    /// Whether all elements of a run are one.
    same: bool,
}

impl Runs {
    /// What the places are, if they are runs of two or more.
    fn of(places: &[usize]) -> Option<Self> {
        let (&first, &second) = (places.first()?, places.get(1)?);
        let same = second == first;
        let next = |at: usize| if same { first } else { first + at };
        let len = (0..places.len())
            .take_while(|&at| places[at] == next(at))
            .count();
        let apart = places
            .get(len)
            .map_or(Some(0), |next| next.checked_sub(first))?;
        let runs = Self {
            first,
            len,
            apart,
            same,
        };
        let is_so = places
            .iter()
            .enumerate()
            .all(|(at, &place)| place == runs.place(at));
        (len >= 2 && is_so).then_some(runs)
    }

    const fn place(self, at: usize) -> usize {
        let within = if self.same { 0 } else { at % self.len };
        self.first + at / self.len * self.apart + within
    }
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
        let scattered = |port: &Port| {
            let places = places(port, tiling);
            Scattered {
                register: port.register,
                constant: port.constant,
                ty: port.ty,
                runs: Runs::of(&places),
                places,
            }
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
        fill(&self.fills, registers, self.len);
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
            Type::I8 => self.gather(memory.i8.all(), to, i32::from),
            Type::U8 => self.gather(memory.u8.all(), to, i32::from),
            Type::I16 => self.gather(memory.i16.all(), to, i32::from),
            Type::I32 => self.gather(memory.i32.all(), to, |n| n),
            Type::I64 => self.gather(memory.i64.all(), to, |n| n as i32),
        }
    }

    #[inline(always)]
    fn store(&self, mode: Mode, memory: &mut Memory, from: &[i32]) {
        match (mode, self.ty) {
            (Mode::Set, Type::I8) => self.set(memory.i8.all_mut(), from, |n| n as i8),
            (Mode::Set, Type::U8) => self.set(memory.u8.all_mut(), from, |n| n as u8),
            (Mode::Set, Type::I16) => self.set(memory.i16.all_mut(), from, |n| n as i16),
            (Mode::Set, Type::I32) => self.set(memory.i32.all_mut(), from, |n| n),
            (Mode::Set, Type::I64) => self.set(memory.i64.all_mut(), from, i64::from),
            (Mode::Sum, Type::I64) => self.scatter(memory.i64.all_mut(), from, |to, n| {
                *to = to.wrapping_add(n.into());
            }),
            (Mode::Max, Type::I64) => self.scatter(memory.i64.all_mut(), from, |to, n| {
                *to = (*to).max(n.into());
            }),
            // Sums and maxima are formed in whole words.
            (Mode::Sum, _) => self.add(memory.i32.all_mut(), from),
            (Mode::Max, _) => self.scatter(memory.i32.all_mut(), from, |to, n| {
                *to = (*to).max(n);
            }),
        }
    }

    #[inline(always)]
    fn gather<S: Copy>(&self, memory: &[S], to: &mut [i32], widen: impl Fn(S) -> i32) {
        let len = self.places.len();
        let Some(runs) = self.runs else {
            for (to, &place) in to.iter_mut().zip(&self.places) {
                *to = widen(memory[place]);
            }
            return;
        };
        let mut first = runs.first;
        for start in (0..len).step_by(runs.len) {
            let end = len.min(start + runs.len);
            if runs.same {
                whole_vectors(to, start, end, &[widen(memory[first]); VECTOR]);
            } else if let (Some(from), true) =
                (memory[first..].first_chunk(), end - start <= VECTOR)
            {
                let from: &[S; VECTOR] = from;
                whole_vectors(to, start, end, &from.map(&widen));
            } else {
                for (to, &n) in to[start..end].iter_mut().zip(&memory[first..]) {
                    *to = widen(n);
                }
            }
            first += runs.apart;
        }
    }

    #[inline(always)]
    fn set<S>(&self, memory: &mut [S], from: &[i32], narrow: impl Fn(i32) -> S + Copy) {
        let from = &from[..self.places.len()];
        let Some(runs) = self.runs.filter(|runs| !runs.same) else {
            return self.scatter(memory, from, |to, n| *to = narrow(n));
        };
        let mut first = runs.first;
        for from in from.chunks(runs.len) {
            let to = &mut memory[first..][..from.len()];
            // Of eight there are often some: bytes that were two halves.
            match (to.as_chunks_mut::<8>(), from.as_chunks::<8>()) {
                ((to, []), (from, [])) => {
                    for (to, from) in to.iter_mut().zip(from) {
                        *to = from.map(narrow);
                    }
                }
                _ => {
                    for (to, &n) in to.iter_mut().zip(from) {
                        *to = narrow(n);
                    }
                }
            }
            first += runs.apart;
        }
    }

    /// Adds elements that share places, run upon run, before they go to memory.
    #[inline(always)]
    fn add(&self, memory: &mut [i32], from: &[i32]) {
        let len = self.places.len();
        let one = self
            .runs
            .filter(|runs| !runs.same && runs.apart == 0 && runs.len <= VECTOR);
        let Some(runs) = one else {
            return self.scatter(memory, from, |to, n| *to = to.wrapping_add(n));
        };
        let mut sums = [0i32; VECTOR];
        for start in (0..len).step_by(runs.len) {
            let left = runs.len.min(len - start);
            match from[start..].first_chunk::<VECTOR>() {
                // What is behind the run is added where nobody looks.
                Some(more) if left == runs.len => {
                    for (sum, &n) in sums.iter_mut().zip(more) {
                        *sum = sum.wrapping_add(n);
                    }
                }
                _ => {
                    for (sum, &n) in sums.iter_mut().zip(&from[start..start + left]) {
                        *sum = sum.wrapping_add(n);
                    }
                }
            }
        }
        let len = runs.len.min(len);
        for (to, sum) in memory[runs.first..][..len].iter_mut().zip(sums) {
            *to = to.wrapping_add(sum);
        }
    }

    #[inline(always)]
    fn scatter<S>(&self, memory: &mut [S], from: &[i32], put: impl Fn(&mut S, i32)) {
        for (&n, &place) in from.iter().zip(&self.places) {
            put(&mut memory[place], n);
        }
    }
}

/// Elements of the largest vector.
const VECTOR: usize = 16;

/// Writes `start` to `end`, and where there is room all of the vectors that reach there: what stands behind them is
/// written afterwards, or never looked at.
#[inline(always)]
fn whole_vectors(to: &mut [i32], start: usize, end: usize, from: &[i32; VECTOR]) {
    match to[start..].first_chunk_mut::<VECTOR>() {
        Some(to) if end - start <= VECTOR => *to = *from,
        _ => {
            for (to, &n) in to[start..end].iter_mut().zip(from.iter().cycle()) {
                *to = n;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fused::chain::{Put, Scratch, Tiling, run};
    use crate::fused::memory::Sizes;
    use crate::random::Random;

    #[test]
    fn regular_places_are_runs() {
        let runs = |first, len, apart, same| {
            Some(Runs {
                first,
                len,
                apart,
                same,
            })
        };
        let spread = |each: fn(usize) -> usize, n| (0..n).map(each).collect::<Vec<_>>();
        assert_eq!(Runs::of(&spread(|i| 5 + i, 56)), runs(5, 56, 0, false));
        assert_eq!(Runs::of(&spread(|i| 9 + i / 7, 63)), runs(9, 7, 1, true));
        assert_eq!(Runs::of(&spread(|i| 3 + i % 7, 63)), runs(3, 7, 0, false));
        let halves = spread(|i| i / 8 * 16 + i % 8, 56);
        assert_eq!(Runs::of(&halves), runs(0, 8, 16, false));
        // The last one may be shorter.
        assert_eq!(Runs::of(&halves[..50]), runs(0, 8, 16, false));
        for irregular in [&[4][..], &[4, 9, 10], &[4, 5, 9, 10, 13, 15], &[4, 5, 3, 4]] {
            assert_eq!(Runs::of(irregular), None, "{irregular:?}");
        }
    }

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
