//! Deflate streams (RFC 1951) to their tokens: what an encoder chose, not only what it means.

/// The orders in which a header gives the lengths of the code for code lengths.
pub(crate) const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// Least length of length code 257 + i, and its extra bits.
pub(crate) const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Least distance of distance code i, and its extra bits.
pub(crate) const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// A literal or a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u32);

impl Token {
    pub(crate) fn literal(byte: u8) -> Self {
        Self(u32::from(byte))
    }

    /// `length` 3 to 258, `distance` 1 to 32768.
    pub(crate) fn reference(length: usize, distance: usize) -> Self {
        Self((length as u32) << 16 | distance as u32)
    }

    /// Bytes that it stands for.
    pub(crate) fn length(self) -> usize {
        if self.is_literal() {
            1
        } else {
            (self.0 >> 16) as usize
        }
    }

    /// 0: a literal.
    pub(crate) fn distance(self) -> usize {
        if self.is_literal() {
            0
        } else {
            (self.0 & 0xFFFF) as usize
        }
    }

    pub(crate) fn is_literal(self) -> bool {
        self.0 < 256
    }

    /// The byte of a literal.
    pub(crate) fn byte(self) -> u8 {
        self.0 as u8
    }
}

/// How a block is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is: so many bytes.
    Stored(usize),
    Fixed,
    Dynamic(Header),
}

/// The codes of a block, as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Header {
    /// Lengths of literal and length codes, 257 to 286.
    pub(crate) literals: Vec<u8>,
    /// Lengths of distance codes, 1 to 30.
    pub(crate) distances: Vec<u8>,
    /// Lengths of the codes for code lengths, in the header's order, 4 to 19.
    pub(crate) meta: Vec<u8>,
    /// Symbols and extra bits that give the lengths.
    pub(crate) symbols: Vec<(u8, u8)>,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) coding: Coding,
    pub(crate) last: bool,
    /// Empty for what is stored.
    pub(crate) tokens: Vec<Token>,
}

/// A whole stream.
#[derive(Debug, Default)]
pub(crate) struct Inflated {
    pub(crate) plain: Vec<u8>,
    pub(crate) blocks: Vec<Block>,
    /// Bytes of the stream.
    pub(crate) used: usize,
    /// Where the stream is cut off after the last whole block: the other bits of its last byte.
    pub(crate) tail: Option<u8>,
}

/// Most tokens of a block that is opened: so many are held at one time.
pub(crate) const TOKENS: usize = 1 << 22;
/// What a trial costs at least, in bytes made: tables are built.
const TRIAL: usize = 256;

/// Decodes the stream at the beginning of `data`. Where the data ends first, or its content would have
/// more than `most` bytes, the whole blocks up to there are taken. `None` where there is a fault, or an
/// oddity that no encoder in use has: bits set in the padding, two codes for the length 258. `work` goes
/// down by the bytes that were made in either case.
pub(crate) fn inflate(data: &[u8], most: usize, work: &mut usize) -> Option<Inflated> {
    let mut out = Inflated::default();
    let mut bits = Bits {
        data,
        at: 0,
        held: 0,
        count: 0,
        ended: false,
    };
    let mut whole = (0, 0);
    let finished = loop {
        match block(&mut bits, most, &mut out) {
            Some(last) => {
                whole = (bits.position(), out.plain.len());
                if last {
                    break true;
                }
            }
            None => break false,
        }
    };
    *work = work.saturating_sub(out.plain.len() + TRIAL);
    if finished {
        out.used = bits.whole_bytes()?;
        return Some(out);
    }
    if !bits.ended || out.blocks.is_empty() {
        return None;
    }
    out.plain.truncate(whole.1);
    out.used = whole.0.div_ceil(8);
    let left = whole.0 % 8;
    out.tail = Some(if left == 0 {
        0
    } else {
        data[out.used - 1] >> left
    });
    Some(out)
}

/// Decodes a block, and says whether it is the last.
fn block(bits: &mut Bits<'_>, most: usize, out: &mut Inflated) -> Option<bool> {
    let last = bits.take(1)? == 1;
    let (coding, tokens) = match bits.take(2)? {
        0 => (stored(bits, most, out)?, Vec::new()),
        1 => {
            let (literals, distances) = fixed_lengths();
            (
                Coding::Fixed,
                tokens(bits, &literals, &distances, most, out)?,
            )
        }
        2 => {
            let header = header(bits)?;
            let tokens = tokens(bits, &header.literals, &header.distances, most, out)?;
            (Coding::Dynamic(header), tokens)
        }
        _ => return None,
    };
    out.blocks.push(Block {
        coding,
        last,
        tokens,
    });
    Some(last)
}

/// The lengths of the fixed codes.
pub(crate) fn fixed_lengths() -> ([u8; 288], [u8; 30]) {
    let mut literals = [8; 288];
    literals[144..256].fill(9);
    literals[256..280].fill(7);
    (literals, [5; 30])
}

fn stored(bits: &mut Bits<'_>, most: usize, out: &mut Inflated) -> Option<Coding> {
    let at = bits.whole_bytes()?;
    let Some(head) = bits.data.get(at..at + 4) else {
        bits.ended = true;
        return None;
    };
    let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
    if u16::from_le_bytes([head[2], head[3]]) != !(length as u16) || out.plain.len() + length > most
    {
        return None;
    }
    out.plain.extend(bits.data.get(at + 4..at + 4 + length)?);
    (bits.at, bits.held, bits.count) = (at + 4 + length, 0, 0);
    Some(Coding::Stored(length))
}

fn header(bits: &mut Bits<'_>) -> Option<Header> {
    let literals = 257 + bits.take(5)? as usize;
    let distances = 1 + bits.take(5)? as usize;
    let count = 4 + bits.take(4)? as usize;
    if literals > 286 || distances > 30 {
        return None;
    }
    let mut header = Header::default();
    let mut lengths = [0; 19];
    for &place in &ORDER[..count] {
        let length = bits.take(3)? as u8;
        header.meta.push(length);
        lengths[place] = length;
    }
    let code = Code::new(&lengths)?;
    let mut all = Vec::with_capacity(literals + distances);
    while all.len() < literals + distances {
        let symbol = code.next(bits)? as u8;
        let (length, times, extra) = match symbol {
            0..16 => (symbol, 1, 0),
            16 => {
                let extra = bits.take(2)?;
                (*all.last()?, 3 + extra, extra)
            }
            17 => {
                let extra = bits.take(3)?;
                (0, 3 + extra, extra)
            }
            _ => {
                let extra = bits.take(7)?;
                (0, 11 + extra, extra)
            }
        };
        header.symbols.push((symbol, extra as u8));
        all.extend(std::iter::repeat_n(length, times as usize));
    }
    if all.len() > literals + distances || all[256] == 0 {
        return None;
    }
    header.distances = all.split_off(literals);
    header.literals = all;
    Some(header)
}

fn tokens(
    bits: &mut Bits<'_>,
    literals: &[u8],
    distances: &[u8],
    most: usize,
    out: &mut Inflated,
) -> Option<Vec<Token>> {
    let (literals, distances) = (Code::new(literals)?, Code::new(distances)?);
    let mut tokens = Vec::new();
    let plain = &mut out.plain;
    loop {
        let symbol = literals.next(bits)?;
        if symbol == 256 {
            return Some(tokens);
        }
        if symbol < 256 {
            if plain.len() == most || tokens.len() == TOKENS {
                bits.ended = true;
                return None;
            }
            plain.push(symbol as u8);
            tokens.push(Token::literal(symbol as u8));
            continue;
        }
        let &(base, extra) = LENGTHS.get(usize::from(symbol) - 257)?;
        let length = usize::from(base) + bits.take(u32::from(extra))? as usize;
        if length == 258 && symbol != 285 {
            return None;
        }
        let &(base, extra) = DISTANCES.get(usize::from(distances.next(bits)?))?;
        let distance = usize::from(base) + bits.take(u32::from(extra))? as usize;
        let start = plain.len().checked_sub(distance)?;
        if plain.len() + length > most || tokens.len() == TOKENS {
            bits.ended = true;
            return None;
        }
        if distance >= length {
            plain.extend_from_within(start..start + length);
        } else {
            for at in start..start + length {
                plain.push(plain[at]);
            }
        }
        tokens.push(Token::reference(length, distance));
    }
}

/// Bits, the least significant of a byte first.
struct Bits<'a> {
    data: &'a [u8],
    /// The next byte to be held.
    at: usize,
    held: u64,
    count: u32,
    /// Whether it ended too early: by the data, or by what is allowed.
    ended: bool,
}

impl Bits<'_> {
    /// Holds at least 32 bits, where there are so many.
    fn refill(&mut self) {
        if let Some(&eight) = self.data.get(self.at..).and_then(|d| d.first_chunk::<8>()) {
            self.held |= u64::from_le_bytes(eight) << self.count;
            let bytes = (63 - self.count) / 8;
            self.at += bytes as usize;
            self.count += 8 * bytes;
            // What does not count must be 0.
            self.held &= (1 << self.count) - 1;
            return;
        }
        while self.count <= 48
            && let Some(&byte) = self.data.get(self.at)
        {
            self.held |= u64::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.refill();
        }
        let Some(left) = self.count.checked_sub(count) else {
            self.ended = true;
            return None;
        };
        self.count = left;
        let value = self.held as u32 & ((1 << count) - 1);
        self.held >>= count;
        Some(value)
    }

    /// Bits that were taken.
    fn position(&self) -> usize {
        8 * self.at - self.count as usize
    }

    /// Goes to the next whole byte, and says which it is. `None` where a bit is set in between.
    fn whole_bytes(&mut self) -> Option<usize> {
        if self.take(self.count % 8)? != 0 {
            return None;
        }
        Some(self.at - (self.count / 8) as usize)
    }
}

const FAST: u32 = 9;

/// A canonical Huffman code.
struct Code {
    /// By the next bits: the symbol and in the low 4 bits its length, or 0 where it is longer.
    fast: [u16; 1 << FAST],
    /// Codes of each length.
    counts: [u16; 16],
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// `None` where there are more codes than fit.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0u16; 16];
        for &length in lengths {
            counts[usize::from(length)] += 1;
        }
        counts[0] = 0;
        let (mut offsets, mut next) = ([0u16; 17], [0u32; 17]);
        let mut left = 1i32;
        for length in 1..16 {
            left = 2 * left - i32::from(counts[length]);
            if left < 0 {
                return None;
            }
            offsets[length + 1] = offsets[length] + counts[length];
            next[length + 1] = (next[length] + u32::from(counts[length])) << 1;
        }
        let mut symbols = vec![0; lengths.len()];
        let mut fast = [0; 1 << FAST];
        for (symbol, &length) in lengths.iter().enumerate().filter(|&(_, &l)| l != 0) {
            let place = usize::from(length);
            symbols[usize::from(offsets[place])] = symbol as u16;
            offsets[place] += 1;
            let code = next[place];
            next[place] += 1;
            if u32::from(length) <= FAST {
                let reversed = code.reverse_bits() >> (32 - u32::from(length));
                for entry in fast.iter_mut().skip(reversed as usize).step_by(1 << length) {
                    *entry = (symbol as u16) << 4 | u16::from(length);
                }
            }
        }
        Some(Self {
            fast,
            counts,
            symbols,
        })
    }

    fn next(&self, bits: &mut Bits<'_>) -> Option<u16> {
        if bits.count < 15 {
            bits.refill();
        }
        let entry = self.fast[(bits.held & ((1 << FAST) - 1)) as usize];
        if entry != 0 {
            bits.take(u32::from(entry & 15))?;
            return Some(entry >> 4);
        }
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for length in 1..16 {
            code |= (bits.held >> (length - 1)) as u32 & 1;
            let count = u32::from(self.counts[length]);
            if code < first + count {
                bits.take(length as u32)?;
                return self.symbols.get((index + code - first) as usize).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}
