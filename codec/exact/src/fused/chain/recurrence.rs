//! The state update of a gated recurrence and its read-out, in one pass over the state.
//!
//! A chain of this form, over rows `n` and columns `c` of a state in 16 bits, is recognised:
//!
//! ```text
//! target     = (b[n] * x[c]) << up
//! state[n,c] = clip(state[n,c] + (((target - state[n,c]) * gate[c] + round) >> down))
//! out[c]     = sum over n of ((state[n,c] + read_round) >> read_down) * read[n]
//! ```
//!
//! It is what a state-space layer does in each step (Dao and Gu, Transformers are SSMs, 2024), and
//! much of a small network's time. `short` has kernels for those whose every number fits 16 bits.

use super::super::memory::Memory;
use super::super::scale::Type;
use super::super::select::Window;
use super::transfer::load;
use super::{Port, STRIP, Scratch};

/// Numbers of the rows of a state, one for each.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct PerRow {
    pub(in super::super) ty: Type,
    pub(in super::super) base: usize,
    /// Elements from one lane, and from one row, to the next.
    pub(in super::super) lane: usize,
    pub(in super::super) row: usize,
}

/// Numbers of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Form {
    pub(in super::super) up: u32,
    pub(in super::super) round: i32,
    pub(in super::super) down: u32,
    pub(in super::super) low: i32,
    pub(in super::super) high: i32,
    pub(in super::super) read_round: i32,
    pub(in super::super) read_down: u32,
}

/// A recurrence ready to run.
#[derive(Debug, Clone)]
pub(in super::super) struct Recurrence {
    pub(in super::super) form: Form,
    pub(in super::super) lanes: usize,
    pub(in super::super) rows: usize,
    /// At most [`STRIP`].
    pub(in super::super) columns: usize,
    pub(in super::super) b: PerRow,
    pub(in super::super) read: PerRow,
    /// Loads of a lane's columns; the outer stride is that of lanes.
    pub(in super::super) x: Port,
    pub(in super::super) gate: Port,
    /// Lanes with other truth values are left as they are, sums too, which none of them wants.
    pub(in super::super) only: Vec<(Window, bool)>,
    /// First element of the states, of 16 bits, `[lanes, rows, columns]`.
    pub(in super::super) state: usize,
    /// First element of the results, of 32 bits, `[lanes, columns]`.
    pub(in super::super) out: usize,
    /// Whether all numbers but products fit 16 bits: see `short`.
    pub(in super::super) short: bool,
}

/// What one lane's state meets.
#[derive(Clone, Copy)]
pub(in super::super) struct Operands<'a> {
    pub(super) form: Form,
    /// For each column.
    pub(super) x: &'a [i32],
    pub(super) gate: &'a [i32],
    /// For each row.
    pub(super) b: &'a [i32],
    pub(super) read: &'a [i32],
}

/// Registers that a recurrence needs.
pub(in super::super) const REGISTERS: usize = 5;

impl Recurrence {
    fn is_wanted(&self, memory: &Memory, lane: usize) -> bool {
        self.only.iter().all(|(window, truth)| {
            let n = memory.get(window.ty, window.base + lane * window.lane);
            (n != 0) == *truth
        })
    }
}

/// Runs a recurrence for all lanes; `kernel` updates rows of a state and adds to the sums.
#[inline(always)]
pub(in super::super) fn recur(
    recurrence: &Recurrence,
    memory: &mut Memory,
    scratch: &mut Scratch<i32>,
    kernel: impl Fn(Operands<'_>, &mut [i16], &mut [i32]),
) {
    let Recurrence { rows, columns, .. } = *recurrence;
    let [x, gate, b, read, sums, ..] = &mut scratch.registers[..] else {
        return;
    };
    let sums = &mut sums[..columns];
    for lane in 0..recurrence.lanes {
        if !recurrence.is_wanted(memory, lane) {
            continue;
        }
        for (port, to) in [(&recurrence.x, &mut *x), (&recurrence.gate, &mut *gate)] {
            let lanes: usize = port.outer.iter().sum();
            load(port, memory, port.base + lane * lanes, 1, to);
        }
        sums.fill(0);
        for first in (0..rows).step_by(STRIP) {
            let taken = STRIP.min(rows - first);
            for (from, to) in [(&recurrence.b, &mut *b), (&recurrence.read, &mut *read)] {
                from.load(memory, lane, first, &mut to[..taken]);
            }
            let operands = Operands {
                form: recurrence.form,
                x: &x[..columns],
                gate: &gate[..columns],
                b: &b[..taken],
                read: &read[..taken],
            };
            let at = recurrence.state + (lane * rows + first) * columns;
            let state = &mut memory.i16.all_mut()[at..at + taken * columns];
            kernel(operands, state, sums);
        }
        let first = recurrence.out + lane * columns;
        memory.i32.all_mut()[first..first + columns].copy_from_slice(sums);
    }
}

impl PerRow {
    /// The numbers of a lane's rows from `first` on.
    #[inline(always)]
    fn load(&self, memory: &Memory, lane: usize, first: usize, to: &mut [i32]) {
        let at = self.base + lane * self.lane + first * self.row;
        match self.ty {
            Type::I8 => spread(memory.i8.all(), at, self.row, to, i32::from),
            Type::U8 => spread(memory.u8.all(), at, self.row, to, i32::from),
            Type::I16 => spread(memory.i16.all(), at, self.row, to, i32::from),
            Type::I32 => spread(memory.i32.all(), at, self.row, to, |n| n),
            Type::I64 => spread(memory.i64.all(), at, self.row, to, |n| n as i32),
        }
    }
}

#[inline(always)]
fn spread<S: Copy>(from: &[S], at: usize, stride: usize, to: &mut [i32], widen: impl Fn(S) -> i32) {
    if stride == 1 {
        for (to, &n) in to.iter_mut().zip(&from[at..]) {
            *to = widen(n);
        }
    } else {
        for (i, to) in to.iter_mut().enumerate() {
            *to = widen(from[at + i * stride]);
        }
    }
}

/// Any numbers, row by row.
#[inline(always)]
pub(in super::super) fn general(operands: Operands<'_>, state: &mut [i16], sums: &mut [i32]) {
    let rows = operands.b.iter().zip(operands.read);
    for (state, (&b, &read)) in state.chunks_exact_mut(sums.len()).zip(rows) {
        step(
            operands.form,
            state,
            operands.x,
            operands.gate,
            sums,
            b,
            read,
        );
    }
}

/// One row of a state.
#[inline(always)]
fn step(
    form: Form,
    state: &mut [i16],
    x: &[i32],
    gate: &[i32],
    sums: &mut [i32],
    b: i32,
    read: i32,
) {
    let columns = state.len();
    let (x, gate, sums) = (&x[..columns], &gate[..columns], &mut sums[..columns]);
    for (((state, &x), &gate), sum) in state.iter_mut().zip(x).zip(gate).zip(sums) {
        let before = i32::from(*state);
        let target = b.wrapping_mul(x).wrapping_shl(form.up);
        let change = target.wrapping_sub(before).wrapping_mul(gate);
        let change = change.wrapping_add(form.round).wrapping_shr(form.down);
        let after = before.wrapping_add(change).max(form.low).min(form.high);
        *state = after as i16;
        let seen = after
            .wrapping_add(form.read_round)
            .wrapping_shr(form.read_down);
        *sum = sum.wrapping_add(seen.wrapping_mul(read));
    }
}
