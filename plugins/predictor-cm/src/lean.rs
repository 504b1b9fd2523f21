//! The model of `model` for small recipes, in arrays of fixed length: the fast path of profile
//! `turbo`. It says the same, and a test holds it to that; `model` is the reference.

use umoec_codec::Result;
use umoec_codec::plugin::DecisionCoder;
use umoec_codec::probability::BitProbability;

use crate::advice::Alone;
use crate::contexts::Context;
use crate::counter::{probability, updated};
use crate::direct::Counters;
use crate::history::{HISTORIES, Histories};
use crate::matcher::Matcher;
use crate::math::{TABLES, Tables};
use crate::mixer::{Schedule, UPPER_BITS, narrow_row, narrow_rows};
use crate::params::Params;
use crate::pixels::Pixels;
use crate::presets::Recipe;
use crate::primed::{self, Beginning};
use crate::running::Bytes;
use crate::selector::{Selector, Situation};
use crate::simd::{Line, NARROW, Narrow, Ops, logit};
use crate::slots::{KNOWN, SURE, fresh_counters, marked};
use crate::table::{ROW, Table};
use crate::tracker::{Sights, Tracker, fold};

/// Hashed contexts.
const CONTEXTS: usize = 3;

/// The state of a small `cm` within one stream.
pub(crate) struct Lean {
    tables: &'static Tables,
    histories: &'static Histories,
    tracker: Tracker,
    table: Table,
    contexts: [Context; CONTEXTS],
    counters: [[u32; 256]; CONTEXTS],
    /// Hashes of the contexts of the next byte.
    hashes: [u32; CONTEXTS],
    direct_hash: u32,
    direct_context: Context,
    direct: Counters,
    matcher: Matcher,
    selector: Selector,
    weights: Vec<Line>,
    schedule: Schedule,
}

impl Lean {
    /// Whether a model of that recipe is one of these: three contexts of bytes or columns, a
    /// direct one, a matcher, a selector, and nothing else.
    pub(crate) fn fits(recipe: &Recipe) -> bool {
        recipe.contexts.len() == CONTEXTS
            && recipe.direct.len() == 1
            && recipe.matches.len() == 1
            && recipe.selectors.len() == 1
            && recipe.runs == 0
            && recipe.apms == 0
            && recipe.selectors.iter().all(|s| s.sees_bytes_only())
            && recipe
                .contexts
                .iter()
                .chain(&recipe.direct)
                .all(|c| c.sees_bytes_only())
    }

    /// A model of a recipe that fits, at the beginning of a stream of `len` bytes.
    ///
    /// # Errors
    /// `Memory` where the system has no memory for the table.
    pub(crate) fn new(params: &Params, len: u64) -> Result<Self> {
        let recipe = &params.recipe;
        debug_assert!(Self::fits(recipe));
        let strides = params.strides.map(|s| s as usize);
        let weight = i32::from(recipe.weight) << (UPPER_BITS + 16 - 8);
        let selector = recipe.selectors[0];
        let beginning = primed::of(params.preset);
        let mixing = beginning.and_then(Beginning::mixing::<Alone>);
        let mut model = Self {
            tables: &TABLES,
            histories: &HISTORIES,
            tracker: Tracker::new(
                strides,
                params.numbers,
                Pixels::new(params.numbers, strides, len, false)?,
                Sights::default(),
            ),
            table: Table::new(params.lines() as usize)?,
            contexts: std::array::from_fn(|i| recipe.contexts[i]),
            counters: [beginning.map_or_else(fresh_counters, |b| b.states); CONTEXTS],
            direct_context: recipe.direct[0],
            direct: Counters::new(recipe.direct[0], len)?,
            matcher: Matcher::new(recipe.matches[0], strides[0], Params::index_bits(len))?,
            selector,
            weights: match mixing {
                None => vec![narrow_row(weight); selector.size()],
                Some(mixing) => narrow_rows(&mixing.selectors[0]),
            },
            schedule: Schedule::new(recipe.rates),
            hashes: [0; CONTEXTS],
            direct_hash: 0,
        };
        model.hash(&[]);
        Ok(model)
    }

    /// Hashes the contexts of the next byte and asks for their lines.
    #[inline(always)]
    fn hash(&mut self, history: &[u8]) {
        // None of the contexts looks at what the matcher expects.
        let hash = |c: Context| c.hash(&self.tracker, history, 0);
        self.hashes = self.contexts.map(hash);
        self.direct_hash = hash(self.direct_context);
        for h in self.hashes {
            self.table.prefetch(self.table.line(h));
        }
    }

    /// Codes one byte.
    #[inline(always)]
    fn byte<O: Ops>(&mut self, coder: &mut dyn DecisionCoder) -> u8 {
        let mut hashes = self.hashes;
        let mut lines = hashes.map(|h| self.table.line(h));
        let direct = self.direct.nibble(self.direct_hash, 0);
        let first = self.nibble::<O>(coder, lines, hashes, direct, 1);
        for i in 0..CONTEXTS {
            hashes[i] = fold(hashes[i], first);
            lines[i] = Table::turned(lines[i], first, self.contexts[i].shift());
        }
        let direct = self.direct.nibble(self.direct_hash, first);
        self.nibble::<O>(coder, lines, hashes, direct, first) as u8
    }

    /// Codes four bits; returns `partial` with them. `direct` is the number of the first
    /// counter of the direct context.
    #[inline(always)]
    fn nibble<O: Ops>(
        &mut self,
        coder: &mut dyn DecisionCoder,
        lines: [u32; CONTEXTS],
        hashes: [u32; CONTEXTS],
        direct: usize,
        mut partial: u32,
    ) -> u32 {
        let mut offsets = [0; CONTEXTS];
        let mut rows = [[0; ROW]; CONTEXTS];
        for i in 0..CONTEXTS {
            (offsets[i], rows[i]) = self.table.find(lines[i], hashes[i]);
        }
        for bits in 0..4 {
            if bits == 2 && partial < 8 {
                // Where the second nibble will be looked for is known by now.
                for (&line, &context) in lines.iter().zip(&self.contexts) {
                    let line = Table::turned(line, partial << 2, context.shift());
                    self.table.prefetch(line);
                }
            }
            let depth = 1 << bits;
            let node = (partial as usize & (depth - 1)) | depth;
            partial = self.bit::<O>(coder, &mut rows, direct + node, node, partial);
        }
        for (row, &offset) in rows.iter().zip(&offsets) {
            self.table.store(offset, row);
        }
        partial
    }

    /// Codes a bit, and learns it; returns `partial` with it.
    #[inline(always)]
    fn bit<O: Ops>(
        &mut self,
        coder: &mut dyn DecisionCoder,
        rows: &mut [[u8; ROW]; CONTEXTS],
        direct: usize,
        node: usize,
        partial: u32,
    ) -> u32 {
        let mut inputs = Narrow([0; NARROW]);
        let x = &mut inputs.0;
        let mut states = [0; CONTEXTS];
        let mut values = [0; CONTEXTS];
        let mut seen = 0;
        for i in 0..CONTEXTS {
            states[i] = rows[i][node & 15];
            let state = usize::from(states[i]);
            values[i] = self.counters[i][state];
            let logit = self.tables.stretch(probability(values[i])) as i16;
            let known = marked(values[i], KNOWN);
            seen -= known;
            x[i] = logit & known;
            x[CONTEXTS + i] = logit & marked(values[i], SURE);
        }
        let value = self.direct.get(direct);
        x[2 * CONTEXTS] = self.tables.stretch(probability(value)) as i16;
        let matched = &mut x[2 * CONTEXTS + 1..2 * CONTEXTS + 3];
        self.matcher.predict(partial, self.tables, matched);
        x[2 * CONTEXTS + 3] = 256;
        let situation = Situation {
            tracker: &self.tracker,
            partial,
            expected: self.matcher.expected(),
            length: self.matcher.length(),
            seen: seen as u32,
        };
        let weights = &mut self.weights[self.selector.context(&situation) as usize];
        let p = self.tables.squash(logit(O::mix_narrow(&inputs, weights)));
        let bit = u32::from(coder.bit(BitProbability::clamped(p as u32)));

        O::train_narrow(&inputs, weights, self.schedule.error(p, bit));
        for i in 0..CONTEXTS {
            self.counters[i][usize::from(states[i])] = updated(values[i], bit);
            rows[i][node & 15] = self.histories.next(states[i], bit as usize);
        }
        self.direct.set(direct, updated(value, bit));
        self.matcher.update(bit, partial);
        (partial << 1) | bit
    }
}

impl Bytes for Lean {
    #[inline(always)]
    fn code<O: Ops>(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            let byte = self.byte::<O>(coder);
            history.push(byte);
            self.tracker.push_bytes(byte);
            // The matcher works while memory looks for the lines.
            self.hash(history);
            self.matcher.push(history);
            if history.len().is_multiple_of(1024) {
                self.schedule.cool();
            }
        }
    }
}
