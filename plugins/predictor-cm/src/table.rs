//! The shared hash table of bit histories (`spec.md`, section 5).
//!
//! A line is 64 bytes, one cache line: three rows and four run slots. A row is a check byte
//! and the 15 states of one nibble under one context; a run slot is the business of `runs`.
//! What a context knows about one byte lies in one line, or in up to 16 neighbours where a
//! context is followed by many bytes: main memory is asked once. All contexts of a model share
//! one table, so the memory goes where the contexts are.

use umoec_codec::Result;

use crate::memory::{Memory, zeroed};
use crate::simd::prefetch;

/// Bytes of a line.
pub(crate) const LINE: usize = 64;
/// Bytes of a row.
pub(crate) const ROW: usize = 16;
/// Rows of a line; the rest of it are run slots.
const ROWS: usize = 3;
/// Run slots of a line, four bytes each.
const RUNS: usize = 4;

/// Lines of rows, zero at first.
pub(crate) struct Table {
    memory: Memory,
    lines: u64,
}

impl Table {
    /// A table of `lines` lines, a multiple of 16. The pages cost nothing before they are
    /// touched.
    ///
    /// # Errors
    /// `Memory` where the system has no such memory.
    pub(crate) fn new(lines: usize) -> Result<Self> {
        Ok(Self {
            memory: zeroed(lines * LINE)?,
            lines: lines as u64,
        })
    }

    /// The offset of the line of `hash`.
    #[inline(always)]
    pub(crate) fn line(&self, hash: u32) -> u32 {
        (((u64::from(hash) * self.lines) >> 32) as usize * LINE) as u32
    }

    /// The line of the second nibble of a context whose line is `line`; `first` is 16 and the
    /// first nibble, without as many of the lower bits as `shift` says.
    #[inline(always)]
    pub(crate) const fn turned(line: u32, first: u32, shift: u8) -> u32 {
        line ^ (((first & 15) >> shift) * LINE as u32)
    }

    /// Asks for a line to be brought near.
    #[inline(always)]
    pub(crate) fn prefetch(&self, line: u32) {
        prefetch(&self.memory, line as usize);
    }

    /// The offset of the row of `hash` in `line`, and a copy of it. Where none has the check it is that of the
    /// context seen least, and the copy is fresh.
    #[inline(always)]
    pub(crate) fn find(&self, line: u32, hash: u32) -> (u32, [u8; ROW]) {
        let start = line as usize;
        let check = (hash & 255) as u8;
        let rows: &[u8; ROWS * ROW] = self.memory[start..start + ROWS * ROW]
            .try_into()
            .expect("three rows");
        // The state of the first node tells how often a row was visited: 0 is empty, and states are in the
        // order of their totals. What is least is the row: its number where it has the check, else the visits
        // above it. Which it is nobody could foretell, so there is no branch.
        let key = |row: usize| {
            let visits = rows[row * ROW + 1];
            let found = rows[row * ROW] == check && visits != 0;
            let rank = if found { 0 } else { u32::from(visits) + 1 };
            4 * rank + row as u32
        };
        let least = key(0).min(key(1)).min(key(2));
        let at = (least & 3) as usize % ROWS * ROW;
        let row = rows[at..at + ROW].try_into().expect("a row has 16 bytes");
        let found = u128::from(least < 4).wrapping_neg();
        let row = (u128::from_le_bytes(row) & found) | (u128::from(check) & !found);
        ((start + at) as u32, row.to_le_bytes())
    }

    /// Puts a row back.
    #[inline(always)]
    pub(crate) fn store(&mut self, at: u32, row: &[u8; ROW]) {
        let at = at as usize;
        self.memory[at..at + ROW].copy_from_slice(row);
    }

    /// The offset of the run slot of `hash` in `line`.
    #[inline(always)]
    pub(crate) fn run_slot(line: u32, hash: u32) -> u32 {
        line + (ROWS * ROW) as u32 + 4 * ((hash >> 8) % RUNS as u32)
    }

    /// The run slot at `at`, read.
    #[inline(always)]
    pub(crate) fn load_run(&self, at: u32) -> [u8; 4] {
        let at = at as usize;
        self.memory[at..at + 4]
            .try_into()
            .expect("a run slot has 4 bytes")
    }

    /// The run slot at `at`, written.
    #[inline(always)]
    pub(crate) fn store_run(&mut self, at: u32, run: [u8; 4]) {
        let at = at as usize;
        self.memory[at..at + 4].copy_from_slice(&run);
    }
}
