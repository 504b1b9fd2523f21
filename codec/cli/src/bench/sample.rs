//! A file to measure where none is named: prose-like text, a table, and noise.

use std::fmt::Write as _;

/// About a mebibyte, the same every time.
pub(super) fn generate() -> Vec<u8> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let words: Vec<String> = (0..3000).map(|_| word(&mut random)).collect();
    let mut text = String::new();
    while text.len() < 600 << 10 {
        let length = 5 + random.below(20);
        for i in 0..length {
            // The square favours the first words, as language does.
            let pick = random.below(words.len()) * random.below(words.len()) / words.len();
            if i > 0 {
                text.push(' ');
            }
            text.push_str(&words[pick]);
        }
        text.push_str(".\n");
    }
    for row in 0..12_000 {
        // A String never fails to be written to.
        let _ = writeln!(
            text,
            "{row},{},{}.{:02}",
            words[random.below(40)],
            random.below(500) + row / 10,
            random.below(100)
        );
    }
    let mut bytes = text.into_bytes();
    bytes.extend((0..64 << 10).map(|_| random.below(256) as u8));
    bytes
}

fn word(random: &mut Random) -> String {
    let mut word = String::new();
    for _ in 0..=random.below(4) {
        word.push(char::from(b"bcdfghklmnprstvw"[random.below(16)]));
        word.push(char::from(b"aeiou"[random.below(5)]));
    }
    word
}

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % end as u64) as usize
    }
}
