//! Sums that become small numbers again: what stands behind nearly every product of a network, in one pass
//! whose numbers stay in vector registers.
//!
//! ```text
//! first  = clip((sum + (other << up) + round) >> down)
//! second = clip((first * factor + round) >> down)         factor: other numbers, or `first` itself
//! ```
//!
//! `other` (a residual) and `second` (a gate, a square) may be missing; the total, `first` and `second` may be
//! stored. It is what [`Flat::run`] does with such a chain.

use std::arch::x86_64::*;

use super::super::draft::ChainOp;
use super::super::memory::Memory;
use super::super::scale::Type;
use super::flat::{Flat, Run};
use super::word::Word as _;

/// Words of a vector.
const WORDS: usize = 16;

/// Places that one result goes to, at most.
const PUTS: usize = 2;

/// `clip((n + round) >> down)`
#[derive(Debug, Clone, Copy)]
struct Rounding {
    round: i32,
    down: u32,
    low: i32,
    high: i32,
}

/// What the first results are multiplied with.
#[derive(Debug, Clone)]
enum Factor {
    Itself,
    Numbers(Run),
}

/// A chain of that form.
#[derive(Debug, Clone)]
pub(in super::super) struct Requantised {
    rows: usize,
    len: usize,
    sum: Run,
    other: Option<(Run, u32)>,
    first: Rounding,
    second: Option<(Factor, Rounding)>,
    /// Where totals, the first and the second results go.
    puts: [Vec<Run>; 3],
}

/// What a register of the chain holds; loads are named by their number.
#[derive(Clone, Copy)]
enum Value {
    Load(usize),
    Shifted(usize, u32),
    /// A load and a shifted one.
    Total(usize, usize, u32),
    First,
    /// The first results by a load, or by themselves, and what was added.
    Product(Option<usize>, i32),
    Second,
}

impl Requantised {
    /// The chain, if it is of that form.
    pub(in super::super) fn of(flat: &Flat) -> Option<Self> {
        let mut runs = flat.loads.iter().chain(&flat.puts);
        let fits = |run: &Run| run.ty != Type::I64 && !run.same && !run.constant;
        if !flat.len.is_multiple_of(WORDS) || !runs.all(fits) || !flat.fills.is_empty() {
            return None;
        }
        let mut held = vec![None; flat.registers];
        for (number, run) in flat.loads.iter().enumerate() {
            held[run.register] = Some(Value::Load(number));
        }
        let (mut first, mut second) = (None, None);
        for operation in &flat.operations {
            let of = |register: usize| held[register];
            let value = match operation.op {
                ChainOp::ShiftLeft(a, up) => match of(a)? {
                    Value::Load(a) => Value::Shifted(a, up),
                    _ => return None,
                },
                ChainOp::Add(a, b) => match (of(a)?, of(b)?) {
                    (Value::Load(a), Value::Load(b)) => Value::Total(a, b, 0),
                    (Value::Load(a), Value::Shifted(b, up))
                    | (Value::Shifted(b, up), Value::Load(a)) => Value::Total(a, b, up),
                    _ => return None,
                },
                ChainOp::Requantise(a, round, down, low, high) => {
                    let rounding = |round| Rounding {
                        round,
                        down,
                        low,
                        high,
                    };
                    match of(a)? {
                        from @ (Value::Load(_) | Value::Total(..)) if first.is_none() => {
                            first = Some((from, rounding(round)));
                            Value::First
                        }
                        Value::Product(by, before) if second.is_none() => {
                            second = Some((by, rounding(before.plus(round))));
                            Value::Second
                        }
                        _ => return None,
                    }
                }
                ChainOp::Mul(a, b) => match (of(a)?, of(b)?) {
                    (Value::First, Value::First) => Value::Product(None, 0),
                    (Value::First, Value::Load(by)) | (Value::Load(by), Value::First) => {
                        Value::Product(Some(by), 0)
                    }
                    _ => return None,
                },
                ChainOp::AddConstant(a, round) => match of(a)? {
                    Value::Product(by, 0) => Value::Product(by, round),
                    _ => return None,
                },
                ChainOp::ShiftRight(a, down) => match of(a)? {
                    Value::Product(by, round) if second.is_none() => {
                        let rounding = Rounding {
                            round,
                            down,
                            low: i32::MIN,
                            high: i32::MAX,
                        };
                        second = Some((by, rounding));
                        Value::Second
                    }
                    _ => return None,
                },
                _ => return None,
            };
            held[operation.to] = Some(value);
        }
        let (from, first) = first?;
        let load = |number: usize| flat.loads[number].clone();
        let (sum, other) = match from {
            Value::Total(sum, other, up) => (load(sum), Some((load(other), up))),
            Value::Load(sum) => (load(sum), None),
            _ => return None,
        };
        let second = second.map(|(by, rounding)| {
            let factor = by.map_or(Factor::Itself, |by| Factor::Numbers(load(by)));
            (factor, rounding)
        });
        let mut puts = [const { Vec::new() }; 3];
        for put in &flat.puts {
            match held[put.register]? {
                Value::Total(..) => puts[0].push(put.clone()),
                Value::First => puts[1].push(put.clone()),
                Value::Second => puts[2].push(put.clone()),
                _ => return None,
            }
        }
        if puts.iter().any(|puts| puts.len() > PUTS) {
            return None;
        }
        Some(Self {
            rows: flat.rows,
            len: flat.len,
            sum,
            other,
            first,
            second,
            puts,
        })
    }

    /// Runs it over all lanes.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    // What is prepared here is no work for vectors, nor are closures compiled for them.
    pub(in super::super) unsafe fn avx512(&self, memory: &mut Memory) {
        let arenas = Arenas::of(memory);
        for row in 0..self.rows {
            let place = |run: &Run| arenas.place(run, row, self.len);
            let other = self.other.as_ref().map(|(run, up)| (place(run), *up));
            let second = self.second.as_ref().map(|(factor, rounding)| {
                let factor = match factor {
                    Factor::Itself => None,
                    Factor::Numbers(run) => Some(place(run)),
                };
                (factor, *rounding)
            });
            let mut puts = [[Place::NONE; PUTS]; 3];
            for (to, puts) in puts.iter_mut().zip(&self.puts) {
                for (to, run) in to.iter_mut().zip(puts) {
                    *to = place(run);
                }
            }
            let count = |n: usize| &puts[n][..self.puts[n].len()];
            let task = Task {
                len: self.len,
                sum: place(&self.sum),
                other,
                first: self.first,
                second,
                totals: count(0),
                firsts: count(1),
                seconds: count(2),
            };
            // SAFETY: the machine has the instructions, as the caller says; each place has `len` elements,
            // which nothing else refers to meanwhile.
            unsafe { task.run() };
        }
    }
}

/// The first of a row's elements.
#[derive(Clone, Copy)]
enum Place {
    I8(*mut i8),
    U8(*mut u8),
    I16(*mut i16),
    I32(*mut i32),
}

impl Place {
    const NONE: Self = Self::I32(std::ptr::null_mut());

    /// # Safety
    ///
    /// The machine has the instructions; a vector of elements is at `at`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn load(self, at: usize) -> __m512i {
        // SAFETY: as the caller's.
        unsafe {
            match self {
                Self::I8(from) => _mm512_cvtepi8_epi32(_mm_loadu_si128(from.add(at).cast())),
                Self::U8(from) => _mm512_cvtepu8_epi32(_mm_loadu_si128(from.add(at).cast())),
                Self::I16(from) => _mm512_cvtepi16_epi32(_mm256_loadu_si256(from.add(at).cast())),
                Self::I32(from) => _mm512_loadu_si512(from.add(at).cast()),
            }
        }
    }

    /// # Safety
    ///
    /// As [`load`](Self::load).
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn store(self, at: usize, words: __m512i) {
        // SAFETY: as the caller's.
        unsafe {
            match self {
                Self::I8(to) => _mm_storeu_si128(to.add(at).cast(), _mm512_cvtepi32_epi8(words)),
                Self::U8(to) => _mm_storeu_si128(to.add(at).cast(), _mm512_cvtepi32_epi8(words)),
                Self::I16(to) => {
                    _mm256_storeu_si256(to.add(at).cast(), _mm512_cvtepi32_epi16(words));
                }
                Self::I32(to) => _mm512_storeu_si512(to.add(at).cast(), words),
            }
        }
    }
}

/// Where the arenas of a memory begin and how long they are.
struct Arenas {
    i8: (*mut i8, usize),
    u8: (*mut u8, usize),
    i16: (*mut i16, usize),
    i32: (*mut i32, usize),
}

impl Arenas {
    fn of(memory: &mut Memory) -> Self {
        fn arena<T>(all: &mut [T]) -> (*mut T, usize) {
            (all.as_mut_ptr(), all.len())
        }
        Self {
            i8: arena(memory.i8.all_mut()),
            u8: arena(memory.u8.all_mut()),
            i16: arena(memory.i16.all_mut()),
            i32: arena(memory.i32.all_mut()),
        }
    }

    /// The place of `len` elements of a row.
    fn place(&self, run: &Run, row: usize, len: usize) -> Place {
        fn place<T>((first, all): (*mut T, usize), at: usize, len: usize) -> *mut T {
            assert!(at <= all && len <= all - at, "a row lies in its arena");
            first.wrapping_add(at)
        }
        let at = run.at(row, 0);
        match run.ty {
            Type::I8 => Place::I8(place(self.i8, at, len)),
            Type::U8 => Place::U8(place(self.u8, at, len)),
            Type::I16 => Place::I16(place(self.i16, at, len)),
            // `Requantised::of` takes no others.
            Type::I32 | Type::I64 => Place::I32(place(self.i32, at, len)),
        }
    }
}

/// A [`Rounding`] in vectors.
#[derive(Clone, Copy)]
struct Vectors {
    round: __m512i,
    down: __m128i,
    low: __m512i,
    high: __m512i,
}

impl Vectors {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(rounding: Rounding) -> Self {
        Self {
            round: _mm512_set1_epi32(rounding.round),
            down: _mm_cvtsi32_si128(rounding.down as i32),
            low: _mm512_set1_epi32(rounding.low),
            high: _mm512_set1_epi32(rounding.high),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn of(self, n: __m512i) -> __m512i {
        let n = _mm512_sra_epi32(_mm512_add_epi32(n, self.round), self.down);
        _mm512_min_epi32(_mm512_max_epi32(n, self.low), self.high)
    }
}

/// One row.
struct Task<'a> {
    len: usize,
    sum: Place,
    other: Option<(Place, u32)>,
    first: Rounding,
    /// The factor, none for `first` itself.
    second: Option<(Option<Place>, Rounding)>,
    totals: &'a [Place],
    firsts: &'a [Place],
    seconds: &'a [Place],
}

impl Task<'_> {
    /// # Safety
    ///
    /// The machine has the instructions; each place has `len` elements, a multiple of [`WORDS`].
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn run(&self) {
        let first_of = Vectors::new(self.first);
        let (factor, second_of) = match self.second {
            Some((factor, rounding)) => (factor, Some(Vectors::new(rounding))),
            None => (None, None),
        };
        let (other, up) = match self.other {
            Some((place, up)) => (Some(place), up),
            None => (None, 0),
        };
        let up = _mm_cvtsi32_si128(up as i32);
        for at in (0..self.len).step_by(WORDS) {
            // SAFETY: as the caller's, for a vector at `at`.
            unsafe {
                let mut total = self.sum.load(at);
                if let Some(other) = other {
                    total = _mm512_add_epi32(total, _mm512_sll_epi32(other.load(at), up));
                }
                let first = first_of.of(total);
                // All is loaded before anything is stored.
                let second = match (second_of, factor) {
                    (None, _) => first,
                    (Some(of), None) => of.of(_mm512_mullo_epi32(first, first)),
                    (Some(of), Some(by)) => of.of(_mm512_mullo_epi32(first, by.load(at))),
                };
                for place in self.totals {
                    place.store(at, total);
                }
                for place in self.firsts {
                    place.store(at, first);
                }
                for place in self.seconds {
                    place.store(at, second);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::isa::Isa;
    use super::super::super::memory::Sizes;
    use super::super::flat::Strip;
    use super::super::{Chain, Mode, Operation, Port, Put, Tiling};
    use super::*;
    use crate::random::Random;

    const TYPES: [Type; 4] = [Type::I8, Type::U8, Type::I16, Type::I32];

    /// A random chain of the form, over rows of `len` elements that lie `len + gap` apart.
    fn chain(
        random: &mut Random,
        rows: usize,
        len: usize,
        gap: usize,
        sizes: &mut Sizes,
    ) -> Chain<i32> {
        let mut port = |register, ty| Port {
            register,
            constant: false,
            ty,
            base: sizes.reserve(ty, rows * (len + gap)),
            outer: vec![len + gap],
            row: 1,
            inner: vec![(1, 1)],
        };
        let mut any = || TYPES[random.below(TYPES.len() as u64) as usize];
        let loads = vec![port(0, Type::I32), port(1, any()), port(2, any())];
        let puts = [any(), any(), any()];
        let (with_other, second) = (random.flag(), random.below(3));
        let mut operations = Vec::new();
        let mut push = |to, op| operations.push(Operation { to, op });
        let total = if with_other {
            push(3, ChainOp::ShiftLeft(1, 3));
            push(4, ChainOp::Add(3, 0));
            4
        } else {
            0
        };
        push(5, ChainOp::Requantise(total, 8, 4, -127, 127));
        match second {
            0 => {}
            1 => {
                push(6, ChainOp::Mul(5, 2));
                push(7, ChainOp::Requantise(6, 32, 6, -100, 120));
            }
            _ => {
                push(6, ChainOp::Mul(5, 5));
                push(3, ChainOp::AddConstant(6, 64));
                push(7, ChainOp::ShiftRight(3, 7));
            }
        }
        let mut registers = vec![5];
        if with_other {
            registers.push(4);
        }
        if second > 0 {
            registers.push(7);
        }
        let puts = registers.into_iter().zip(puts).map(|(register, ty)| Put {
            port: port(register, ty),
            mode: Mode::Set,
        });
        Chain {
            tiling: Tiling {
                outer: vec![rows],
                total: len,
                rows: len,
                row: 1,
            },
            puts: puts.collect(),
            loads,
            fills: Vec::new(),
            operations,
            clears: Vec::new(),
            registers: 8,
        }
    }

    proptest! {
        #[test]
        fn the_kernel_does_what_the_chain_says(
            rows in 1usize..4, vectors in 1usize..12, gap in 0usize..9, seed in any::<u64>(),
        ) {
            let mut random = Random::new(seed);
            let mut sizes = Sizes::default();
            let chain = chain(&mut random, rows, vectors * WORDS, gap, &mut sizes);
            let flat = Flat::of(&chain).unwrap();
            prop_assume!(Isa::Avx512.is_here());
            let kernel = flat.requantised.as_ref().expect("it is of the form");
            let mut memory = Memory::new(&sizes);
            memory.i8.all_mut().iter_mut().for_each(|n| *n = random.byte() as i8);
            memory.u8.all_mut().iter_mut().for_each(|n| *n = random.byte());
            memory.i16.all_mut().iter_mut().for_each(|n| *n = random.word() as i16);
            memory.i32.all_mut().iter_mut().for_each(|n| *n = random.word() as i32 >> 12);
            let mut expected = memory.clone();
            flat.run(&Memory::new(&Sizes::default()), &mut expected, &[], &mut [Strip::ZERO; 8]);
            // SAFETY: the machine has the instructions.
            unsafe { kernel.avx512(&mut memory) };
            prop_assert!(memory.i8.all() == expected.i8.all());
            prop_assert!(memory.u8.all() == expected.u8.all());
            prop_assert!(memory.i16.all() == expected.i16.all());
            prop_assert!(memory.i32.all() == expected.i32.all());
        }
    }
}
