//! Runs: the last byte that followed a context, and how often in a row (`spec.md`,
//! section 6.4).
//!
//! A run slot of the table has four bytes: a check of 16 bits, the byte and the count.

use crate::counter::{counter, probability, update};
use crate::math::Tables;
use crate::table::Table;

/// Counts above this count as this.
const COUNT_MAX: u8 = 15;

/// Where a context without an expectation counts, so that nothing branches on it.
const NONE: u8 = 32;

/// What the contexts of a model expect of the next byte.
pub(crate) struct Runs {
    slots: Vec<u32>,
    checks: Vec<[u8; 2]>,
    /// 256 + the byte that each context expects; 0 where unknown or contradicted.
    expected: Vec<u32>,
    counts: Vec<u8>,
    /// Counters of "the expected bit comes", by count; those from 16 on are of no account.
    counters: Vec<[u32; 17]>,
    /// Twice the count, and the expected bit; or `NONE`.
    selected: Vec<u8>,
}

impl Runs {
    pub(crate) fn new(contexts: usize) -> Self {
        Self {
            slots: vec![0; contexts],
            checks: vec![[0; 2]; contexts],
            expected: vec![0; contexts],
            counts: vec![0; contexts],
            counters: vec![[counter(49_152, 0); 17]; contexts],
            selected: vec![NONE; contexts],
        }
    }

    /// Before a byte: reads the slots of the contexts in their lines.
    pub(crate) fn begin(&mut self, table: &Table, lines: &[u32], hashes: &[u32]) {
        for (i, (&line, &hash)) in lines.iter().zip(hashes).enumerate() {
            let slot = Table::run_slot(line, hash);
            let check = [(hash >> 10) as u8, (hash >> 18) as u8];
            let [c0, c1, byte, count] = table.load_run(slot);
            let known = [c0, c1] == check && count > 0;
            self.slots[i] = slot;
            self.checks[i] = check;
            self.expected[i] = if known { 256 | u32::from(byte) } else { 0 };
            self.counts[i] = if known { count } else { 0 };
        }
    }

    /// One input per context.
    #[inline]
    pub(crate) fn predict(&mut self, partial: u32, tables: &Tables, inputs: &mut [i32]) {
        let bits = partial.ilog2();
        let all = self.expected.iter().zip(&self.counts).zip(&self.counters);
        for (((&expected, &count), counters), (selected, input)) in
            all.zip(self.selected.iter_mut().zip(inputs))
        {
            let agrees = expected >> (8 - bits) == partial;
            let bit = (expected >> (7 - bits)) as u8 & 1;
            let count = if agrees { count & COUNT_MAX } else { NONE / 2 };
            let x = tables.stretch(probability(counters[usize::from(count)]));
            let x = if agrees { x } else { 0 };
            *selected = (count << 1) | bit;
            *input = if bit == 1 { x } else { -x };
        }
    }

    #[inline]
    pub(crate) fn update(&mut self, bit: usize, reciprocals: &[i32; 1024]) {
        for (&selected, counters) in self.selected.iter().zip(&mut self.counters) {
            let hit = usize::from(usize::from(selected & 1) == bit);
            update(&mut counters[usize::from(selected >> 1).min(16)], hit, 1023, reciprocals);
        }
    }

    /// After a byte.
    pub(crate) fn push(&mut self, byte: u8, table: &mut Table) {
        let all = self.slots.iter().zip(&self.checks).zip(&self.expected).zip(&self.counts);
        for (((&slot, &[c0, c1]), &expected), &count) in all {
            let same = expected == 256 | u32::from(byte);
            let count = if same { (count + 1).min(COUNT_MAX) } else { 1 };
            table.store_run(slot, [c0, c1, byte, count]);
        }
    }
}
