//! From the content of a deflate stream back to the stream (`spec.md`, section 4).

use umoec_codec::{Error, Limits, Result};

use crate::bits::BitWriter;
use crate::block::{Head, Kind};
use crate::fault;
use crate::huffman::header;
use crate::model::{Model, Strategy, Zlib};
use crate::tokens::{TOKENS, Token, fixed_lengths};
use crate::wire::Fields;
use crate::write::{frequencies, write_header, write_tokens};

/// Bytes of the model's tables, at most.
const TABLES: usize = 1 << 19;

/// The most that any stream of a block of `block` bytes takes whose content has at most `content` bytes: an image's rows
/// with their filters, its stream in one piece, and the tokens of a block of deflate.
pub(crate) fn memory(content: usize, block: usize) -> u64 {
    let rows = 2 * content as u64;
    let tokens = rows.min(TOKENS as u64) * size_of::<Token>() as u64;
    rows + block as u64 + tokens + TABLES as u64
}

/// Bit of the first byte: the stream is cut off.
pub(crate) const CUT: u8 = 64;

/// Appends the stream with that content, at most about `most` bytes. `taken` is what is already in use of
/// the memory that `limits` allow.
pub(crate) fn rebuild(
    plain: &[u8],
    corrections: &[u8],
    most: usize,
    limits: &Limits,
    taken: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut fields = Fields(corrections);
    let (first, second, buffer) = (fields.byte()?, fields.byte()?, fields.byte()?);
    let zlib = Zlib::read(first & !CUT, second)?;
    if !(7..=15).contains(&buffer) {
        return Err(fault("a stream has blocks of an unknown size"));
    }
    let tail = if first & CUT == 0 { 0 } else { fields.byte()? };
    let blocks = fields.number()?;
    // The differences begin behind the heads of the blocks: these are read once to get there.
    let mut differences = Fields(fields.0);
    let mut longest = 0;
    for _ in 0..blocks {
        let head = Head::read(&mut differences)?;
        longest = longest.max(head.count.unwrap_or((1 << buffer) - 1));
    }
    let tokens = longest.min(plain.len()) * size_of::<Token>();
    afford(limits, taken.saturating_add(tokens).saturating_add(TABLES))?;
    let mut differences = Differences::new(differences)?;
    let mut model = Model::new(plain, zlib);
    let mut bits = BitWriter::new(out, most);
    let mut tokens = Vec::new();
    for _ in 0..blocks {
        let head = Head::read(&mut fields)?;
        if !matches!(head.kind, Kind::Stored(_)) {
            let count = head.count.unwrap_or((1 << buffer) - 1);
            differences.tokens(count, plain, &mut model, &mut tokens)?;
            if head.count.is_some_and(|count| count != tokens.len()) {
                return Err(fault("a block has more tokens than its content"));
            }
        }
        bits.put(u32::from(head.last), 1);
        match head.kind {
            Kind::Stored(length) => stored(length, plain, &mut model, &mut bits)?,
            Kind::Fixed => {
                bits.put(1, 2);
                let (literals, distances) = fixed_lengths();
                write_tokens(&tokens, &literals, &distances, &mut bits)?;
            }
            Kind::Dynamic(own) => {
                bits.put(2, 2);
                let header = own.unwrap_or_else(|| {
                    let (literals, distances) = frequencies(&tokens);
                    header(&literals, &distances)
                });
                write_header(&header, &mut bits)?;
                write_tokens(&tokens, &header.literals, &header.distances, &mut bits)?;
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

/// Refuses what needs more bytes than there may be.
pub(crate) fn afford(limits: &Limits, needed: usize) -> Result<()> {
    let needed = needed as u64;
    if needed <= limits.memory {
        return Ok(());
    }
    Err(Error::Limit {
        what: "adapter `deflate`".into(),
        needed,
        limit: limits.memory,
        hint: "allow more memory".into(),
    })
}

fn stored(
    length: usize,
    plain: &[u8],
    model: &mut Model<'_>,
    bits: &mut BitWriter<'_>,
) -> Result<()> {
    let bytes = plain[model.at()..].get(..length);
    let bytes = bytes.ok_or_else(|| fault("a block is longer than its content"))?;
    model.skip(length);
    bits.put(0, 2);
    bits.bytes(&(length as u16).to_le_bytes());
    bits.bytes(&(!length as u16).to_le_bytes());
    bits.bytes(bytes);
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
        let zlib = Self {
            level: first & 15,
            strategy,
            window: 9 + (second & 7),
            hash: 8 + (second >> 3),
        };
        if !(1..=9).contains(&zlib.level) || zlib.window > 15 || zlib.hash > 16 {
            return Err(fault("a stream has settings that zlib does not have"));
        }
        Ok(zlib)
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

    /// Makes up to `count` tokens, fewer where the content ends.
    fn tokens(
        &mut self,
        count: usize,
        plain: &[u8],
        model: &mut Model<'_>,
        tokens: &mut Vec<Token>,
    ) -> Result<()> {
        tokens.clear();
        while tokens.len() < count && model.at() < plain.len() {
            let said = model.next();
            let token = self.next(said, plain, model)?;
            model.take(token, said);
            tokens.push(token);
        }
        Ok(())
    }
}
