//! The head of a block in corrections (`spec.md`, section 4).

use umoec_codec::Result;

use crate::fault;
use crate::tokens::{Header, TOKENS};
use crate::wire::{Fields, put};

const LAST: u8 = 4;
const COUNTED: u8 = 8;
const OWN: u8 = 16;

/// A block without its tokens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) last: bool,
    pub(crate) kind: Kind,
    /// Tokens, where they are not as many as zlib makes.
    pub(crate) count: Option<usize>,
}

/// How a block is coded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// So many bytes as they are.
    Stored(usize),
    Fixed,
    /// The codes, where they are not zlib's.
    Dynamic(Option<Header>),
}

impl Head {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let (kind, own) = match &self.kind {
            Kind::Stored(_) => (0, 0),
            Kind::Fixed => (1, 0),
            Kind::Dynamic(None) => (2, 0),
            Kind::Dynamic(Some(_)) => (2, OWN),
        };
        let last = if self.last { LAST } else { 0 };
        out.push(kind | last | own | self.count.map_or(0, |_| COUNTED));
        if let Kind::Stored(length) = self.kind {
            put(out, length);
        }
        if let Some(count) = self.count {
            put(out, count);
        }
        if let Kind::Dynamic(Some(header)) = &self.kind {
            write_header(header, out);
        }
    }

    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let first = fields.byte()?;
        let (mut kind, allowed) = match first & 3 {
            0 => (Kind::Stored(fields.number()?), LAST),
            1 => (Kind::Fixed, LAST | COUNTED),
            2 => (Kind::Dynamic(None), LAST | COUNTED | OWN),
            _ => return Err(fault("a block is of an unknown kind")),
        };
        if matches!(kind, Kind::Stored(length) if length > 0xFFFF) {
            return Err(fault("a stored block is too long"));
        }
        if first & !3 & !allowed != 0 {
            return Err(fault("a block has unknown properties"));
        }
        let mut count = None;
        if first & COUNTED != 0 {
            count = Some(fields.number()?);
        }
        if count.is_some_and(|count| count > TOKENS) {
            return Err(fault("a block has too many tokens"));
        }
        if first & OWN != 0 {
            kind = Kind::Dynamic(Some(read_header(fields)?));
        }
        Ok(Self {
            last: first & LAST != 0,
            kind,
            count,
        })
    }
}

fn write_header(header: &Header, out: &mut Vec<u8>) {
    out.push((header.literals.len() - 257) as u8);
    out.push(header.distances.len() as u8);
    out.push(header.meta.len() as u8);
    out.extend(&header.meta);
    for &(symbol, extra) in &header.symbols {
        out.push(symbol);
        if symbol >= 16 {
            out.push(extra);
        }
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
