//! The loop over tiles.

use super::super::memory::Memory;
use super::operate::{Register, operate, registers};
use super::transfer::{load, store};
use super::{BLOCK, Chain, Word};

/// Registers and counters that all chains of a stepper share.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Scratch<T> {
    pub(super) registers: Vec<Register<T>>,
    /// Indices of the loops over tiles.
    index: Vec<usize>,
    /// For each load, the tile that its register holds: place and rows.
    held: Vec<(usize, usize)>,
}

impl<T: Word> Scratch<T> {
    /// Room for chains of at most so many registers, loops and loads.
    pub(in super::super) fn new(registers_most: usize, loops: usize, loads: usize) -> Self {
        Self {
            registers: registers(registers_most),
            index: vec![0; loops.max(1)],
            held: vec![(0, 0); loads.max(1)],
        }
    }
}

/// Runs a chain over all lanes.
#[inline(always)]
pub(in super::super) fn run<T: Word>(
    chain: &Chain<T>,
    constants: &Memory,
    memory: &mut Memory,
    tables: &[Vec<i64>],
    scratch: &mut Scratch<T>,
) {
    for clear in &chain.clears {
        memory.fill(clear.ty, clear.base..clear.base + clear.len, clear.number);
    }
    let registers = &mut scratch.registers[..];
    for fill in &chain.fills {
        operate(fill, registers, tables, 0);
    }
    let held = &mut scratch.held[..chain.loads.len()];
    for held in &mut *held {
        *held = (0, 0);
    }
    let tiling = &chain.tiling;
    let index = &mut scratch.index[..tiling.outer.len()];
    // Filling nothing at an address that is none costs hundreds of cycles: the masked stores of
    // some libraries' `memset` are slow there.
    if !index.is_empty() {
        index.fill(0);
    }
    loop {
        let mut row = 0;
        while row < tiling.total {
            let rows = tiling.rows.min(tiling.total - row);
            let place = |base: usize, outer: &[usize], by: usize| {
                let outer = index.iter().zip(outer);
                base + row * by + outer.map(|(i, stride)| i * stride).sum::<usize>()
            };
            for (port, held) in chain.loads.iter().zip(&mut *held) {
                let at = place(port.base, &port.outer, port.row);
                // What does not move along this loop is loaded once.
                if *held == (at, rows) {
                    continue;
                }
                *held = (at, rows);
                let from = if port.constant { constants } else { &*memory };
                load(port, from, at, rows, &mut registers[port.register]);
            }
            let blocks = (rows * tiling.row).div_ceil(BLOCK);
            for operation in &chain.operations {
                operate(operation, registers, tables, blocks);
            }
            for put in &chain.puts {
                let port = &put.port;
                let at = place(port.base, &port.outer, port.row);
                store(port, put.mode, memory, at, rows, &registers[port.register]);
            }
            row += rows;
        }
        // The next tile's indices, the innermost loop first.
        let mut axis = tiling.outer.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < tiling.outer[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}
