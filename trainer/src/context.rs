//! The contexts that choose rows of the n-gram tables: hashes of the bytes and words just seen.
//!
//! Every value is an integer below 2^23, so that taking a remainder of it needs no sum above
//! 2^24: the exported graph computes the same numbers in float32 (`export::context` builds it
//! from the constants here).

/// Bytes of history kept.
pub const HISTORY: usize = 6;
/// Multipliers of the bytes, newest first; `255 · sum < 2^23`.
pub const BYTE_FACTORS: [u32; HISTORY] = [2_053, 3_931, 5_639, 4_547, 6_863, 7_691];
/// A word's hash is `(hash · WORD_FACTOR + letter) mod WORD_MODULUS`.
pub const WORD_FACTOR: u32 = 113;
/// Exclusive bound of word hashes.
pub const WORD_MODULUS: u32 = 1 << 16;
/// Multipliers of this word, the word before and the last byte in [`Context::Words`].
pub const WORDS_FACTORS: [u32; 3] = [53, 71, 1];
/// Multipliers of this word and the last byte in [`Context::Word`].
pub const WORD_FACTORS: [u32; 2] = [1, 331];

/// What a table's rows stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// The last `n` bytes, 2 to 6.
    Bytes(u8),
    /// The letters of the word so far, or the last byte where it is no letter.
    Word,
    /// The word so far and the word before it.
    Words,
    /// What followed in this stream when the last bytes were the same: [`recall`](crate::recall).
    Recall(RecallConfig),
}

/// A memory of what followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallConfig {
    /// Last bytes that choose a slot, 2 to 6.
    pub bytes: u8,
    /// log2 of the number of slots, 4 to 14.
    pub slots: u32,
}

/// 0 for a byte that ends a word; else its number among letters, capitals folded.
pub fn letter(byte: u8) -> u32 {
    match byte {
        b'a'..=b'z' => u32::from(byte - b'a') + 1,
        b'A'..=b'Z' => u32::from(byte - b'A') + 1,
        128.. => u32::from(byte - 128) + 27,
        _ => 0,
    }
}

/// The bytes and words just seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct History {
    /// Newest first.
    bytes: [u8; HISTORY],
    word: u32,
    previous: u32,
}

impl History {
    /// Takes in the byte just coded.
    pub fn push(&mut self, byte: u8) {
        self.bytes.rotate_right(1);
        self.bytes[0] = byte;
        let letter = letter(byte);
        if letter > 0 {
            self.word = (self.word * WORD_FACTOR + letter) % WORD_MODULUS;
        } else {
            if self.word > 0 {
                self.previous = self.word;
            }
            self.word = 0;
        }
    }

    /// The hash of `context` in `0..rows`, a power of two: a table's row, or a memory's slot.
    pub fn row(&self, context: Context, rows: u32) -> u32 {
        let byte = if self.word > 0 {
            0
        } else {
            u32::from(self.bytes[0])
        };
        let sum = match context {
            Context::Bytes(order) | Context::Recall(RecallConfig { bytes: order, .. }) => self
                .bytes
                .iter()
                .zip(BYTE_FACTORS)
                .take(usize::from(order))
                .map(|(&byte, factor)| u32::from(byte) * factor)
                .sum::<u32>(),
            Context::Word => self.word * WORD_FACTORS[0] + byte * WORD_FACTORS[1],
            Context::Words => {
                self.word * WORDS_FACTORS[0]
                    + self.previous * WORDS_FACTORS[1]
                    + byte * WORDS_FACTORS[2]
            }
        };
        sum & (rows - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_stays_below_two_to_the_23() {
        const LIMIT: u32 = 1 << 23;
        let (words, letters) = (WORD_MODULUS - 1, 155);
        assert!(255 * BYTE_FACTORS.iter().sum::<u32>() < LIMIT);
        assert!(words * WORD_FACTOR + letters < LIMIT);
        let both = WORDS_FACTORS[0] + WORDS_FACTORS[1];
        assert!(words * both + 255 * WORDS_FACTORS[2] < LIMIT);
        assert!(words * WORD_FACTORS[0] + 255 * WORD_FACTORS[1] < LIMIT);
    }

    #[test]
    fn a_word_counts_from_its_first_letter_whatever_came_before() {
        let (mut a, mut b) = (History::default(), History::default());
        "one Word".bytes().for_each(|byte| a.push(byte));
        "two! word".bytes().for_each(|byte| b.push(byte));
        assert_eq!(a.row(Context::Word, 1 << 15), b.row(Context::Word, 1 << 15));
        assert_ne!(
            a.row(Context::Words, 1 << 15),
            b.row(Context::Words, 1 << 15)
        );
        assert_eq!(
            a.row(Context::Bytes(3), 1 << 15),
            b.row(Context::Bytes(3), 1 << 15)
        );
        assert_ne!(
            a.row(Context::Bytes(4), 1 << 15),
            b.row(Context::Bytes(4), 1 << 15)
        );
    }
}
