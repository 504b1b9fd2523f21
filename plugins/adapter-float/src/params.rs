//! Parameters on the wire (`spec.md`, section 1).

use umoec_codec::plugin::{ParamReader, put_leb128};
use umoec_codec::{Error, Result};

use crate::DESCRIPTOR;
use crate::number::Number;

/// Most columns of a record.
pub(crate) const COLUMNS_MAX: usize = 4096;

/// How a column is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) number: Number,
    /// Whether differences from the record before stand in place of the numbers.
    pub(crate) delta: bool,
}

/// How the numbers of a block lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    /// Bytes of a number: 2, 4 or 8.
    pub(crate) width: usize,
    pub(crate) big_endian: bool,
    /// Bytes before the first record.
    pub(crate) skip: usize,
    /// Columns of a record, at least one.
    pub(crate) columns: Vec<Column>,
}

impl Params {
    /// Bytes of a record.
    pub(crate) fn record(&self) -> usize {
        self.width * self.columns.len()
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = vec![self.width as u8 | u8::from(self.big_endian) << 4];
        put_leb128(&mut out, self.skip as u64);
        out.extend(self.columns.iter().map(|c| {
            let number = match c.number {
                Number::Unsigned => 0,
                Number::Signed => 1,
                Number::Float => 2,
            };
            number | u8::from(c.delta) << 2
        }));
        out
    }

    /// Reads parameters, all of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = ParamReader::new(&DESCRIPTOR, bytes);
        let first = reader.u8()?;
        let width = usize::from(first & 15);
        if !matches!(width, 2 | 4 | 8) {
            return Err(fault("its numbers are not 2, 4 or 8 bytes wide"));
        }
        if first >> 5 != 0 {
            return Err(fault("its parameters have reserved bits set"));
        }
        let skip = reader.leb128_usize()?;
        let rest = reader.rest();
        if rest.is_empty() || rest.len() > COLUMNS_MAX {
            return Err(fault("its records have no columns, or more than 4096"));
        }
        let columns = rest.iter().map(|&byte| {
            let number = match byte & 3 {
                0 => Number::Unsigned,
                1 => Number::Signed,
                2 => Number::Float,
                _ => return Err(fault("a column of its records has an unknown kind")),
            };
            if byte >> 3 != 0 {
                return Err(fault("a column of its records has an unknown kind"));
            }
            Ok(Column {
                number,
                delta: byte & 4 != 0,
            })
        });
        Ok(Self {
            width,
            big_endian: first & 16 != 0,
            skip,
            columns: columns.collect::<Result<_>>()?,
        })
    }

    /// For people: `f32, little-endian, 3 columns, 1 as differences`.
    pub(crate) fn describe(&self) -> String {
        let bits = 8 * self.width;
        let order = if self.big_endian { "big" } else { "little" };
        let of = |number| self.columns.iter().filter(|c| c.number == number).count();
        let kinds: Vec<String> = [
            ("f", of(Number::Float)),
            ("i", of(Number::Signed)),
            ("u", of(Number::Unsigned)),
        ]
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(letter, count)| match *count == self.columns.len() {
            true => format!("{letter}{bits}"),
            false => format!("{count} {letter}{bits}"),
        })
        .collect();
        let columns = match self.columns.len() {
            1 => "1 column".into(),
            count => format!("{count} columns"),
        };
        let mut text = format!("{}, {order}-endian, {columns}", kinds.join(" and "));
        match self.columns.iter().filter(|c| c.delta).count() {
            0 => {}
            count if count == self.columns.len() => text += ", as differences",
            count => text += &format!(", {count} as differences"),
        }
        if self.skip > 0 {
            text += &format!(", from byte {} on", self.skip);
        }
        text
    }
}

/// A fault of parameters or streams.
pub(crate) fn fault(reason: &str) -> Error {
    DESCRIPTOR.fault(reason)
}
