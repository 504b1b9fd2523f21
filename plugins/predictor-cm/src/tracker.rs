//! What the contexts look at: the past of the stream, summarised after each byte
//! (`spec.md`, section 6.1).

use umoec_codec::Result;

use crate::machine::Machine;
use crate::numeric::{Numbers, Numeric};
use crate::params::Params;
use crate::pixels::Pixels;
use crate::rhythm::Rhythm;

/// Folds a value into a hash; the rounds of MurmurHash3's 32-bit body and finaliser.
#[inline(always)]
pub(crate) const fn fold(hash: u32, value: u32) -> u32 {
    let mut h = (hash ^ value.wrapping_mul(0xCC9E_2D51).rotate_left(15)).wrapping_mul(0x1B87_3593);
    h ^= h >> 15;
    h = h.wrapping_mul(0x85EB_CA6B);
    h ^ (h >> 13)
}

/// The class of a byte in shapes: 0 line end, 1 space, 2 digit, 3 lower case, 4 upper case,
/// 5 from 128 on, 6 control, and 7 to 15 for punctuation.
const fn class(c: u8) -> u8 {
    match c {
        b'\n' | b'\r' => 0,
        b' ' | b'\t' => 1,
        b'0'..=b'9' => 2,
        b'a'..=b'z' => 3,
        b'A'..=b'Z' => 4,
        128..=255 => 5,
        0..=31 | 127 => 6,
        b'.' | b',' => 7,
        b'"' | b'\'' | b'`' => 8,
        b'(' | b'[' | b'{' => 9,
        b')' | b']' | b'}' => 10,
        b'<' | b'>' => 11,
        b'-' | b'+' | b'_' => 12,
        b':' | b';' => 13,
        b'/' | b'\\' | b'|' => 14,
        _ => 15,
    }
}

/// What of the past is known only where a model looks at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sights {
    /// Machine code.
    pub(crate) machine: bool,
    /// The rhythm of records.
    pub(crate) rhythm: bool,
}

/// Summary of the past before the next byte.
pub(crate) struct Tracker {
    /// Number of bytes so far.
    pub(crate) position: usize,
    /// The last four bytes, the newest lowest.
    pub(crate) c4: u32,
    /// The four bytes before those.
    pub(crate) c8: u32,
    /// Hash of the letters of the present word, 0 outside of one.
    pub(crate) word: u32,
    /// Hashes of the three words before it, the nearest first.
    pub(crate) words: [u32; 3],
    /// Bytes since the last word ended, folded: what stands between words.
    pub(crate) gap: u32,
    /// Classes of the last 16 bytes, four bits each.
    pub(crate) shape: u64,
    /// Position at which the present line and the one before it start.
    pub(crate) line: usize,
    pub(crate) line_before: usize,
    /// Hash of the first word of the line; 0 until it ends.
    pub(crate) line_head: u32,
    /// Separators so far in this line, and the hash of the bytes since the last one.
    pub(crate) field: u32,
    pub(crate) field_hash: u32,
    /// Hash of the innermost open bracket or tag context.
    pub(crate) nest: [u32; 16],
    pub(crate) depth: usize,
    /// The last four bytes that followed each byte value, the newest lowest.
    pub(crate) after1: Vec<u32>,
    /// The last two bytes that followed each pair of bytes, the newest lowest.
    pub(crate) after2: Vec<u16>,
    /// Strides of the layout: element (or 0) and row (or 0).
    pub(crate) strides: [usize; 2],
    /// `position` modulo each stride.
    pub(crate) columns: [u32; 2],
    /// Bytes at distances that contexts ask for; see `above`.
    pub(crate) line_above: u8,
    /// Predictions of numbers.
    pub(crate) numeric: Numeric,
    /// Predictions of samples.
    pub(crate) pixels: Pixels,
    sights: Sights,
    /// Where in a machine instruction the next byte is.
    pub(crate) machine: Machine,
    /// At what distance bytes come again.
    pub(crate) rhythm: Rhythm,
}

impl Tracker {
    pub(crate) fn new(
        strides: [usize; 2],
        numbers: Numbers,
        pixels: Pixels,
        sights: Sights,
    ) -> Self {
        Self {
            position: 0,
            c4: 0,
            c8: 0,
            word: 0,
            words: [0; 3],
            gap: 0,
            shape: 0,
            line: 0,
            line_before: 0,
            line_head: 0,
            field: 0,
            field_hash: 0,
            nest: [0; 16],
            depth: 0,
            after1: vec![0; 256],
            after2: vec![0; 1 << 16],
            strides,
            columns: [0; 2],
            line_above: 0,
            numeric: Numeric::new(numbers, strides),
            pixels,
            sights,
            machine: Machine::default(),
            rhythm: Rhythm::new(),
        }
    }

    /// That of a lane that is not at work: it is handed over what pairs of bytes are followed by.
    /// Where there are lanes, nobody looks at numbers, samples, machine code or a rhythm.
    pub(crate) fn without_pairs(params: &Params) -> Result<Self> {
        let (strides, numbers) = (params.strides.map(|s| s as usize), Numbers::default());
        let pixels = Pixels::new(numbers, strides, 0, false)?;
        Ok(Self {
            after1: Vec::new(),
            after2: Vec::new(),
            ..Self::new(strides, numbers, pixels, Sights::default())
        })
    }

    /// Takes in `c`, which is already the last byte of `history`.
    #[inline(always)]
    pub(crate) fn push(&mut self, c: u8, history: &[u8]) {
        let value = u32::from(c);
        let (before1, before2) = ((self.c4 & 255) as usize, (self.c4 & 65_535) as usize);
        self.after1[before1] = (self.after1[before1] << 8) | value;
        self.after2[before2] = (self.after2[before2] << 8) | u16::from(c);
        self.push_bytes(c);
        self.shape = (self.shape << 4) | u64::from(class(c));
        self.push_word(c);
        self.push_line(c);
        self.numeric.push(c, history);
        self.pixels.push(c, history);
        if self.sights.machine {
            self.machine.push(c);
        }
        if self.sights.rhythm {
            self.rhythm.push(&history[..self.position]);
        }
        let above = self.line_before + (self.position - self.line);
        self.line_above = if above < self.line {
            history.get(above).copied().unwrap_or(0)
        } else {
            0
        };
    }

    /// Takes in `c` as far as the last bytes and the columns go.
    #[inline(always)]
    pub(crate) fn push_bytes(&mut self, c: u8) {
        self.c8 = (self.c8 << 8) | (self.c4 >> 24);
        self.c4 = (self.c4 << 8) | u32::from(c);
        self.position += 1;
        for (column, &stride) in self.columns.iter_mut().zip(&self.strides) {
            *column = if *column + 1 >= stride as u32 {
                0
            } else {
                *column + 1
            };
        }
    }

    /// Goes on at another position of the stream.
    pub(crate) fn jump(&mut self, position: usize) {
        self.position = position;
        for (column, &stride) in self.columns.iter_mut().zip(&self.strides) {
            *column = position.checked_rem(stride).unwrap_or(0) as u32;
        }
    }

    /// Puts what is known of all lanes into another lane's place.
    #[inline(always)]
    pub(crate) fn hand_over(&mut self, to: &mut Self) {
        std::mem::swap(&mut self.after1, &mut to.after1);
        std::mem::swap(&mut self.after2, &mut to.after2);
    }

    fn push_word(&mut self, c: u8) {
        if c.is_ascii_alphabetic() || c >= 128 {
            self.word = fold(self.word, u32::from(c.to_ascii_lowercase()));
            self.gap = 0;
        } else {
            if self.word != 0 {
                self.words = [self.word, self.words[0], self.words[1]];
                if self.line_head == 0 {
                    self.line_head = self.word;
                }
                self.word = 0;
            }
            self.gap = fold(self.gap, u32::from(c));
        }
    }

    fn push_line(&mut self, c: u8) {
        match c {
            b'\n' => {
                self.line_before = self.line;
                self.line = self.position;
                self.line_head = 0;
                self.field = 0;
                self.field_hash = 0;
            }
            b',' | b';' | b'\t' | b'|' => {
                self.field += 1;
                self.field_hash = 0;
            }
            _ => self.field_hash = fold(self.field_hash, u32::from(c)),
        }
        match c {
            b'(' | b'[' | b'{' | b'<' => {
                self.depth = (self.depth + 1).min(15);
                self.nest[self.depth] = fold(self.words[0], u32::from(c));
            }
            b')' | b']' | b'}' | b'>' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// The byte `back` bytes ago, 1 for the last; 0 before the beginning.
    #[inline(always)]
    pub(crate) fn back(&self, history: &[u8], back: usize) -> u32 {
        if back == 0 || back > self.position {
            0
        } else {
            u32::from(history[self.position - back])
        }
    }
}
