//! Chains compiled for each instruction set.

#![cfg_attr(
    target_arch = "x86_64",
    allow(unsafe_code, reason = "code compiled for vector instructions")
)]

use super::chain::{Chain, Flat, OnStrips, Recurrence, Scratch, Small, Strip, general, recur, run};
#[cfg(target_arch = "x86_64")]
use super::chain::{Operands, short};
use super::isa::Isa;
use super::memory::Memory;

/// Runs a chain in 32-bit words, whose vectors are worth having.
pub(super) fn run_words(
    isa: Isa,
    chain: &Chain<i32>,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    scratch: &mut Scratch<i32>,
) {
    match isa {
        // SAFETY: an instruction set is chosen only where the machine has it.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Vnni => unsafe { avx512(chain, constants, memory, tables, scratch) },
        // SAFETY: likewise.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { avx2(chain, constants, memory, tables, scratch) },
        _ => run(chain, constants, memory, tables, scratch),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512(
    chain: &Chain<i32>,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    scratch: &mut Scratch<i32>,
) {
    run(chain, constants, memory, tables, scratch);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(
    chain: &Chain<i32>,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    scratch: &mut Scratch<i32>,
) {
    run(chain, constants, memory, tables, scratch);
}

/// Runs a chain of rows of consecutive elements.
pub(super) fn run_flat(
    isa: Isa,
    flat: &Flat,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    strips: &mut [Strip],
) {
    match isa {
        // SAFETY: an instruction set is chosen only where the machine has it.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Vnni => unsafe {
            match &flat.requantised {
                Some(requantised) => requantised.avx512(memory),
                None => strips_avx512(flat, constants, memory, tables, strips),
            }
        },
        // SAFETY: likewise.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe {
            match &flat.requantised {
                Some(requantised) => requantised.avx2(memory),
                None => strips_avx2(flat, constants, memory, tables, strips),
            }
        },
        _ => flat.run(constants, memory, tables, strips),
    }
}

/// Runs a chain of few elements.
pub(super) fn run_small(
    isa: Isa,
    small: &Small,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    strips: &mut [Strip],
) {
    match isa {
        // SAFETY: an instruction set is chosen only where the machine has it.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Vnni => unsafe {
            strips_avx512(small, constants, memory, tables, strips);
        },
        // SAFETY: likewise.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { strips_avx2(small, constants, memory, tables, strips) },
        _ => small.run(constants, memory, tables, strips),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn strips_avx512(
    chain: &impl OnStrips,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    strips: &mut [Strip],
) {
    chain.run(constants, memory, tables, strips);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn strips_avx2(
    chain: &impl OnStrips,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    strips: &mut [Strip],
) {
    chain.run(constants, memory, tables, strips);
}

/// Runs a recurrence.
pub(super) fn run_recurrence(
    isa: Isa,
    recurrence: &Recurrence,
    memory: &mut Memory,
    scratch: &mut Scratch<i32>,
) {
    match isa {
        // SAFETY: an instruction set is chosen only where the machine has it.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Vnni => unsafe { recur_avx512(recurrence, memory, scratch) },
        // SAFETY: likewise.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { recur_avx2(recurrence, memory, scratch) },
        _ => recur(recurrence, memory, scratch, general),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn recur_avx512(recurrence: &Recurrence, memory: &mut Memory, scratch: &mut Scratch<i32>) {
    if recurrence.short {
        // SAFETY: this function has the instructions, too.
        let kernel = |operands: Operands<'_>, state: &mut [i16], sums: &mut [i32]| unsafe {
            short::avx512(operands, state, sums);
        };
        recur(recurrence, memory, scratch, kernel);
    } else {
        recur(recurrence, memory, scratch, general);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn recur_avx2(recurrence: &Recurrence, memory: &mut Memory, scratch: &mut Scratch<i32>) {
    if recurrence.short {
        // SAFETY: this function has the instructions, too.
        let kernel = |operands: Operands<'_>, state: &mut [i16], sums: &mut [i32]| unsafe {
            short::avx2(operands, state, sums);
        };
        recur(recurrence, memory, scratch, kernel);
    } else {
        recur(recurrence, memory, scratch, general);
    }
}
