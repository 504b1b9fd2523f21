//! Encoder: deflate streams (RFC 1951) to their tokens: what an encoder chose, not only what it means.

use crate::bits::Bits;
use crate::code::Code;
use crate::tokens::{
    Block, Coding, DISTANCES, Header, LENGTHS, ORDER, TOKENS, Token, fixed_lengths,
};

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

/// What a trial costs at least, in bytes made: tables are built.
const TRIAL: usize = 256;

impl Inflated {
    /// The size of zlib's buffer of tokens as a power of two, by the largest block but the last: blocks
    /// have a token less. `None` where there is only one block.
    pub(crate) fn buffer(&self) -> Option<u8> {
        let (_, blocks) = self.blocks.split_last()?;
        let most = blocks.iter().map(|b| b.tokens.len()).max()?;
        Some(((most + 1).next_power_of_two().ilog2() as u8).clamp(7, 15))
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = Token> {
        self.blocks.iter().flat_map(|block| &block.tokens).copied()
    }
}

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
