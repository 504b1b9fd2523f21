//! Rolling statistics: how common each kind of byte was just now, as counts that decay exponentially.
//!
//! Integers alone, so that the exported graph keeps the same numbers as states
//! (`export::conditions` builds it from the constants here).

use umoec_exact::condition;

/// Kinds of bytes: letters, digits, white space, other printable ASCII, control characters, all from 0x80 on.
pub const KINDS: usize = 6;
/// A count loses its 2^-shift part with each byte: it looks back over about 2^shift bytes.
pub const SHIFTS: [u32; 2] = [4, 7];
/// Counts, [shift, kind].
pub const COUNTS: usize = KINDS * SHIFTS.len();
/// A count that has seen nothing but its kind comes near this, and stays below it.
pub const ONE: u32 = 1 << 16;
/// A count is told as its highest eight bits.
pub const TOLD: u32 = 8;

/// The kind of a byte.
pub fn kind(byte: u8) -> u8 {
    const OF_CLASS: [u8; condition::CLASSES] = [0, 0, 1, 2, 2, 3, 4, 4, 5, 5];
    OF_CLASS[usize::from(condition::class(byte))]
}

/// The counts of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local([u16; COUNTS]);

impl Local {
    /// Takes in the byte just coded.
    pub fn push(&mut self, byte: u8) {
        let kind = usize::from(kind(byte));
        for (counts, shift) in self.0.chunks_exact_mut(KINDS).zip(SHIFTS) {
            for (at, count) in counts.iter_mut().enumerate() {
                let gain = if at == kind { ONE >> shift } else { 0 };
                let next = u32::from(*count) - (u32::from(*count) >> shift) + gain;
                *count = next.min(ONE - 1) as u16;
            }
        }
    }

    /// What a network is told of the counts, 0 to 255 each.
    pub fn told(&self) -> [u8; COUNTS] {
        self.0.map(|count| (count >> TOLD) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_near_the_decayed_share_of_its_kind() {
        let text: Vec<u8> = "Some 12 letters; 345 digits,\nand\x01\0 \u{e9}\u{4e2d}! "
            .bytes()
            .cycle()
            .take(700)
            .collect();
        let mut local = Local::default();
        text.iter().for_each(|&byte| local.push(byte));
        for (at, told) in local.told().into_iter().enumerate() {
            let rate = (-f64::from(SHIFTS[at / KINDS])).exp2();
            let weights = text.iter().rev().zip(0..).map(|(&byte, age)| {
                let mine = usize::from(kind(byte)) == at % KINDS;
                f64::from(u8::from(mine)) * rate * (1.0 - rate).powi(age)
            });
            let share = 256.0 * weights.sum::<f64>();
            assert!(
                (f64::from(told) - share).abs() < 2.0,
                "{at}: {told} {share}"
            );
        }
    }

    #[test]
    fn a_count_stays_within_its_bits_and_forgets() {
        let mut local = Local::default();
        (0..5_000).for_each(|_| local.push(b'a'));
        assert_eq!(local.told()[0], 255);
        assert_eq!(local.told()[KINDS], 255);
        (0..5_000).for_each(|_| local.push(b'7'));
        assert_eq!(local.told()[..2], [0, 255]);
        assert_eq!(local.told()[KINDS..KINDS + 2], [0, 255]);
    }
}
