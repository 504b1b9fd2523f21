//! INDEX: where the frames are.

use super::{Fields, MAX_BLOCK, MAX_SIZE, wire};
use crate::Result;

/// The most bytes that an entry takes.
pub(crate) const MAX_ENTRY: usize = 18;

/// The entry of one frame (spec umc §5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Raw bytes of the frame.
    pub(crate) raw_length: u64,
    /// Bytes from the start of the frame's section to that of the next frame, or of the INDEX.
    pub(crate) distance: u64,
}

impl IndexEntry {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        wire::put_varint(out, self.raw_length);
        wire::put_varint(out, self.distance);
    }

    /// All entries of a body.
    pub(crate) fn read_all(mut fields: Fields<'_>) -> Result<Vec<Self>> {
        let mut entries = Vec::new();
        while fields.end().is_err() {
            entries.push(Self {
                raw_length: fields.varint("raw length", 1, MAX_BLOCK)?,
                distance: fields.varint("distance", 1, MAX_SIZE)?,
            });
        }
        Ok(entries)
    }
}
