//! The match model: what followed the last time (`spec.md`, section 6.3), or, row by row, what came before.

mod back;

use umoec_codec::Result;

use crate::counter::{counter, probability, updated};
use crate::math::Tables;
use crate::memory::Words;
use crate::tracker::fold;

/// Lengths above this count as this.
const LENGTH_MAX: u32 = 65_535;
/// A match found is compared with the present over this many bytes at most.
const AGREE_MAX: usize = 400;
/// Buckets of lengths.
const BUCKETS: usize = 32;
/// Misses of late, a history of this many bits.
const MISS_BITS: u32 = 3;

/// Stands for a least length: the matcher goes back by rows.
pub(crate) const BACK: u8 = 1;

/// Points at the byte that followed the last occurrence of the present context.
pub(crate) struct Matcher {
    /// Least length that makes a match.
    least: usize,
    /// Whether the row that came before is expected, not the one that followed; rows are as long as the least length.
    back: bool,
    /// Position after the last occurrence of each hash, 0 for none.
    table: Words,
    /// log2 of the table's length.
    bits: u32,
    multiplier: u32,
    pub(crate) follower: Follower,
    /// Counters of "the expected bit comes", by misses and length.
    counters: Vec<u32>,
    selected: usize,
}

/// Where one lane of the stream is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Follower {
    /// Slot of the hash of the last bytes: it is looked at a byte later, when it has come near.
    slot: usize,
    /// Hash of the last bytes: each byte shifts the older ones up, until they are gone.
    rolling: u32,
    /// Position of the expected byte; 0 for none.
    pointer: usize,
    /// Bytes that agree before it.
    length: u32,
    /// One bit for each of the last bytes: 1 where the expected byte did not come.
    misses: u32,
    /// Bytes that are left of the row at the pointer, where rows are gone back by.
    left: usize,
    /// The expected byte, if bits so far agree with it.
    expected: Option<u8>,
}

impl Follower {
    /// The length of the match, 0 without one.
    #[inline(always)]
    pub(crate) fn length(&self) -> u32 {
        if self.expected.is_some() {
            self.length
        } else {
            0
        }
    }
}

impl Matcher {
    /// Bytes of a matcher with a table of `2^bits` positions.
    pub(crate) const fn memory(bits: u32) -> u64 {
        4 << bits
    }

    /// A matcher with a table of `2^bits` positions, for a stream with rows of `row` bytes if not 0.
    ///
    /// # Errors
    /// `Memory` where the system has no memory for the table.
    pub(crate) fn new(least: u8, row: usize, bits: u32) -> Result<Self> {
        let back = least == BACK;
        let least = if back {
            back::row(row)
        } else {
            usize::from(least)
        };
        // At first a longer match is trusted more: 1 - 1 / (length bucket + 2).
        let counters = (0..BUCKETS << MISS_BITS)
            .map(|i| {
                let bucket = (i % BUCKETS) as u32;
                counter(65_535 - 65_536 / (bucket * 2 + 3), 0)
            })
            .collect();
        Ok(Self {
            least,
            back,
            table: Words::new(1 << bits)?,
            bits,
            multiplier: 0x2F0B_4C47 << (32 / least.max(2) as u32).max(1),
            follower: Follower::default(),
            counters,
            selected: 0,
        })
    }

    /// Length in 32 buckets: exact up to 15, then by quarters of an octave.
    fn bucket(&self) -> usize {
        let l = self.follower.length;
        if l < 16 {
            l as usize
        } else {
            let octave = l.ilog2();
            (16 + (octave - 4) * 2 + ((l >> (octave - 1)) & 1)).min(BUCKETS as u32 - 1) as usize
        }
    }

    /// The expected byte before the first bit: 256 + byte, or 0.
    pub(crate) fn expected(&self) -> u32 {
        self.follower.expected.map_or(0, |b| 256 + u32::from(b))
    }

    /// The length of the match, 0 without one.
    pub(crate) fn length(&self) -> u32 {
        self.follower.length()
    }

    /// After a whole byte: follows the pointer, or looks for a new one.
    #[inline]
    pub(crate) fn push(&mut self, history: &[u8]) {
        if self.back {
            if self.least > 0 {
                self.push_back(history);
            }
            return;
        }
        let n = history.len();
        if self.follower.pointer > 0 {
            let hit = history[self.follower.pointer] == history[n - 1];
            self.follower.misses =
                ((self.follower.misses << 1) | u32::from(!hit)) & ((1 << MISS_BITS) - 1);
            self.follower.length = if hit {
                (self.follower.length + 1).min(LENGTH_MAX)
            } else {
                0
            };
            self.follower.pointer += 1;
        }
        if n > self.least {
            // What the byte before this one led to, a byte further on.
            let candidate = self.table.get(self.follower.slot) as usize;
            self.table.set(self.follower.slot, n as u32 - 1);
            // What another lane has coded may be further on than this one.
            if self.follower.length == 0 && candidate > 0 && candidate + 1 < n {
                let agree = history[..=candidate]
                    .iter()
                    .rev()
                    .zip(history.iter().rev())
                    .take(AGREE_MAX)
                    .take_while(|(a, b)| a == b)
                    .count();
                if agree > self.least {
                    self.follower.pointer = candidate + 1;
                    self.follower.length = agree as u32;
                    self.follower.misses = 0;
                }
            }
        }
        self.roll(history[n - 1]);
        // A pointer that keeps missing is of no use.
        if self.follower.misses == (1 << MISS_BITS) - 1 {
            self.follower.pointer = 0;
            self.follower.length = 0;
            self.follower.misses = 0;
        }
        self.follower.expected =
            (self.follower.pointer > 0).then(|| history[self.follower.pointer]);
    }

    /// Goes to the slot of the last bytes, of which this one is the last.
    #[inline(always)]
    fn roll(&mut self, byte: u8) {
        self.follower.rolling = self
            .follower
            .rolling
            .wrapping_mul(self.multiplier)
            .wrapping_add(u32::from(byte) + 1);
        self.follower.slot = (fold(0, self.follower.rolling) >> (32 - self.bits)) as usize;
        self.table.prefetch(self.follower.slot);
    }

    /// Two inputs for the next bit. `partial` is 1 followed by the bits so far.
    #[inline(always)]
    pub(crate) fn predict(&mut self, partial: u32, tables: &Tables, inputs: &mut [i16]) {
        self.selected = usize::MAX;
        let Some(expected) = self.follower.expected else {
            inputs[..2].fill(0);
            return;
        };
        let shown = (u32::from(expected) | 256) >> (8 - partial.ilog2());
        if shown != partial {
            self.follower.expected = None;
            inputs[..2].fill(0);
            return;
        }
        self.selected = ((self.follower.misses as usize) << 5) | self.bucket();
        let p = probability(self.counters[self.selected]);
        let sign = if (expected >> (7 - partial.ilog2())) & 1 == 1 {
            1
        } else {
            -1
        };
        inputs[0] = sign * tables.stretch(p) as i16;
        inputs[1] = sign * ((p as i32 - 32_768) >> 5) as i16;
    }

    /// Learns whether the expected bit came.
    #[inline(always)]
    pub(crate) fn update(&mut self, bit: u32, partial: u32) {
        if self.selected == usize::MAX {
            return;
        }
        if let Some(expected) = self.follower.expected {
            let hit = u32::from(u32::from(expected >> (7 - partial.ilog2())) & 1 == bit);
            let counter = &mut self.counters[self.selected];
            *counter = updated(*counter, hit);
        }
    }
}
