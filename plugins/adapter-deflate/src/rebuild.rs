//! From the content of a deflate stream back to the stream (`spec.md`, section 4).

use umoec_codec::Result;

use crate::bits::BitWriter;
use crate::fault;
use crate::huffman::header;
use crate::model::{Model, Strategy, Zlib};
use crate::tokens::{Header, TOKENS, Token, fixed_lengths};
use crate::wire::Fields;
use crate::write::{frequencies, write_header, write_tokens};

/// Bytes that `rebuild` takes beside its content and its output: tokens of a block, and tables.
pub(crate) const MEMORY: usize = 4 * TOKENS + (1 << 19);

/// Bits of a block's first byte.
pub(crate) const LAST: u8 = 4;
pub(crate) const COUNTED: u8 = 8;
pub(crate) const HEADED: u8 = 16;
/// Bit of the first byte of all: the stream is cut off.
pub(crate) const CUT: u8 = 64;

/// Appends the stream with that content, at most about `most` bytes.
pub(crate) fn rebuild(
    plain: &[u8],
    corrections: &[u8],
    most: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut fields = Fields(corrections);
    let (first, second, buffer) = (fields.byte()?, fields.byte()?, fields.byte()?);
    let settings = Zlib::read(first & !CUT, second)?;
    if !(7..=15).contains(&buffer) {
        return Err(fault("a stream has blocks of an unknown size"));
    }
    let tail = if first & CUT == 0 { 0 } else { fields.byte()? };
    let blocks = fields.number()?;
    // The differences begin behind the blocks: these are read once to get there.
    let mut differences = Fields(fields.0);
    for _ in 0..blocks {
        BlockHead::read(&mut differences)?;
    }
    let mut differences = Differences::new(differences)?;
    let mut model = Model::new(plain, settings);
    let mut bits = BitWriter::new(out, most);
    let mut tokens = Vec::new();
    for _ in 0..blocks {
        let head = BlockHead::read(&mut fields)?;
        bits.put(u32::from(head.last), 1);
        let count = match head.kind {
            Kind::Stored(length) => {
                let from = model.at();
                let bytes = from
                    .checked_add(length)
                    .and_then(|end| plain.get(from..end));
                let bytes = bytes.ok_or_else(|| fault("a block is longer than its content"))?;
                model.skip(length);
                bits.put(0, 2);
                bits.bytes(&[]);
                bits.bytes(&(length as u16).to_le_bytes());
                bits.bytes(&(!length as u16).to_le_bytes());
                bits.bytes(bytes);
                None
            }
            _ => Some(head.count.unwrap_or((1 << buffer) - 1)),
        };
        if let Some(count) = count {
            tokens.clear();
            while tokens.len() < count && model.at() < plain.len() {
                let said = model.next();
                let token = differences.next(said, plain, &model)?;
                model.take(token, said);
                tokens.push(token);
            }
            if head.count.is_some_and(|count| count != tokens.len()) {
                return Err(fault("a block has more tokens than its content"));
            }
            match head.kind {
                Kind::Fixed => {
                    bits.put(1, 2);
                    let (literals, distances) = fixed_lengths();
                    write_tokens(&tokens, &literals, &distances, &mut bits)?;
                }
                _ => {
                    bits.put(2, 2);
                    let header = head.header.unwrap_or_else(|| {
                        let (literals, distances) = frequencies(&tokens);
                        header(&literals, &distances)
                    });
                    write_header(&header, &mut bits)?;
                    write_tokens(&tokens, &header.literals, &header.distances, &mut bits)?;
                }
            }
        }
        if bits.is_over() {
            return Err(fault("its streams make more than the block"));
        }
    }
    bits.flush(tail);
    if model.at() != plain.len() || !differences.is_empty() {
        return Err(fault("a stream does not use up its content"));
    }
    Ok(())
}

impl Zlib {
    fn read(first: u8, second: u8) -> Result<Self> {
        let strategy = match first >> 4 {
            0 => Strategy::Default,
            1 => Strategy::Filtered,
            2 => Strategy::Huffman,
            3 => Strategy::Runs,
            _ => return Err(fault("a stream has an unknown strategy")),
        };
        let settings = Self {
            level: first & 15,
            strategy,
            window: 9 + (second & 7),
            hash: 8 + (second >> 3),
        };
        if !(1..=9).contains(&settings.level) || settings.window > 15 || settings.hash > 16 {
            return Err(fault("a stream has settings that zlib does not have"));
        }
        Ok(settings)
    }
}

/// Where tokens differ from what is expected.
struct Differences<'a> {
    fields: Fields<'a>,
    /// Tokens that are as expected before the next difference; `None`: all that are left.
    right: Option<usize>,
}

impl<'a> Differences<'a> {
    fn new(fields: Fields<'a>) -> Result<Self> {
        let mut new = Self {
            fields,
            right: None,
        };
        new.count()?;
        Ok(new)
    }

    fn count(&mut self) -> Result<()> {
        self.right = if self.fields.is_empty() {
            None
        } else {
            Some(self.fields.number()?)
        };
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.right.is_none()
    }

    /// The token where `model` is, which expects `said`.
    fn next(&mut self, said: Token, plain: &[u8], model: &Model<'_>) -> Result<Token> {
        match &mut self.right {
            None => return Ok(said),
            Some(0) => {}
            Some(right) => {
                *right -= 1;
                return Ok(said);
            }
        }
        let at = model.at();
        let token = match self.fields.number()? {
            0 => Token::literal(plain[at]),
            code @ 1..=256 if code + 2 <= plain.len() - at => {
                let length = code + 2;
                let distance = match self.fields.number()? {
                    0 => Some(self.fields.number()?),
                    rank => model.ranked(length, rank),
                };
                let distance = distance.filter(|d| (1..=at.min(32_768)).contains(d));
                let distance =
                    distance.ok_or_else(|| fault("a match is outside of its content"))?;
                Token::reference(length, distance)
            }
            _ => return Err(fault("a match is too long")),
        };
        self.count()?;
        Ok(token)
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Stored(usize),
    Fixed,
    Dynamic,
}

/// A block without its tokens.
struct BlockHead {
    last: bool,
    kind: Kind,
    /// Tokens, where they are not as many as zlib makes.
    count: Option<usize>,
    /// The codes, where they are not zlib's.
    header: Option<Header>,
}

impl BlockHead {
    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let first = fields.byte()?;
        let kind = match first & 3 {
            0 => Kind::Stored(fields.number()?),
            1 => Kind::Fixed,
            2 => Kind::Dynamic,
            _ => return Err(fault("a block is of an unknown kind")),
        };
        let allowed = match kind {
            Kind::Stored(length) if length > 0xFFFF => {
                return Err(fault("a stored block is too long"));
            }
            Kind::Stored(_) => LAST,
            Kind::Fixed => LAST | COUNTED,
            Kind::Dynamic => LAST | COUNTED | HEADED,
        };
        if first & !3 & !allowed != 0 {
            return Err(fault("a block has unknown properties"));
        }
        let count = if first & COUNTED == 0 {
            None
        } else {
            Some(fields.number()?)
        };
        if count.is_some_and(|count| count > TOKENS) {
            return Err(fault("a block has too many tokens"));
        }
        let header = if first & HEADED == 0 {
            None
        } else {
            Some(read_header(fields)?)
        };
        Ok(Self {
            last: first & LAST != 0,
            kind,
            count,
            header,
        })
    }
}

fn read_header(fields: &mut Fields<'_>) -> Result<Header> {
    let unknown = || fault("a block has impossible codes");
    let literals = 257 + usize::from(fields.byte()?);
    let distances = usize::from(fields.byte()?);
    let meta = usize::from(fields.byte()?);
    if literals > 286 || !(1..=30).contains(&distances) || !(4..=19).contains(&meta) {
        return Err(unknown());
    }
    let mut header = Header {
        meta: fields.bytes(meta)?.to_vec(),
        ..Header::default()
    };
    if header.meta.iter().any(|&length| length > 7) {
        return Err(unknown());
    }
    let mut all: Vec<u8> = Vec::new();
    while all.len() < literals + distances {
        let symbol = fields.byte()?;
        let extra = if symbol < 16 { 0 } else { fields.byte()? };
        let (length, times, most) = match symbol {
            0..16 => (symbol, 1, 0),
            16 => (*all.last().ok_or_else(unknown)?, 3, 3),
            17 => (0, 3, 7),
            18 => (0, 11, 127),
            _ => return Err(unknown()),
        };
        if extra > most {
            return Err(unknown());
        }
        header.symbols.push((symbol, extra));
        all.extend(std::iter::repeat_n(length, times + usize::from(extra)));
    }
    if all.len() > literals + distances {
        return Err(unknown());
    }
    header.distances = all.split_off(literals);
    header.literals = all;
    Ok(header)
}
