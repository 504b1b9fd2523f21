//! Runs: the last byte that followed a context, and how often in a row (`spec.md`,
//! section 6.4).
//!
//! A run slot of the table has four bytes: a check of 16 bits, the byte and the count.

use crate::counter::{counter, probability};
use crate::math::Tables;
use crate::mixer::GROUP;
use crate::simd::Ops;
use crate::table::Table;

/// Counts above this count as this.
const COUNT_MAX: u32 = 15;

/// Counters per context: one for each count.
const COUNTS: usize = 16;

/// What some contexts expect of the next byte, side by side; those behind the last one expect nothing.
#[derive(Clone)]
struct Group {
    /// Offsets of the run slots.
    slots: [u32; GROUP],
    checks: [[u8; 2]; GROUP],
    /// How often in a row, 0 where unknown.
    counts: [u32; GROUP],
    /// 256 + the byte; 0 where unknown.
    expected: [u32; GROUP],
    /// The counters of the counts: all that a byte needs of them.
    values: [u32; GROUP],
    /// All ones where the expectation agrees with the bits so far.
    agree: [u32; GROUP],
    /// The expected next bits.
    bits: [u32; GROUP],
    /// Counters of "the expected bit comes".
    counters: [[u32; COUNTS]; GROUP],
}

/// The counters of a run at first, where nothing is known of it.
pub(crate) const fn fresh_counters() -> [u32; COUNTS] {
    [counter(49_152, 0); COUNTS]
}

/// The runs of a model's first contexts.
pub(crate) struct Runs {
    groups: Vec<Group>,
    len: usize,
}

impl Runs {
    /// Bytes of the run of one context.
    pub(crate) const BYTES: u64 = (size_of::<Group>() / GROUP) as u64;

    /// Runs of so many contexts, whose counters are all `fresh` at first.
    pub(crate) fn new(contexts: usize, fresh: [u32; COUNTS]) -> Self {
        let group = Group {
            slots: [0; GROUP],
            checks: [[0; 2]; GROUP],
            counts: [0; GROUP],
            expected: [0; GROUP],
            values: [0; GROUP],
            agree: [0; GROUP],
            bits: [0; GROUP],
            counters: [fresh; GROUP],
        };
        Self {
            groups: vec![group; contexts.div_ceil(GROUP)],
            len: contexts,
        }
    }

    /// The counters of each context.
    pub(crate) fn counters(&mut self) -> Vec<&mut [u32; COUNTS]> {
        let n = self.len;
        self.groups
            .iter_mut()
            .flat_map(|g| &mut g.counters)
            .take(n)
            .collect()
    }

    /// Contexts that have one.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Before a byte: reads the slots of the first contexts in their lines.
    #[inline(always)]
    pub(crate) fn begin(&mut self, table: &Table, lines: &[u32], hashes: &[u32]) {
        let (lines, hashes) = (&lines[..self.len], &hashes[..self.len]);
        let contexts = lines.chunks(GROUP).zip(hashes.chunks(GROUP));
        for (group, (lines, hashes)) in self.groups.iter_mut().zip(contexts) {
            for (i, (&line, &hash)) in lines.iter().zip(hashes).enumerate().take(GROUP) {
                group.slots[i] = Table::run_slot(line, hash);
                group.checks[i] = [(hash >> 10) as u8, (hash >> 18) as u8];
                let [c0, c1, byte, count] = table.load_run(group.slots[i]);
                let known = [c0, c1] == group.checks[i] && count > 0;
                let known = u32::from(known).wrapping_neg();
                group.expected[i] = (256 | u32::from(byte)) & known;
                group.counts[i] = u32::from(count) & COUNT_MAX & known;
                group.values[i] = group.counters[i][group.counts[i] as usize % COUNTS];
            }
        }
    }

    /// One input per context, and zeros up to a whole group.
    #[inline(always)]
    pub(crate) fn predict<O: Ops>(&mut self, partial: u32, tables: &Tables, inputs: &mut [i16]) {
        let shift = 7 - partial.ilog2();
        for (group, inputs) in self.groups.iter_mut().zip(inputs.chunks_exact_mut(GROUP)) {
            let x = group.values.map(|v| tables.stretch(probability(v)) as i16);
            let expected = O::expected(&x, &group.expected, partial, shift);
            (group.agree, group.bits) = (expected.agree, expected.bits);
            inputs.copy_from_slice(&expected.inputs);
        }
    }

    /// Learns whether the expected bits came.
    #[inline(always)]
    pub(crate) fn update<O: Ops>(&mut self, bit: u32) {
        for group in &mut self.groups {
            let hits = group.bits.map(|b| u32::from(b == bit));
            let values = O::updated(&group.values, &hits);
            for ((value, agree), learned) in group.values.iter_mut().zip(group.agree).zip(values) {
                *value = (learned & agree) | (*value & !agree);
            }
        }
    }

    /// After a byte.
    #[inline(always)]
    pub(crate) fn push(&mut self, byte: u8, table: &mut Table) {
        let mut left = self.len;
        for group in &mut self.groups {
            for i in 0..left.min(GROUP) {
                let count = group.counts[i];
                group.counters[i][count as usize % COUNTS] = group.values[i];
                let same = group.expected[i] == 256 | u32::from(byte);
                let count = if same { (count + 1).min(COUNT_MAX) } else { 1 };
                let [c0, c1] = group.checks[i];
                table.store_run(group.slots[i], [c0, c1, byte, count as u8]);
            }
            left = left.saturating_sub(GROUP);
        }
    }
}
