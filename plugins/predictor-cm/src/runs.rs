//! Runs: the last byte that followed a context, and how often in a row (`spec.md`,
//! section 6.4).
//!
//! A run slot of the table has four bytes: a check of 16 bits, the byte and the count.

use crate::counter::{counter, probability, updated};
use crate::math::Tables;
use crate::table::Table;

/// Counts above this count as this.
const COUNT_MAX: u8 = 15;

/// Counters per context: one for each count; at 0 those without an expectation count.
const COUNTS: usize = 16;

/// What one context expects of the next byte.
#[derive(Clone)]
struct Run {
    /// Offset of the run slot.
    slot: u32,
    check: [u8; 2],
    /// How often in a row, 0 where unknown.
    count: u8,
    /// 256 + the byte; 0 where unknown.
    expected: u32,
    /// The expected next bit.
    bit: u32,
    /// Which counter this bit has: the count where the expectation agrees with the bits so
    /// far, else 0.
    selected: u32,
    /// Counters of "the expected bit comes".
    counters: [u32; COUNTS],
}

/// The runs of a model's first contexts.
pub(crate) struct Runs {
    runs: Vec<Run>,
}

impl Runs {
    /// Bytes of the run of one context.
    pub(crate) const BYTES: u64 = size_of::<Run>() as u64;

    pub(crate) fn new(contexts: usize) -> Self {
        let run = Run {
            slot: 0,
            check: [0; 2],
            count: 0,
            expected: 0,
            bit: 0,
            selected: 0,
            counters: [counter(49_152, 0); COUNTS],
        };
        Self {
            runs: vec![run; contexts],
        }
    }

    /// Contexts that have one.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.runs.len()
    }

    /// Before a byte: reads the slots of the first contexts in their lines.
    #[inline(always)]
    pub(crate) fn begin(&mut self, table: &Table, lines: &[u32], hashes: &[u32]) {
        for ((run, &line), &hash) in self.runs.iter_mut().zip(lines).zip(hashes) {
            run.slot = Table::run_slot(line, hash);
            run.check = [(hash >> 10) as u8, (hash >> 18) as u8];
            let [c0, c1, byte, count] = table.load_run(run.slot);
            let known = [c0, c1] == run.check && count > 0;
            run.expected = if known { 256 | u32::from(byte) } else { 0 };
            run.count = if known { count & COUNT_MAX } else { 0 };
        }
    }

    /// One input per context.
    #[inline(always)]
    pub(crate) fn predict(&mut self, partial: u32, tables: &Tables, inputs: &mut [i16]) {
        let bits = partial.ilog2();
        for (run, input) in self.runs.iter_mut().zip(inputs) {
            let agrees = u32::from(run.expected >> (8 - bits) == partial).wrapping_neg();
            run.bit = (run.expected >> (7 - bits)) & 1;
            run.selected = u32::from(run.count) & agrees;
            let x = tables.stretch(probability(run.counters[run.selected as usize % COUNTS]));
            let x = (x & agrees as i32) as i16;
            *input = if run.bit == 1 { x } else { -x };
        }
    }

    /// Learns whether the expected bits came.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32) {
        for run in &mut self.runs {
            let counter = &mut run.counters[run.selected as usize % COUNTS];
            *counter = updated(*counter, u32::from(run.bit == bit));
        }
    }

    /// After a byte.
    #[inline(always)]
    pub(crate) fn push(&mut self, byte: u8, table: &mut Table) {
        for run in &self.runs {
            let same = run.expected == 256 | u32::from(byte);
            let count = if same {
                (run.count + 1).min(COUNT_MAX)
            } else {
                1
            };
            table.store_run(run.slot, [run.check[0], run.check[1], byte, count]);
        }
    }
}
