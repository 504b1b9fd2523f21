//! The hashed contexts of a model: their bit histories and what those mean (`spec.md`,
//! section 6.2).

use crate::contexts::Context;
use crate::counter::{counter, probability};
use crate::history::{HISTORIES, Histories};
use crate::math::Tables;
use crate::mixer::GROUP;
use crate::simd::Ops;
use crate::table::{ROW, Table};
use crate::tracker::{Tracker, fold};

/// Most groups of contexts.
const GROUPS_MAX: usize = crate::params::LIST_MAX[0] / GROUP;

/// What a counter of a state that has seen something carries between its probability and its count.
pub(crate) const KNOWN: u32 = 1 << 9;
/// The same, for one that has seen one kind of bit only.
pub(crate) const SURE: u32 = 1 << 8;

/// What some contexts are at, side by side; behind the last context of a model are some that never
/// say anything.
struct Group {
    /// Copies of the rows of this nibble, written back at its end.
    nibbles: [[u8; ROW]; GROUP],
    /// A counter for each state, marked as `KNOWN` and `SURE`.
    counters: [[u32; 256]; GROUP],
    /// The states at this bit, and their counters.
    states: [u8; GROUP],
    values: [u32; GROUP],
}

/// The counters of a context at first: what the counts of each state say.
pub(crate) fn fresh_counters() -> [u32; 256] {
    std::array::from_fn(|s| {
        let (n0, n1) = HISTORIES.states.get(s).map_or((0, 0), |s| (s.n0, s.n1));
        let marks = match (n0 > 0, n1 > 0) {
            (false, false) => 0,
            (true, true) => KNOWN,
            _ => KNOWN | SURE,
        };
        let (n0, n1) = (u32::from(n0), u32::from(n1));
        counter(((2 * n1 + 1) << 15) / (n0 + n1 + 1), marks)
    })
}

/// All ones where a counter has the mark, which is one bit.
#[inline(always)]
pub(crate) const fn marked(counter: u32, mark: u32) -> i16 {
    ((counter << mark.leading_zeros()) as i32 >> 31) as i16
}

/// Histories of the contexts of a model.
pub(crate) struct Slots {
    histories: &'static Histories,
    pub(crate) table: Table,
    contexts: Vec<Context>,
    /// `Context::shift` of each.
    shifts: Vec<u8>,
    groups: Vec<Group>,
    /// Offset of the row of each context.
    rows: Vec<u32>,
    /// Hash of each context before this byte, then before this nibble.
    pub(crate) hashes: Vec<u32>,
    /// Offset of the line of each context.
    pub(crate) lines: Vec<u32>,
}

impl Slots {
    /// Bytes of the slots of one context, the table not counted.
    pub(crate) const BYTES: u64 = (size_of::<Group>() / GROUP) as u64 + 14;

    /// Contexts whose counters are all `fresh` at first.
    pub(crate) fn new(contexts: &[Context], table: Table, fresh: [u32; 256]) -> Self {
        let n = contexts.len();
        let group = |g: usize| Group {
            nibbles: [[0; ROW]; GROUP],
            counters: std::array::from_fn(|i| if GROUP * g + i < n { fresh } else { [0; 256] }),
            states: [0; GROUP],
            values: [0; GROUP],
        };
        Self {
            histories: &HISTORIES,
            table,
            contexts: contexts.to_vec(),
            shifts: contexts.iter().map(|c| c.shift()).collect(),
            groups: (0..n.div_ceil(GROUP)).map(group).collect(),
            rows: vec![0; n],
            hashes: vec![0; n],
            lines: vec![0; n],
        }
    }

    /// The counters of each context.
    pub(crate) fn counters(&mut self) -> Vec<&mut [u32; 256]> {
        let n = self.contexts.len();
        self.groups
            .iter_mut()
            .flat_map(|g| &mut g.counters)
            .take(n)
            .collect()
    }

    /// Number of contexts.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.contexts.len()
    }

    /// Hashes the contexts of the next byte and asks for their lines.
    #[inline(always)]
    pub(crate) fn hash(&mut self, tracker: &Tracker, history: &[u8], expected: u32) {
        let own = self.hashes.iter_mut().zip(&mut self.lines);
        for ((hash, line), context) in own.zip(&self.contexts) {
            *hash = context.hash(tracker, history, expected);
            *line = self.table.line(*hash);
            self.table.prefetch(*line);
        }
    }

    /// Asks for the lines of the second nibble, once it is known which they are: after two
    /// bits, except for contexts that are spread further. `partial` is 4 and those bits.
    #[inline(always)]
    pub(crate) fn look_ahead(&mut self, partial: u32) {
        for (&shift, &line) in self.shifts.iter().zip(&self.lines) {
            let line = Table::turned(line, partial << 2, shift);
            self.table.prefetch(line);
        }
    }

    /// Goes from the first nibble of a byte to the second. `first` is 16 and the first nibble.
    #[inline(always)]
    pub(crate) fn turn(&mut self, first: u32) {
        self.put_back();
        let own = self.hashes.iter_mut().zip(&mut self.lines);
        for ((hash, line), &shift) in own.zip(&self.shifts) {
            *hash = fold(*hash, first);
            *line = Table::turned(*line, first, shift);
            self.table.prefetch(*line);
        }
        self.take();
    }

    /// Finds and copies the rows of a nibble.
    #[inline(always)]
    pub(crate) fn take(&mut self) {
        let nibbles = self.groups.iter_mut().flat_map(|g| &mut g.nibbles);
        let own = self.rows.iter_mut().zip(nibbles);
        for ((row, nibble), (&hash, &line)) in own.zip(self.hashes.iter().zip(&self.lines)) {
            (*row, *nibble) = self.table.find(line, hash);
        }
    }

    /// Writes the rows of a nibble back.
    #[inline(always)]
    pub(crate) fn put_back(&mut self) {
        let nibbles = self.groups.iter().flat_map(|g| &g.nibbles);
        for (&row, nibble) in self.rows.iter().zip(nibbles) {
            self.table.store(row, nibble);
        }
    }

    /// Two inputs per context: the logits, then the logits of states that are sure; and zeros up to a
    /// whole group. Returns how many contexts have been here before.
    #[inline(always)]
    pub(crate) fn predict<O: Ops>(
        &mut self,
        node: usize,
        tables: &Tables,
        inputs: &mut [i16],
    ) -> u32 {
        let n = self.len();
        let mut sure = [[0i16; GROUP]; GROUPS_MAX];
        let mut seen = [0i16; GROUP];
        for (g, group) in self.groups.iter_mut().enumerate() {
            let mut x = [0i16; GROUP];
            for (i, x) in x.iter_mut().enumerate() {
                let state = group.nibbles[i][node & (ROW - 1)];
                let value = group.counters[i][usize::from(state)];
                (group.states[i], group.values[i]) = (state, value);
                *x = tables.stretch(probability(value)) as i16;
            }
            let known;
            [x, sure[g], known] = O::told(&x, &group.values);
            for (seen, known) in seen.iter_mut().zip(known) {
                *seen -= known;
            }
            inputs[GROUP * g..GROUP * (g + 1)].copy_from_slice(&x);
        }
        for (g, sure) in sure.iter().enumerate().take(self.groups.len()) {
            inputs[n + GROUP * g..n + GROUP * (g + 1)].copy_from_slice(sure);
        }
        seen.iter().sum::<i16>() as u32
    }

    /// Learns `bit` at `node`.
    #[inline(always)]
    pub(crate) fn update<O: Ops>(&mut self, node: usize, bit: u32) {
        for group in &mut self.groups {
            let values = O::updated(&group.values, &[bit; GROUP]);
            for (i, value) in values.into_iter().enumerate() {
                let state = group.states[i];
                group.counters[i][usize::from(state)] = value;
                group.nibbles[i][node & (ROW - 1)] = self.histories.next(state, bit as usize);
            }
        }
    }
}
