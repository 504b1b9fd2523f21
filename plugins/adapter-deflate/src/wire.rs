//! Numbers and slices of the control stream.

use umoec_codec::Result;
use umoec_codec::plugin::put_leb128;

use crate::fault;

/// Appends `value` in LEB128.
pub(crate) fn put(out: &mut Vec<u8>, value: usize) {
    put_leb128(out, value as u64);
}

/// Reads one field after the other.
#[derive(Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.bytes(1)?[0])
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or_else(|| fault("a stream ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number in LEB128, at most 5 bytes and 2^32 - 1.
    pub(crate) fn number(&mut self) -> Result<usize> {
        let mut value = 0u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return u32::try_from(value)
                    .map(|v| v as usize)
                    .map_err(|_| fault("a number is too large"));
            }
        }
        Err(fault("a number is too large"))
    }
}
