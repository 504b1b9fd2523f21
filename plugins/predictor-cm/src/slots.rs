//! The hashed contexts of a model: their bit histories and what those mean (`spec.md`,
//! section 6).

use crate::contexts::Context;
use crate::counter::{counter, probability, updated};
use crate::history::{HISTORIES, Histories};
use crate::math::Tables;
use crate::table::{ROW, Table};
use crate::tracker::{Tracker, fold};

/// What one context is at.
struct Slot {
    /// A copy of the row of this nibble, written back at its end.
    nibble: [u8; ROW],
    /// A counter for each state.
    counters: [u32; 256],
    /// Offset of the row.
    row: u32,
    context: Context,
    /// The state at this bit.
    state: u8,
}

/// The counters of a context at first: what the counts of each state say.
pub(crate) fn fresh_counters() -> [u32; 256] {
    std::array::from_fn(|s| {
        let (n0, n1) = HISTORIES.states.get(s).map_or((0, 0), |s| (s.n0, s.n1));
        let (n0, n1) = (u32::from(n0), u32::from(n1));
        counter(((2 * n1 + 1) << 15) / (n0 + n1 + 1), 0)
    })
}

/// All ones for each state that has seen one kind of bit only.
pub(crate) fn sure_states() -> [i16; 256] {
    std::array::from_fn(|s| match HISTORIES.states.get(s) {
        Some(s) if (s.n0 == 0) != (s.n1 == 0) => -1,
        _ => 0,
    })
}

/// Histories of the contexts of a model.
pub(crate) struct Slots {
    histories: &'static Histories,
    pub(crate) table: Table,
    slots: Vec<Slot>,
    /// Hash of each context before this byte, then before this nibble.
    pub(crate) hashes: Vec<u32>,
    /// Offset of the line of each context.
    pub(crate) lines: Vec<u32>,
    /// All ones for a state that has seen one kind of bit only.
    sure: [i16; 256],
}

impl Slots {
    /// Bytes of the slots of one context, the table not counted.
    pub(crate) const BYTES: u64 = size_of::<Slot>() as u64 + 8;

    pub(crate) fn new(contexts: &[Context], table: Table) -> Self {
        let n = contexts.len();
        let counters = fresh_counters();
        let slot = |&context: &Context| Slot {
            nibble: [0; ROW],
            counters,
            row: 0,
            context,
            state: 0,
        };
        Self {
            histories: &HISTORIES,
            table,
            slots: contexts.iter().map(slot).collect(),
            hashes: vec![0; n],
            lines: vec![0; n],
            sure: sure_states(),
        }
    }

    /// Number of contexts.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Hashes the contexts of the next byte and asks for their lines.
    #[inline(always)]
    pub(crate) fn hash(&mut self, tracker: &Tracker, history: &[u8], expected: u32) {
        for ((slot, hash), line) in self.slots.iter().zip(&mut self.hashes).zip(&mut self.lines) {
            *hash = slot.context.hash(tracker, history, expected);
            *line = self.table.line(*hash);
            self.table.prefetch(*line);
        }
    }

    /// Asks for the lines of the second nibble, once it is known which they are: after two
    /// bits, except for contexts that are spread further. `partial` is 4 and those bits.
    #[inline(always)]
    pub(crate) fn look_ahead(&mut self, partial: u32) {
        for (slot, &line) in self.slots.iter().zip(&self.lines) {
            let line = Table::turned(line, partial << 2, slot.context);
            self.table.prefetch(line);
        }
    }

    /// Goes from the first nibble of a byte to the second. `first` is 16 and the first nibble.
    #[inline(always)]
    pub(crate) fn turn(&mut self, first: u32) {
        for ((slot, hash), line) in self.slots.iter().zip(&mut self.hashes).zip(&mut self.lines) {
            self.table.store(slot.row, &slot.nibble);
            *hash = fold(*hash, first);
            *line = Table::turned(*line, first, slot.context);
            self.table.prefetch(*line);
        }
        self.take();
    }

    /// Finds and copies the rows of a nibble.
    #[inline(always)]
    pub(crate) fn take(&mut self) {
        for ((slot, &hash), &line) in self.slots.iter_mut().zip(&self.hashes).zip(&self.lines) {
            slot.row = self.table.row(line, hash);
            slot.nibble = self.table.load(slot.row);
        }
    }

    /// Writes the rows of a nibble back.
    #[inline(always)]
    pub(crate) fn put_back(&mut self) {
        for slot in &self.slots {
            self.table.store(slot.row, &slot.nibble);
        }
    }

    /// Two inputs per context: the logits, and the logits of states that are sure. Returns
    /// how many contexts have been here before.
    #[inline(always)]
    pub(crate) fn predict(
        &mut self,
        node: usize,
        tables: &Tables,
        logits: &mut [i16],
        sure: &mut [i16],
    ) -> u32 {
        let mut seen = 0i16;
        for ((slot, logit), sure) in self.slots.iter_mut().zip(logits).zip(sure) {
            let state = slot.nibble[node & 15];
            slot.state = state;
            let x = tables.stretch(probability(slot.counters[usize::from(state)])) as i16;
            let known = -i16::from(state != 0);
            seen -= known;
            *logit = x & known;
            *sure = x & self.sure[usize::from(state)];
        }
        seen as u32
    }

    /// Learns `bit` at `node`.
    #[inline(always)]
    pub(crate) fn update(&mut self, node: usize, bit: u32) {
        for slot in &mut self.slots {
            let counter = &mut slot.counters[usize::from(slot.state)];
            *counter = updated(*counter, bit);
            slot.nibble[node & 15] = self.histories.next(slot.state, bit as usize);
        }
    }
}
