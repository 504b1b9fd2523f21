//! Memories of what followed: for a hash of the last bytes, the byte that came next when they stood there before in
//! this stream, and how often in a row it did. It is what a context mixer's match model knows, told to the network as
//! one more row of a table, so that it need not spend states or products on exact repeats (the record holders of
//! enwik9 feed their network such an opinion too).
//!
//! All of it is integers below 2^12, and the exported graph does the same (`export::context`).

use crate::config::TableConfig;
use crate::context::{Context, History, RecallConfig};
use crate::tables::NO_ROW;

/// Most times in a row that are counted.
pub const COUNT_MAX: u16 = 15;
/// Levels that counts are told apart by.
pub const LEVELS: u32 = 4;

/// The level of a count: 0, 1 to 2, 3 to 7, 8 and more.
pub fn level(count: u16) -> u32 {
    match count {
        0 => 0,
        1..=2 => 1,
        3..=7 => 2,
        _ => 3,
    }
}

/// One memory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Memory {
    config: RecallConfig,
    /// Byte + 256 · count.
    slots: Vec<u16>,
    /// The slot that the next byte goes to.
    slot: usize,
}

impl Memory {
    fn new(config: RecallConfig) -> Self {
        Self {
            config,
            slots: vec![0; 1 << config.slots],
            slot: 0,
        }
    }

    /// Notes that `byte` followed. A byte that was not expected takes half of the count away, and the place where nothing is
    /// left.
    fn learn(&mut self, byte: u8) {
        let held = &mut self.slots[self.slot];
        let (expected, count) = (*held & 255, *held >> 8);
        *held = if expected == u16::from(byte) {
            expected + 256 * (count + 1).min(COUNT_MAX)
        } else if count == 0 {
            u16::from(byte)
        } else {
            expected + 256 * (count / 2)
        };
    }

    /// The row that tells what is expected: byte + 256 · level.
    fn row(&self) -> u32 {
        let held = self.slots[self.slot];
        u32::from(held & 255) + 256 * level(held >> 8)
    }
}

/// All contexts of a stream: its history, and the memories that the tables ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contexts {
    history: History,
    tables: Vec<TableConfig>,
    memories: Vec<Memory>,
    silent: bool,
}

impl Contexts {
    /// Before a stream.
    pub fn new(tables: &[TableConfig]) -> Self {
        let memories = tables.iter().filter_map(|table| match table.context {
            Context::Recall(config) => Some(Memory::new(config)),
            _ => None,
        });
        Self {
            history: History::default(),
            tables: tables.to_vec(),
            memories: memories.collect(),
            silent: false,
        }
    }

    /// Whether memories have no row from here on.
    pub fn silence(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// Forgets everything, as before a stream.
    pub fn clear(&mut self) {
        self.history = History::default();
        for memory in &mut self.memories {
            memory.slots.fill(0);
            memory.slot = 0;
        }
    }

    /// Takes in the byte just coded: the start byte 0 before the first.
    pub fn push(&mut self, byte: u8) {
        self.history.push(byte);
        for memory in &mut self.memories {
            memory.learn(byte);
            let context = Context::Recall(memory.config);
            memory.slot = self.history.row(context, 1 << memory.config.slots) as usize;
        }
    }

    /// One row for each table, in order: [`NO_ROW`] of memories that are silent.
    pub fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        let mut memories = self.memories.iter();
        self.tables.iter().map(move |table| match table.context {
            Context::Recall(_) if self.silent => NO_ROW,
            Context::Recall(_) => memories.next().map_or(0, Memory::row),
            context => self.history.row(context, 1 << table.bits),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_is_expected_more_surely_each_time_and_given_up_when_it_fails() {
        let table = TableConfig {
            context: Context::Recall(RecallConfig { bytes: 2, slots: 8 }),
            bits: 10,
        };
        let mut contexts = Contexts::new(&[table]);
        let rows = |contexts: &Contexts| contexts.rows().next().unwrap_or(u32::MAX);
        let mut feed = |text: &[u8]| {
            text.iter().for_each(|&byte| contexts.push(byte));
            rows(&contexts)
        };
        let x = u32::from(b'x');
        assert_eq!(feed(b"ab"), 0);
        assert_eq!(feed(b"x...ab"), x);
        assert_eq!(feed(b"x...ab"), x + 256);
        feed(b"x...ab");
        assert_eq!(feed(b"x...ab"), x + 512);
        assert_eq!(feed(b"y...ab"), x + 256);
        assert_eq!(feed(b"y...ab"), x);
        assert_eq!(feed(b"y...ab"), u32::from(b'y'));
        contexts.clear();
        assert_eq!(contexts, Contexts::new(&[table]));
    }
}
