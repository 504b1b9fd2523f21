//! Contents made from a seed, each with a structure of its own. They never change: vectors and
//! sizes are made of them.

use crate::random::Random;

/// What a content looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sentences of words, a few of them frequent.
    Text,
    /// Lines of numbers and names, separated by commas.
    Csv,
    /// Records of fixed length: a counter, a slow value, flags, a constant.
    Records,
    /// Rows of pixels of three bytes that resemble their neighbours.
    Grid,
    /// Samples of 16 bits of two channels, slow waves with noise.
    Waves,
    /// Long runs of single bytes.
    Runs,
    /// Nothing to predict.
    Noise,
    /// Pieces of all of these.
    Mixed,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Csv,
        Self::Records,
        Self::Grid,
        Self::Waves,
        Self::Runs,
        Self::Noise,
        Self::Mixed,
    ];

    /// Its name in file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Records => "records",
            Self::Grid => "grid",
            Self::Waves => "waves",
            Self::Runs => "runs",
            Self::Noise => "noise",
            Self::Mixed => "mixed",
        }
    }

    /// `len` bytes of this kind.
    #[must_use]
    pub fn generate(self, len: usize, seed: u64) -> Vec<u8> {
        let mut random = Random::new(seed);
        let mut out = Vec::with_capacity(len + 4096);
        match self {
            Self::Text => fill(&mut out, len, |out, _| sentence(out, &mut random)),
            Self::Csv => fill(&mut out, len, |out, n| line(out, n, &mut random)),
            Self::Records => records(&mut out, len, &mut random),
            Self::Grid => grid(&mut out, len, &mut random),
            Self::Waves => waves(&mut out, len, &mut random),
            Self::Runs => fill(&mut out, len, |out, _| {
                let run = random.index(400) + 1;
                out.resize(out.len() + run, random.byte() & 0x1f);
            }),
            Self::Noise => out.extend((0..len).map(|_| random.byte())),
            Self::Mixed => fill(&mut out, len, |out, n| {
                let kind = Self::ALL[n as usize % (Self::ALL.len() - 1)];
                out.extend(kind.generate(random.index(3000) + 1, random.word()));
            }),
        }
        out.truncate(len);
        out
    }
}

/// Calls `more` with a rising number until there are `len` bytes.
fn fill(out: &mut Vec<u8>, len: usize, mut more: impl FnMut(&mut Vec<u8>, u64)) {
    let mut number = 0;
    while out.len() < len {
        more(out, number);
        number += 1;
    }
}

const WORDS: [&str; 32] = [
    "the", "of", "and", "a", "to", "in", "is", "that", "it", "was", "as", "by", "model", "byte",
    "each", "predicts", "next", "stream", "history", "context", "weight", "error", "before",
    "nothing", "coded", "mixing", "always", "length", "symbols", "frequent", "archive", "river",
];

fn sentence(out: &mut Vec<u8>, random: &mut Random) {
    let start = out.len();
    for position in 0..random.index(14) + 3 {
        if position > 0 {
            out.extend(if random.below(12) == 0 { ", " } else { " " }.bytes());
        }
        // The lower of two: the first words are the frequent ones.
        let word = random.index(WORDS.len()).min(random.index(WORDS.len()));
        out.extend(WORDS[word].bytes());
    }
    out[start].make_ascii_uppercase();
    out.extend(if random.below(5) == 0 { ".\n" } else { ". " }.bytes());
}

fn line(out: &mut Vec<u8>, number: u64, random: &mut Random) {
    let name = WORDS[random.index(WORDS.len())];
    let (value, cents) = (random.below(500), random.below(100));
    let text = format!(
        "{},{name},{value}.{cents:02},{}\n",
        1000 + number,
        value % 3
    );
    out.extend(text.bytes());
}

fn records(out: &mut Vec<u8>, len: usize, random: &mut Random) {
    let padding = random.index(8);
    let mut value = 1_000_000i64;
    fill(out, len, |out, number| {
        value += random.around_zero(300);
        out.extend((number as u32).to_le_bytes());
        out.extend((value as i32).to_le_bytes());
        out.extend([
            if random.below(9) == 0 { 1 } else { 0 },
            0x40,
            random.byte() & 3,
        ]);
        out.resize(out.len() + 1 + padding, 0xee);
    });
}

/// Pixels of a row.
const WIDTH: usize = 64;

fn grid(out: &mut Vec<u8>, len: usize, random: &mut Random) {
    let mut row = [[90i64, 120, 60]; WIDTH];
    fill(out, len, |out, _| {
        let light = random.around_zero(3);
        for (x, pixel) in row.iter_mut().enumerate() {
            let edge = if x % 16 == 0 {
                random.around_zero(6)
            } else {
                0
            };
            for channel in pixel {
                *channel = (*channel + light + edge + random.around_zero(1)).clamp(0, 255);
                out.push(*channel as u8);
            }
        }
    });
}

fn waves(out: &mut Vec<u8>, len: usize, random: &mut Random) {
    // Two oscillators: v += -k x, x += v, in integers.
    let mut state = [(9000i64, 0i64), (0, 700)];
    fill(out, len, |out, _| {
        for ((x, v), k) in state.iter_mut().zip([7, 3]) {
            *v -= *x * k / 1024;
            *x = (*x + *v).clamp(-20_000, 20_000);
            out.extend(((*x + random.around_zero(4)) as i16).to_le_bytes());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn contents_have_their_length_and_depend_on_the_seed() {
        for kind in Kind::ALL {
            for len in [0, 1, 7, 5000] {
                let content = kind.generate(len, 1);
                assert_eq!(content.len(), len);
                assert_eq!(content, kind.generate(len, 1));
            }
            assert_ne!(kind.generate(5000, 1), kind.generate(5000, 2), "{kind:?}");
        }
    }

    /// All generators at once: whoever changes one changes the vectors.
    #[test]
    fn contents_never_change() {
        let mut hasher = blake3::Hasher::new();
        for kind in Kind::ALL {
            hasher.update(&kind.generate(10_000, 42));
        }
        let hash = hasher.finalize().to_hex();
        assert_eq!(hash[..16], *"1e2d70222b662ce6");
    }
}
