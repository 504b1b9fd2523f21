//! Run maps: the last byte that followed a context, and how often in a row (`spec.md`, section 6.4).

use crate::counter::{counter, probability, update};
use crate::math::Tables;
use crate::simd::prefetch;
use crate::tracker::fold;

/// No expectation at this bit.
const NONE: u8 = 255;

/// Counts above this count as this.
const COUNT_MAX: u32 = 15;

/// One map per context, all in one table: check 16 bits, byte 8 bits, count 8 bits.
pub(crate) struct Runs {
    table: Vec<u32>,
    bits: u32,
    slots: Vec<usize>,
    checks: Vec<u32>,
    /// What each context expects: byte | count << 8; 0 where unknown or contradicted.
    expected: Vec<u32>,
    /// Counters of "the expected bit comes", by count.
    counters: Vec<[u32; 16]>,
    /// Count and expected bit, or `NONE`.
    selected: Vec<u8>,
}

impl Runs {
    /// Bytes of a map of `2^(bits + 2)` slots.
    pub(crate) const fn memory(bits: u32) -> u64 {
        16 << bits
    }

    pub(crate) fn new(contexts: usize, bits: u32) -> Self {
        let bits = bits + 2;
        Self {
            table: vec![0; 1 << bits],
            bits,
            slots: vec![0; contexts],
            checks: vec![0; contexts],
            expected: vec![0; contexts],
            counters: vec![[counter(49_152, 0); 16]; contexts],
            selected: vec![NONE; contexts],
        }
    }

    /// Before a byte: finds the slots of the contexts and asks for them.
    pub(crate) fn begin(&mut self, hashes: &[u32]) {
        for ((slot, check), &hash) in self.slots.iter_mut().zip(&mut self.checks).zip(hashes) {
            let h = fold(hash, 0x5555);
            *slot = (h >> (32 - self.bits)) as usize;
            *check = h & 0xFFFF;
            prefetch(&self.table, *slot);
        }
    }

    /// Reads the slots.
    pub(crate) fn look(&mut self) {
        for ((&slot, &check), expected) in
            self.slots.iter().zip(&self.checks).zip(&mut self.expected)
        {
            let e = self.table[slot];
            *expected = if e >> 16 == check { e & 0xFFFF } else { 0 };
        }
    }

    #[inline]
    pub(crate) fn predict(&mut self, partial: u32, tables: &Tables, inputs: &mut [i32]) {
        let bits = partial.ilog2();
        let all = self
            .expected
            .iter_mut()
            .zip(&mut self.selected)
            .zip(&self.counters)
            .zip(inputs);
        for (((expected, selected), counters), input) in all {
            *selected = NONE;
            *input = 0;
            let e = *expected;
            if e < 256 {
                continue;
            }
            let byte = e & 255;
            if (byte | 256) >> (8 - bits) != partial {
                *expected = 0;
                continue;
            }
            let bit = (byte >> (7 - bits)) & 1;
            let count = (e >> 8) as u8 & 15;
            *selected = count << 1 | bit as u8;
            let x = tables.stretch(probability(counters[usize::from(count)]));
            *input = if bit == 1 { x } else { -x };
        }
    }

    #[inline]
    pub(crate) fn update(&mut self, bit: usize, reciprocals: &[i32; 1024]) {
        for (&selected, counters) in self.selected.iter().zip(&mut self.counters) {
            if selected != NONE {
                let hit = usize::from(usize::from(selected & 1) == bit);
                update(
                    &mut counters[usize::from(selected >> 1) & 15],
                    hit,
                    1023,
                    reciprocals,
                );
            }
        }
    }

    /// After a byte.
    pub(crate) fn push(&mut self, byte: u8) {
        for (&slot, &check) in self.slots.iter().zip(&self.checks) {
            let e = &mut self.table[slot];
            let same = *e >> 16 == check && *e & 255 == u32::from(byte);
            let count = if same {
                (((*e >> 8) & 255) + 1).min(COUNT_MAX)
            } else {
                1
            };
            *e = (check << 16) | (count << 8) | u32::from(byte);
        }
    }
}
