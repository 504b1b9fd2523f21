//! Parameters on the wire (`spec.md`, section 1).

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
        for mut value in [self.skip, self.length] {
            while value >= 128 {
                out.push(value as u8 | 128);
                value >>= 7;
            }
            out.push(value as u8);
        }
        out
    }

    /// Reads parameters, all of `bytes`, for a block of `len` bytes.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut at = bytes.iter().copied();
        let mut next = || {
            at.next()
                .ok_or_else(|| fault("its parameters end too early"))
        };
        let (flags, channels) = (next()?, usize::from(next()?) + 1);
        if flags >> 4 != 0 || channels > CHANNELS_MAX {
            return Err(fault("its parameters name an unknown kind of samples"));
        }
        let mut leb128 = || -> Result<u64> {
            let mut value = 0;
            for shift in [0, 7, 14, 21, 28] {
                let byte = next()?;
                value |= u64::from(byte & 127) << shift;
                if byte < 128 {
                    return Ok(value);
                }
            }
            Err(fault("a number of its parameters is too large"))
        };
        let params = Self {
            width: usize::from(flags & 3) + 1,
            big_endian: flags & 4 != 0,
            unsigned: flags & 8 != 0,
            channels,
            skip: leb128()?,
            length: leb128()?,
        };
        if at.next().is_some() {
            return Err(fault("bytes follow its parameters"));
        }
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
