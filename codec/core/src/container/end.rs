//! END: the last section of a member.

use super::{CheckKind, Fields, MAX_SIZE};
use crate::Result;

/// The most bytes of an END's body.
pub(super) const MAX_BODY: u64 = 8 + 8 + 32 + 8;

/// What an END section says (spec umc §5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Offset of the INDEX section from the member's first byte; 0 where there is none.
    pub index_offset: u64,
    /// Bytes of the content.
    pub content_size: u64,
    /// The content check.
    pub check: Vec<u8>,
    /// Bytes of the whole member, magic and this section included.
    pub member_length: u64,
}

impl End {
    /// The section's body.
    pub(crate) fn write(&self) -> Vec<u8> {
        [
            &self.index_offset.to_le_bytes(),
            &self.content_size.to_le_bytes(),
            &self.check[..],
            &self.member_length.to_le_bytes(),
        ]
        .concat()
    }

    /// Bytes of the whole section.
    pub(crate) const fn section_length(check: CheckKind) -> u64 {
        1 + 1 + (8 + 8 + check.size() as u64 + 8) + 4
    }

    /// Reads the section's body, all of it.
    pub(crate) fn read(mut fields: Fields<'_>, check: CheckKind) -> Result<Self> {
        let index_offset = fields.u64_le("index offset")?;
        let content_size = fields.u64_le("content size")?;
        let check = fields.bytes(check.size(), "content check")?.to_vec();
        let member_length = fields.u64_le("member length")?;
        if index_offset.max(content_size).max(member_length) > MAX_SIZE {
            return Err(fields.fault("a size is 2^62 or more"));
        }
        fields.end()?;
        Ok(Self {
            index_offset,
            content_size,
            check,
            member_length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_length_ends_the_body() {
        let end = End {
            index_offset: 40,
            content_size: 1000,
            check: vec![1, 2, 3, 4],
            member_length: 0x0102,
        };
        let body = end.write();
        assert_eq!(body[body.len() - 8..], [2, 1, 0, 0, 0, 0, 0, 0]);
        let fields = Fields::new(&body, 0, "end");
        assert_eq!(End::read(fields, CheckKind::Crc32).unwrap(), end);
        assert_eq!(End::section_length(CheckKind::Crc32), body.len() as u64 + 6);
        for kind in [CheckKind::Blake3_128, CheckKind::Blake3_256] {
            assert!(End::read(Fields::new(&body, 0, "end"), kind).is_err());
        }
    }

    #[test]
    fn sizes_that_would_look_like_a_solo_are_refused() {
        let end = End {
            index_offset: 0,
            content_size: 0,
            check: vec![0; 4],
            member_length: 1 << 62,
        };
        let body = end.write();
        assert!(End::read(Fields::new(&body, 0, "end"), CheckKind::Crc32).is_err());
    }
}
