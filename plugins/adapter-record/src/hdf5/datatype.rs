//! Datatype messages (section IV.A.2.d) as columns.

use umoec_adapter_float::number::Number;

use super::source::Reader;
use crate::geometry::Column;
use crate::params::FIELDS_MAX;

/// Deepest nesting of types.
const DEPTH: usize = 8;

/// A type: what an element of it consists of.
pub(super) struct Type {
    pub(super) columns: Vec<Column>,
    /// Whether there is a number of more than a byte in it.
    pub(super) is_numeric: bool,
}

impl Type {
    /// Bytes of an element.
    pub(super) fn size(&self) -> usize {
        self.columns.iter().map(|c| c.width).sum()
    }

    /// The type that the reader is at.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let columns = read(reader, DEPTH)?;
        let is_numeric = columns.iter().any(|c| c.width > 1);
        Some(Self {
            columns,
            is_numeric,
        })
    }
}

fn read(reader: &mut Reader<'_>, depth: usize) -> Option<Vec<Column>> {
    let depth = depth.checked_sub(1)?;
    let first = reader.u8()?;
    let (class, version) = (first & 15, first >> 4);
    let bits = reader.number(3)?;
    let size = reader.number(4)? as usize;
    let bytes = || (size <= FIELDS_MAX).then(|| vec![Column::BYTE; size]);
    let number = |number, width, big_endian| {
        let column = Column {
            width,
            number,
            big_endian,
        };
        (1..=8).contains(&width).then(|| vec![column])
    };
    match class {
        // Fixed point.
        0 => {
            reader.take(4)?;
            let kind = if bits & 8 != 0 {
                Number::Signed
            } else {
                Number::Unsigned
            };
            number(kind, size, bits & 1 != 0).or_else(bytes)
        }
        // Floating point; those of a VAX have bit 6 set.
        1 => {
            reader.take(12)?;
            let known = matches!(size, 2 | 4 | 8) && bits & 64 == 0;
            let float = known.then(|| number(Number::Float, size, bits & 1 != 0));
            float.flatten().or_else(bytes)
        }
        // Time.
        2 => {
            reader.take(2)?;
            number(Number::Signed, size, bits & 1 != 0).or_else(bytes)
        }
        // Strings and references.
        3 | 7 => bytes(),
        // Bit fields.
        4 => {
            reader.take(4)?;
            number(Number::Unsigned, size, bits & 1 != 0).or_else(bytes)
        }
        // Opaque, with a tag.
        5 => {
            reader.take((bits & 255) as usize)?;
            bytes()
        }
        6 => compound(reader, version, bits & 0xFFFF, size, depth),
        // Enumerations: names and values of the members follow the type.
        8 => {
            let base = read(reader, depth)?;
            for _ in 0..bits & 0xFFFF {
                name(reader, version)?;
            }
            reader.take((bits & 0xFFFF) as usize * width(&base))?;
            Some(base)
        }
        // Lengths and places of what is elsewhere.
        9 => {
            read(reader, depth)?;
            bytes()
        }
        10 => array(reader, version, depth),
        _ => None,
    }
}

fn compound(
    reader: &mut Reader<'_>,
    version: u8,
    members: u64,
    size: usize,
    depth: usize,
) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    let mut at = 0;
    for _ in 0..members {
        name(reader, version)?;
        // From version 3 on, the offset has as many bytes as the size needs.
        let offset_width = match version {
            1 | 2 => 4,
            _ => (size.max(1).ilog2() / 8 + 1) as usize,
        };
        let offset = reader.number(offset_width)? as usize;
        let mut times = 1usize;
        if version == 1 {
            let rank = reader.u8()?;
            reader.take(11)?;
            let dims = [(); 4].map(|()| reader.number(4));
            for dim in dims.into_iter().take(usize::from(rank)) {
                times = times.checked_mul(dim? as usize)?;
            }
        }
        let member = read(reader, depth)?;
        let gap = offset.checked_sub(at)?;
        let all = member.len().checked_mul(times)?.checked_add(gap)?;
        if all > FIELDS_MAX - columns.len() {
            return None;
        }
        columns.extend(vec![Column::BYTE; gap]);
        columns.extend(member.repeat(times));
        at = offset + width(&member) * times;
    }
    let rest = size.checked_sub(at)?;
    if rest > FIELDS_MAX - columns.len() {
        return None;
    }
    columns.extend(vec![Column::BYTE; rest]);
    Some(columns)
}

fn array(reader: &mut Reader<'_>, version: u8, depth: usize) -> Option<Vec<Column>> {
    let rank = reader.u8()?;
    if version < 3 {
        reader.take(3)?;
    }
    let mut times = 1usize;
    for _ in 0..rank {
        times = times.checked_mul(reader.number(4)? as usize)?;
    }
    if version < 3 {
        reader.take(4 * usize::from(rank))?;
    }
    let base = read(reader, depth)?;
    let all = base.len().checked_mul(times)?;
    (all <= FIELDS_MAX).then(|| base.repeat(times))
}

fn width(columns: &[Column]) -> usize {
    columns.iter().map(|c| c.width).sum()
}

/// Passes over a name that ends with a zero, and until version 3 is padded to eight bytes.
fn name(reader: &mut Reader<'_>, version: u8) -> Option<()> {
    let length = memchr::memchr(0, reader.bytes)? + 1;
    let padded = if version < 3 {
        length.next_multiple_of(8)
    } else {
        length
    };
    reader.take(padded)?;
    Some(())
}
