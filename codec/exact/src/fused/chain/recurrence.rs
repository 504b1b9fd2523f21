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
//! most of a small network's time. All of it stays in registers.

use super::super::memory::Memory;
use super::super::scale::Type;
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
    /// First element of the states, of 16 bits, `[lanes, rows, columns]`.
    pub(in super::super) state: usize,
    /// First element of the results, of 32 bits, `[lanes, columns]`.
    pub(in super::super) out: usize,
}

/// Runs a recurrence for all lanes.
#[inline(always)]
pub(in super::super) fn recur(
    recurrence: &Recurrence,
    memory: &mut Memory,
    scratch: &mut Scratch<i32>,
) {
    let Recurrence { rows, columns, .. } = *recurrence;
    let [x, gate, sums, ..] = &mut scratch.registers[..] else {
        return;
    };
    let (x, gate, sums) = (&mut x[..STRIP], &mut gate[..STRIP], &mut sums[..columns]);
    for lane in 0..recurrence.lanes {
        for (port, to) in [(&recurrence.x, &mut *x), (&recurrence.gate, &mut *gate)] {
            let lanes: usize = port.outer.iter().sum();
            load(port, memory, port.base + lane * lanes, 1, to);
        }
        sums.fill(0);
        for row in 0..rows {
            let number = |from: &PerRow| {
                let at = from.base + lane * from.lane + row * from.row;
                memory.get(from.ty, at) as i32
            };
            let (b, read) = (number(&recurrence.b), number(&recurrence.read));
            let first = recurrence.state + (lane * rows + row) * columns;
            let state = &mut memory.i16.all_mut()[first..first + columns];
            step(recurrence.form, state, x, gate, sums, b, read);
        }
        let first = recurrence.out + lane * columns;
        memory.i32.all_mut()[first..first + columns].copy_from_slice(sums);
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
