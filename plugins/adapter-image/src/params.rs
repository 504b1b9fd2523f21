//! Parameters on the wire (`spec.md`, section 1).

use umoec_codec::plugin::{ParamReader, put_leb128};
use umoec_codec::{Error, Result};

use crate::DESCRIPTOR;

/// Most channels.
pub(crate) const CHANNELS_MAX: usize = 32;
/// Most bytes of a row: as far as predictors look.
pub(crate) const ROW_MAX: u64 = (1 << 24) - 1;

/// How the first three channels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Colour {
    /// As they are.
    Same = 0,
    /// The second one, mostly green, before the first.
    GreenFirst = 1,
    /// So, and it is taken from the two others.
    LessGreen = 2,
}

/// How samples lie in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    /// Bytes of a sample: 1, 2 or 4.
    pub(crate) width: usize,
    pub(crate) big_endian: bool,
    /// Whether samples are two's complement.
    pub(crate) signed: bool,
    pub(crate) colour: Colour,
    pub(crate) channels: usize,
    /// Bytes before the first row.
    pub(crate) skip: u64,
    /// Bytes of the samples of a row, whole pixels.
    pub(crate) row: u64,
    /// Bytes behind each row.
    pub(crate) pad: u64,
    pub(crate) rows: u64,
}

/// No samples at all.
impl Default for Params {
    fn default() -> Self {
        Self {
            width: 1,
            big_endian: false,
            signed: false,
            colour: Colour::Same,
            channels: 1,
            skip: 0,
            row: 1,
            pad: 0,
            rows: 0,
        }
    }
}

impl Params {
    /// Bytes of a sample of every channel.
    pub(crate) fn pixel(&self) -> usize {
        self.width * self.channels
    }

    /// Bytes from the first row to the end of what is behind the last; `None` where that is no number.
    pub(crate) fn span(&self) -> Option<u64> {
        self.row.checked_add(self.pad)?.checked_mul(self.rows)
    }

    /// Refuses rows that are not within a block of `len` bytes.
    pub(crate) fn check_within(&self, len: usize) -> Result<()> {
        let end = self.span().and_then(|span| span.checked_add(self.skip));
        match end {
            Some(end) if end <= len as u64 => Ok(()),
            _ => Err(fault("its samples are not within the block")),
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let flags = u8::from(self.big_endian) << 2 | u8::from(self.signed) << 3;
        let first = self.width.ilog2() as u8 | flags | (self.colour as u8) << 4;
        let mut out = vec![first, (self.channels - 1) as u8];
        for value in [self.skip, self.row, self.pad, self.rows] {
            put_leb128(&mut out, value);
        }
        out
    }

    /// Reads parameters, all of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = ParamReader::new(&DESCRIPTOR, bytes);
        let (first, channels) = (reader.u8()?, usize::from(reader.u8()?) + 1);
        let colour = match first >> 4 {
            0 => Colour::Same,
            1 => Colour::GreenFirst,
            2 => Colour::LessGreen,
            _ => return Err(fault("its parameters name an unknown kind of colours")),
        };
        if first & 3 == 3 || channels > CHANNELS_MAX {
            return Err(fault("its parameters name an unknown kind of samples"));
        }
        if colour != Colour::Same && channels < 3 {
            return Err(fault("its colours need three channels"));
        }
        let params = Self {
            width: 1 << (first & 3),
            big_endian: first & 4 != 0,
            signed: first & 8 != 0,
            colour,
            channels,
            skip: reader.leb128()?,
            row: reader.leb128()?,
            pad: reader.leb128()?,
            rows: reader.leb128()?,
        };
        reader.end()?;
        if params.row == 0 || !params.row.is_multiple_of(params.pixel() as u64) {
            return Err(fault("its rows are not made of whole pixels"));
        }
        Ok(params)
    }

    /// For people: `16-bit, big-endian, 1 channel, 3072 x 976 from byte 20 on`.
    pub(crate) fn describe(&self) -> String {
        let sign = if self.signed { "signed " } else { "" };
        let order = match (self.width, self.big_endian) {
            (1, _) => "",
            (_, true) => ", big-endian",
            (_, false) => ", little-endian",
        };
        let channels = match self.channels {
            1 => "1 channel".into(),
            count => format!("{count} channels"),
        };
        let colour = match self.colour {
            Colour::Same => "",
            Colour::GreenFirst => ", the second first",
            Colour::LessGreen => ", the second first and taken from the others",
        };
        format!(
            "{sign}{}-bit{order}, {channels}{colour}, {} x {} from byte {} on",
            8 * self.width,
            self.row / self.pixel() as u64,
            self.rows,
            self.skip
        )
    }
}

/// A fault of parameters or streams.
pub(crate) fn fault(reason: &str) -> Error {
    DESCRIPTOR.fault(reason)
}
