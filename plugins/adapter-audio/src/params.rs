//! Parameters on the wire (`spec.md`, section 1).

use umoec_codec::plugin::{ParamReader, put_leb128};
use umoec_codec::{Error, Result};

use crate::DESCRIPTOR;

/// Most channels.
pub(crate) const CHANNELS_MAX: usize = 32;

/// How samples lie in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    /// Bytes of a sample, 1 to 4.
    pub(crate) width: usize,
    pub(crate) big_endian: bool,
    /// Whether silence is the middle of the range rather than 0.
    pub(crate) unsigned: bool,
    pub(crate) channels: usize,
    /// Bytes before the first sample of the first channel.
    pub(crate) skip: u64,
    /// Bytes of samples, whole frames.
    pub(crate) length: u64,
}

impl Params {
    /// Bytes of a sample of every channel.
    pub(crate) fn frame(&self) -> usize {
        self.width * self.channels
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let flags = u8::from(self.big_endian) << 2 | u8::from(self.unsigned) << 3;
        let mut out = vec![(self.width - 1) as u8 | flags, (self.channels - 1) as u8];
        put_leb128(&mut out, self.skip);
        put_leb128(&mut out, self.length);
        out
    }

    /// Reads parameters, all of `bytes`, for a block of `len` bytes.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = ParamReader::new(&DESCRIPTOR, bytes);
        let (flags, channels) = (reader.u8()?, usize::from(reader.u8()?) + 1);
        if flags >> 4 != 0 || channels > CHANNELS_MAX {
            return Err(fault("its parameters name an unknown kind of samples"));
        }
        let params = Self {
            width: usize::from(flags & 3) + 1,
            big_endian: flags & 4 != 0,
            unsigned: flags & 8 != 0,
            channels,
            skip: reader.leb128()?,
            length: reader.leb128()?,
        };
        reader.end()?;
        Ok(params)
    }

    /// For people: `16-bit, little-endian, 2 channels, 4096 bytes from byte 44 on`.
    pub(crate) fn describe(&self) -> String {
        let sign = if self.unsigned { "unsigned " } else { "" };
        let order = match (self.width, self.big_endian) {
            (1, _) => "",
            (_, true) => ", big-endian",
            (_, false) => ", little-endian",
        };
        let channels = match self.channels {
            1 => "1 channel".into(),
            count => format!("{count} channels"),
        };
        format!(
            "{sign}{}-bit{order}, {channels}, {} bytes from byte {} on",
            8 * self.width,
            self.length,
            self.skip
        )
    }
}

/// A fault of parameters or streams.
pub(crate) fn fault(reason: &str) -> Error {
    DESCRIPTOR.fault(reason)
}
