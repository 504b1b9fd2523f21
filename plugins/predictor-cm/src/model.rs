//! The model: contexts to inputs, inputs to one probability, and back (`spec.md`, section 9).

use umoec_codec::plugin::{DecisionCoder, PredictorState};
use umoec_codec::probability::BitProbability;

use crate::apm::Apm;
use crate::counter::{counter, probability, reciprocals, update};
use crate::history::{HISTORIES, Histories};
use crate::matcher::Matcher;
use crate::math::{TABLES, Tables};
use crate::mixer::Mixer;
use crate::params::Params;
use crate::runs::Runs;
use crate::selector::{Selector, Situation};
use crate::simd::prefetch;
use crate::table::{LINE, ROW, Table};
use crate::tracker::{Tracker, fold};

/// Counters of a direct context: 2^22, 16 to a nibble.
pub(crate) const DIRECT_BITS: u32 = 22;

/// Contexts of the adaptive probability maps: partial byte, with order 1, with order 2, with
/// the expected byte.
const APM_CONTEXTS: [usize; 4] = [256, 1 << 16, 1 << 16, 1 << 16];

/// The state of `cm` within one stream.
pub(crate) struct Model {
    params: Params,
    tables: &'static Tables,
    histories: &'static Histories,
    reciprocals: &'static [i32; 1024],
    tracker: Tracker,
    table: Table,
    /// Hash of each hashed context before this byte.
    hashes: Vec<u32>,
    /// Offset of the line of each hashed context.
    lines: Vec<u32>,
    /// How far second nibbles are spread over neighbouring lines, per hashed context.
    spread: Vec<u32>,
    /// Offset of the row of each hashed context.
    rows: Vec<u32>,
    /// Copies of those rows, written back at the end of the nibble.
    nibbles: Vec<[u8; ROW]>,
    /// A counter for each state, per hashed context.
    counters: Vec<[u32; 256]>,
    /// All ones for a state that has seen one kind of bit only.
    sure: [i32; 256],
    /// Counters of the direct contexts.
    direct: Vec<Vec<u32>>,
    direct_hashes: Vec<u32>,
    direct_at: Vec<usize>,
    matchers: Vec<Matcher>,
    runs: Runs,
    mixer: Mixer,
    selected: Vec<u32>,
    apms: [Apm; 4],
}

impl Model {
    /// Bytes that a model takes for a stream of `len` bytes.
    pub(crate) fn memory(params: &Params, len: u64) -> u64 {
        let recipe = &params.recipe;
        let bits = Params::index_bits(len);
        let sizes: Vec<usize> = recipe.selectors.iter().map(|s| s.size()).collect();
        let table = params.lines() * LINE as u64;
        let direct = recipe.direct.len() as u64 * (4 << DIRECT_BITS);
        let matchers = recipe.matches.len() as u64 * Matcher::memory(bits);
        let mixer = Mixer::memory(recipe.inputs(), &sizes, 256);
        // Counters, hashes, rows, what followed pairs of bytes, and the fixed tables.
        let small = recipe.contexts.len() as u64 * 1200 + (1 << 20);
        table
            + direct
            + matchers
            + mixer
            + APM_CONTEXTS.iter().map(|&n| Apm::memory(n)).sum::<u64>()
            + small
    }

    /// A model at the beginning of a stream of `len` bytes.
    pub(crate) fn new(params: Params, len: u64) -> Self {
        let recipe = &params.recipe;
        let bits = Params::index_bits(len);
        let n = recipe.contexts.len();
        let initial: [u32; 256] = std::array::from_fn(|s| {
            let (n0, n1) = HISTORIES.states.get(s).map_or((0, 0), |s| (s.n0, s.n1));
            let (n0, n1) = (u32::from(n0), u32::from(n1));
            counter(((2 * n1 + 1) << 15) / (n0 + n1 + 1), 0)
        });
        let sizes: Vec<usize> = recipe.selectors.iter().map(|s| s.size()).collect();
        Self {
            tables: &TABLES,
            histories: &HISTORIES,
            reciprocals: reciprocals(),
            tracker: Tracker::new(params.strides.map(|s| s as usize)),
            table: Table::new(params.lines() as usize),
            hashes: vec![0; n],
            lines: vec![0; n],
            spread: recipe.contexts.iter().map(|c| c.spread()).collect(),
            rows: vec![0; n],
            nibbles: vec![[0; ROW]; n],
            counters: vec![initial; n],
            sure: std::array::from_fn(|s| match HISTORIES.states.get(s) {
                Some(s) if (s.n0 == 0) != (s.n1 == 0) => -1,
                _ => 0,
            }),
            direct: recipe
                .direct
                .iter()
                .map(|_| vec![counter(32_768, 0); 1 << DIRECT_BITS])
                .collect(),
            direct_hashes: vec![0; recipe.direct.len()],
            direct_at: vec![0; recipe.direct.len()],
            matchers: recipe
                .matches
                .iter()
                .map(|&least| Matcher::new(usize::from(least), bits))
                .collect(),
            runs: Runs::new(n),
            mixer: Mixer::new(recipe.inputs(), &sizes, 256, recipe.rates, recipe.weight),
            selected: vec![0; sizes.len()],
            apms: APM_CONTEXTS.map(|n| Apm::new(n, 5)),
            params,
        }
    }

    /// Hashes the contexts of the next byte and asks for all that they will read.
    fn begin_byte(&mut self, history: &[u8]) {
        let expected = self
            .matchers
            .iter()
            .map(Matcher::expected)
            .find(|&e| e != 0)
            .unwrap_or(0);
        for (i, context) in self.params.recipe.contexts.iter().enumerate() {
            self.hashes[i] = context.hash(&self.tracker, history, expected);
            self.lines[i] = self.table.line(self.hashes[i]);
            self.table.prefetch(self.lines[i]);
        }
        for (hash, context) in self
            .direct_hashes
            .iter_mut()
            .zip(&self.params.recipe.direct)
        {
            *hash = context.hash(&self.tracker, history, expected);
        }
        self.runs.begin(&self.table, &self.lines, &self.hashes);
        self.begin_nibble(0);
    }

    /// Finds the rows of a nibble. `first` is 0, or 16 and the first nibble.
    fn begin_nibble(&mut self, first: u32) {
        let direct = self
            .direct_at
            .iter_mut()
            .zip(&self.direct_hashes)
            .zip(&self.direct);
        for ((at, &hash), counters) in direct {
            *at = ((fold(hash, first) >> (32 - DIRECT_BITS)) & !15) as usize;
            prefetch(counters, *at);
        }
        if first != 0 {
            for i in 0..self.rows.len() {
                self.table.store(self.rows[i], &self.nibbles[i]);
                self.hashes[i] = fold(self.hashes[i], first);
                self.lines[i] ^= (first & self.spread[i]) * LINE as u32;
                self.table.prefetch(self.lines[i]);
            }
        }
        for i in 0..self.rows.len() {
            self.rows[i] = self.table.row(self.lines[i], self.hashes[i]);
            self.nibbles[i] = self.table.load(self.rows[i]);
        }
    }

    /// Writes the rows of the second nibble back.
    fn end_byte(&mut self) {
        for (&row, nibble) in self.rows.iter().zip(&self.nibbles) {
            self.table.store(row, nibble);
        }
    }

    /// The probability of a 1, 16 bits.
    #[inline]
    fn predict(&mut self, partial: u32, node: usize) -> u32 {
        let c4 = self.tracker.c4;
        let mut expected = 0;
        let mut length = 0;
        let (n, d) = (self.rows.len(), self.direct.len());
        let (pairs, rest) = self.mixer.inputs.split_at_mut(2 * n);
        let (runs, rest) = rest.split_at_mut(n);
        let (direct, rest) = rest.split_at_mut(d);
        let (matches, rest) = rest.split_at_mut(2 * self.matchers.len());
        for (matcher, inputs) in self.matchers.iter_mut().zip(matches.chunks_exact_mut(2)) {
            matcher.predict(partial, self.tables, inputs);
            if expected == 0 {
                expected = matcher.expected();
                length = matcher.length();
            }
        }
        rest[0] = 256;
        let apm_contexts = [
            partial as usize,
            ((c4 & 255) << 8 | partial) as usize,
            fold(fold(partial, c4 & 0xFFFF), 1) as usize & 0xFFFF,
            (expected << 8 | partial) as usize & 0xFFFF,
        ];
        for (apm, &context) in self.apms.iter().zip(&apm_contexts) {
            apm.prefetch(context);
        }
        let mut seen = 0;
        for ((nibble, counters), inputs) in self
            .nibbles
            .iter()
            .zip(&self.counters)
            .zip(pairs.chunks_exact_mut(2))
        {
            let state = nibble[node & 15];
            let x = self
                .tables
                .stretch(probability(counters[usize::from(state)]));
            let known = -i32::from(state != 0);
            seen -= known;
            inputs[0] = x & known;
            inputs[1] = x & self.sure[usize::from(state)];
        }
        self.runs.predict(partial, self.tables, runs);
        for ((counters, &at), input) in self.direct.iter().zip(&self.direct_at).zip(direct) {
            *input = self.tables.stretch(probability(counters[at + node]));
        }
        let situation = Situation {
            tracker: &self.tracker,
            partial,
            expected,
            length,
            seen: seen as u32,
        };
        for (selected, selector) in self.selected.iter_mut().zip(&self.params.recipe.selectors) {
            *selected = selector.context(&situation);
        }
        let x = self.mixer.mix(&self.selected, partial as usize);
        let p = self.tables.squash(x);
        let mut refined = [0; 4];
        for ((r, apm), &context) in refined.iter_mut().zip(&mut self.apms).zip(&apm_contexts) {
            *r = apm.refine(x, context);
        }
        let p = (2 * p + refined[0] + 2 * refined[1] + 2 * refined[2] + refined[3] + 4) / 8;
        p.clamp(1, 65_535) as u32
    }

    #[inline]
    fn update(&mut self, partial: u32, node: usize, bit: usize) {
        for (nibble, counters) in self.nibbles.iter_mut().zip(&mut self.counters) {
            let state = &mut nibble[node & 15];
            update(
                &mut counters[usize::from(*state)],
                bit,
                255,
                self.reciprocals,
            );
            *state = self.histories.next(*state, bit);
        }
        for (counters, &at) in self.direct.iter_mut().zip(&self.direct_at) {
            update(&mut counters[at + node], bit, 255, self.reciprocals);
        }
        for matcher in &mut self.matchers {
            matcher.update(bit, partial, self.reciprocals);
        }
        self.runs.update(bit, self.reciprocals);
        self.mixer.update(bit);
        for apm in &mut self.apms {
            apm.update(bit);
        }
    }
}

impl PredictorState for Model {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            self.begin_byte(history);
            let mut partial = 1u32;
            for position in 0..8 {
                if position == 4 {
                    self.begin_nibble(partial);
                }
                let node = if position < 4 {
                    partial
                } else {
                    (partial & 15) | 16
                } as usize;
                let node = node & ((1 << (position & 3)) - 1) | (1 << (position & 3));
                let p = self.predict(partial, node);
                let bit = usize::from(coder.bit(BitProbability::clamped(p)));
                self.update(partial, node, bit);
                partial = (partial << 1) | bit as u32;
            }
            self.end_byte();
            let byte = partial as u8;
            history.push(byte);
            self.runs.push(byte, &mut self.table);
            self.tracker.push(byte, history);
            for matcher in &mut self.matchers {
                matcher.push(history);
            }
            if history.len().is_multiple_of(1024) {
                self.mixer.cool();
            }
        }
    }
}
