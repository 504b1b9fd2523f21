//! What zlib would choose next (`deflate.c`; `spec.md`, section 5): the same searches in the same order.

use crate::tokens::Token;

const SHORTEST: usize = 3;
const LONGEST: usize = 258;
/// zlib keeps this much free of the window.
const LOOKAHEAD: usize = LONGEST + SHORTEST + 1;
/// Matches of 3 bytes are not worth it from there on.
const TOO_FAR: usize = 4096;

/// Places of a chain that are looked at for a rank.
const WALK: usize = 4096;

/// good, lazy, nice and chain of the levels 1 to 9.
const LEVELS: [[u16; 4]; 9] = [
    [4, 4, 8, 4],
    [4, 5, 16, 8],
    [4, 6, 32, 32],
    [4, 4, 16, 16],
    [8, 16, 32, 32],
    [8, 16, 128, 128],
    [8, 32, 128, 256],
    [32, 128, 258, 1024],
    [32, 258, 258, 4096],
];

/// How zlib was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zlib {
    /// 1 to 9.
    pub(crate) level: u8,
    pub(crate) strategy: Strategy,
    /// The window's size as a power of two, 9 to 15.
    pub(crate) window: u8,
    /// Bits of the hash of three bytes, 8 to 16.
    pub(crate) hash: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Strategy {
    Default = 0,
    Filtered = 1,
    Huffman = 2,
    Runs = 3,
}

/// A search's result: length, and where it starts. Length 2: none.
type Match = (usize, usize);

/// zlib at a place in a stream.
pub(crate) struct Model<'a> {
    plain: &'a [u8],
    zlib: Zlib,
    /// good, lazy, nice, chain.
    tuning: [usize; 4],
    at: usize,
    /// The match at `at`, where it was already looked for.
    pending: Option<Match>,
    /// By hash: the last place that has it. 0: none, so that nothing matches the first byte.
    head: Vec<u32>,
    /// By place modulo the window: the place before it with the same hash.
    chain: Vec<u32>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(plain: &'a [u8], zlib: Zlib) -> Self {
        let searches = matches!(zlib.strategy, Strategy::Default | Strategy::Filtered);
        let size = |bits: u8| if searches { 1 << bits } else { 0 };
        // A place modulo the window is the place itself where the content is shorter.
        let chain = size(zlib.window).min(plain.len().next_power_of_two());
        Self {
            plain,
            zlib,
            tuning: LEVELS[usize::from(zlib.level) - 1].map(usize::from),
            at: 0,
            pending: None,
            head: vec![0; size(zlib.hash)],
            chain: vec![0; chain],
        }
    }

    /// Where the next token starts.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What zlib would write next. There must be a byte left, and `take` must follow.
    pub(crate) fn next(&mut self) -> Token {
        let literal = Token::literal(self.plain[self.at]);
        match self.zlib.strategy {
            Strategy::Huffman => literal,
            Strategy::Runs => self.run(),
            _ => {
                let (length, start) = self.search();
                if length < SHORTEST {
                    return literal;
                }
                Token::reference(length, self.at - start)
            }
        }
    }

    /// Goes on by a token: the one that was said or another that fits.
    pub(crate) fn take(&mut self, token: Token, said: Token) {
        if token != said {
            self.pending = None;
        }
        let length = token.length();
        if !self.head.is_empty() && length > 1 {
            let end = self.at + length;
            let left = self.plain.len() - end;
            if !self.fast() || (length <= self.tuning[1] && left >= SHORTEST) {
                (self.at + 1..end).for_each(|place| self.insert(place));
            }
        }
        self.at += length;
    }

    /// Goes on by bytes that were stored.
    pub(crate) fn skip(&mut self, length: usize) {
        self.pending = None;
        if !self.head.is_empty() {
            (self.at..self.at + length).for_each(|place| self.insert(place));
        }
        self.at += length;
    }

    /// Which of the places before `at` that match `length` bytes is `distance` back, counted from 1 along
    /// the chain. 0: none that a short walk finds. After `next`.
    pub(crate) fn rank(&self, length: usize, distance: usize) -> usize {
        let found = self.places(length).position(|d| d == distance);
        found.map_or(0, |number| number + 1)
    }

    /// How far back the place of that rank is.
    pub(crate) fn ranked(&self, length: usize, rank: usize) -> Option<usize> {
        self.places(length).nth(rank.checked_sub(1)?)
    }

    /// How far back each place is that matches `length` bytes, of the next `WALK` of the chain.
    fn places(&self, length: usize) -> impl Iterator<Item = usize> {
        let scan = self.plain.get(self.at..self.at + length).unwrap_or(&[]);
        let link = |place: usize| {
            let next = *self.chain.get(place & self.chain.len().wrapping_sub(1))? as usize;
            (next > 0 && self.at - next < self.chain.len()).then_some(next)
        };
        let start = if scan.len() < SHORTEST {
            None
        } else {
            link(self.at)
        };
        std::iter::successors(start, move |&place| link(place))
            .take(WALK)
            .filter(move |&place| self.plain[place..].starts_with(scan))
            .map(|place| self.at - place)
    }

    /// Whether the level takes the first match that it finds.
    fn fast(&self) -> bool {
        self.zlib.level <= 3
    }

    fn run(&self) -> Token {
        let plain = &self.plain[self.at..];
        let Some(before) = self.at.checked_sub(1).map(|b| self.plain[b]) else {
            return Token::literal(plain[0]);
        };
        let length = plain
            .iter()
            .take(LONGEST)
            .take_while(|&&b| b == before)
            .count();
        if length < SHORTEST {
            Token::literal(plain[0])
        } else {
            Token::reference(length, 1)
        }
    }

    /// The match to be written at `at`, after the place has been entered.
    fn search(&mut self) -> Match {
        let first = self.head_of(self.at);
        self.insert(self.at);
        let now = match self.pending.take() {
            Some(found) => found,
            None => self.longest(self.at, first, 2),
        };
        if self.fast() || now.0 < SHORTEST || now.0 >= self.tuning[1] {
            return now;
        }
        let next = self.longest(self.at + 1, self.head_of(self.at + 1), now.0);
        if next.0 > now.0 {
            self.pending = Some(next);
            return (2, 0);
        }
        now
    }

    fn hash_of(&self, at: usize) -> Option<usize> {
        let bytes = self.plain.get(at..at + SHORTEST)?;
        let shift = self.zlib.hash.div_ceil(3);
        let hash = bytes.iter().fold(0, |h, &b| (h << shift) ^ usize::from(b));
        Some(hash & (self.head.len() - 1))
    }

    /// The last place with the same hash as `at`, or 0.
    fn head_of(&self, at: usize) -> usize {
        self.hash_of(at).map_or(0, |hash| self.head[hash] as usize)
    }

    fn insert(&mut self, at: usize) {
        if let Some(hash) = self.hash_of(at) {
            let slot = at & (self.chain.len() - 1);
            self.chain[slot] = self.head[hash];
            self.head[hash] = at as u32;
        }
    }

    /// The longest match at `at` that has more than `beat` bytes, among those that the chain from
    /// `first` on holds.
    fn longest(&self, at: usize, first: usize, beat: usize) -> Match {
        let farthest = (1 << self.zlib.window) - LOOKAHEAD;
        if first == 0 || at - first > farthest {
            return (2, 0);
        }
        let [good, _, nice, mut chain] = self.tuning;
        if beat >= good {
            chain >>= 2;
        }
        let scan = &self.plain[at..self.plain.len().min(at + LONGEST)];
        let nice = nice.min(scan.len());
        let limit = at.saturating_sub(farthest);
        let (mut best, mut place) = ((beat, 0), first);
        let mask = self.chain.len() - 1;
        // The two bytes that a longer match must have, and that few have.
        let end = |best: usize| scan.get(best - 1..=best).map(|end| [end[0], end[1]]);
        let mut wanted = end(beat);
        while let Some(last) = wanted {
            if self.plain[place + best.0 - 1..place + best.0 + 1] == last {
                let length = common(scan, &self.plain[place..]);
                if length > best.0 {
                    best = (length, place);
                    if length >= nice {
                        break;
                    }
                    wanted = end(length);
                }
            }
            place = self.chain[place & mask] as usize;
            chain -= 1;
            if place <= limit || chain == 0 {
                break;
            }
        }
        if best.0 <= beat || self.poor(best, at) {
            (2, 0)
        } else {
            best
        }
    }

    /// Whether a careful level would rather write literals.
    fn poor(&self, (length, start): Match, at: usize) -> bool {
        !self.fast()
            && length <= 5
            && (self.zlib.strategy == Strategy::Filtered
                || (length == SHORTEST && at - start > TOO_FAR))
    }
}

/// How many bytes are the same. `b` is not shorter than `a`.
fn common(a: &[u8], b: &[u8]) -> usize {
    let (wide_a, rest_a) = a.as_chunks::<8>();
    let (wide_b, _) = b[..a.len()].as_chunks::<8>();
    for (number, (&x, &y)) in wide_a.iter().zip(wide_b).enumerate() {
        let differ = u64::from_le_bytes(x) ^ u64::from_le_bytes(y);
        if differ != 0 {
            return 8 * number + (differ.trailing_zeros() / 8) as usize;
        }
    }
    let done = 8 * wide_a.len();
    let rest = rest_a.iter().zip(&b[done..]);
    done + rest.take_while(|(x, y)| x == y).count()
}
