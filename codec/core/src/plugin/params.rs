//! Parameters of plugins, byte by byte.

use super::Descriptor;
use crate::Result;

/// Appends a number in LEB128: seven bits a byte, the lowest first, bit 7 set on all but the last.
pub fn put_leb128(out: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads the fields of a plugin's parameters, hostile on the decoding side, one after another. Its errors are
/// faults of that plugin's frame.
#[derive(Debug)]
pub struct ParamReader<'a> {
    owner: &'a Descriptor,
    rest: &'a [u8],
}

impl<'a> ParamReader<'a> {
    /// At the beginning of the parameters `bytes` of the plugin that `owner` describes.
    #[must_use]
    pub fn new(owner: &'a Descriptor, bytes: &'a [u8]) -> Self {
        Self { owner, rest: bytes }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// One byte.
    ///
    /// # Errors
    /// `Plugin` where none is left.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// `N` bytes.
    ///
    /// # Errors
    /// `Plugin` where fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(self.owner.fault("its parameters end too early"));
        };
        self.rest = rest;
        Ok(*array)
    }

    /// A number in LEB128 of at most five bytes: below 2^35.
    ///
    /// # Errors
    /// `Plugin` where it is longer or the parameters end.
    pub fn leb128(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.u8()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        Err(self.owner.fault("a number of its parameters is too large"))
    }

    /// The same, where it counts bytes or things in memory.
    ///
    /// # Errors
    /// As `leb128`; also where this machine cannot address so many.
    pub fn leb128_usize(&mut self) -> Result<usize> {
        let value = self.leb128()?;
        let large = |_| self.owner.fault("a number of its parameters is too large");
        usize::try_from(value).map_err(large)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// `Plugin` where something is.
    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.owner.fault("bytes follow its parameters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Kind, PluginId};

    fn owner() -> Descriptor {
        Descriptor {
            kind: Kind::Adapter,
            id: PluginId(9),
            name: "test".into(),
            version: 1,
            oldest: 1,
            summary: "".into(),
        }
    }

    #[test]
    fn numbers_come_back() {
        let owner = owner();
        for value in [
            0,
            1,
            127,
            128,
            300,
            16_383,
            16_384,
            u64::from(u32::MAX),
            (1 << 35) - 1,
        ] {
            let mut bytes = vec![7];
            put_leb128(&mut bytes, value);
            bytes.extend([1, 2]);
            let mut reader = ParamReader::new(&owner, &bytes);
            assert_eq!(reader.u8().unwrap(), 7);
            assert_eq!(reader.leb128().unwrap(), value);
            assert!(reader.end().is_err() && !reader.is_empty());
            assert_eq!(reader.array().unwrap(), [1, 2]);
            assert!(reader.end().is_ok() && reader.is_empty());
            assert!(reader.u8().is_err());
        }
    }

    #[test]
    fn what_is_cut_or_too_large_is_refused() {
        let owner = owner();
        for bytes in [&[][..], &[128], &[255; 4], &[128, 128, 128, 128, 128, 0]] {
            let error = ParamReader::new(&owner, bytes).leb128().unwrap_err();
            assert!(matches!(error, crate::Error::Plugin { .. }), "{bytes:?}");
        }
        assert!(ParamReader::new(&owner, &[1]).array::<2>().is_err());
    }
}
