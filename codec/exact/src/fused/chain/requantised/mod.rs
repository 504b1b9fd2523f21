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

mod kernel;

use crate::fused::chain::flat::{Flat, Run};
use crate::fused::chain::word::Word as _;
use crate::fused::draft::ChainOp;
use crate::fused::memory::Memory;
use crate::fused::scale::Type;
use kernel::{Arenas, Place, Task};

/// A row is a multiple of so many words: the largest vector.
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

    /// Runs it over all lanes with AVX-512.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    pub(in super::super) unsafe fn avx512(&self, memory: &mut Memory) {
        // SAFETY: the machine has the instructions, as the caller says; each place has a row's elements,
        // which nothing else refers to meanwhile.
        self.run(memory, |task| unsafe { task.avx512() });
    }

    /// Runs it over all lanes with AVX2.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    pub(in super::super) unsafe fn avx2(&self, memory: &mut Memory) {
        // SAFETY: the machine has the instructions, as the caller says; each place has a row's elements,
        // which nothing else refers to meanwhile.
        self.run(memory, |task| unsafe { task.avx2() });
    }

    /// Calls `kernel` for each row.
    // What is prepared here is no work for vectors.
    fn run(&self, memory: &mut Memory, kernel: impl Fn(&Task<'_>)) {
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
            kernel(&task);
        }
    }
}

#[cfg(test)]
mod tests;
