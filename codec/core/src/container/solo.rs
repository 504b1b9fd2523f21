//! SOLO: a whole member of one block in one section.

use super::{CheckKind, Fields, FrameHead, MAX_BLOCK, MAX_FRAME_HEAD};
use crate::Result;

/// Always set: tells the last byte of a SOLO body from that of an END body (spec umc §5.4).
const ALWAYS: u8 = 0b1000_0000;
const RESERVED: u8 = 0b0111_0000;
const CHECK: u8 = 0b0000_0011;
const PROFILE_SHIFT: u32 = 2;

/// The most bytes of a SOLO's body (spec umc §2.3).
pub(super) const MAX_BODY: u64 = MAX_BLOCK + MAX_FRAME_HEAD;

/// What a SOLO section says beside its frame (spec umc §5.4).
///
/// Body: memory (one byte), a frame's body, content check, flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solo {
    /// The memory byte; see [`memory`](Self::memory).
    pub memory_code: u8,
    /// How the content is checked.
    pub check: CheckKind,
    /// For people: 0 custom, 1 turbo, 2 balanced, 3 max.
    pub profile: u8,
}

impl Solo {
    /// How many of a body's last bytes [`read`](Self::read) needs: the longest check and the
    /// flags.
    pub(crate) const LAST: usize = 33;

    /// The smallest code for at least `bytes` of memory.
    pub(crate) fn code_for(bytes: u64) -> u8 {
        (0..=u8::MAX)
            .find(|&code| memory_of(code) >= bytes)
            .unwrap_or(u8::MAX)
    }

    /// Bytes of memory that the frame needs at most.
    #[must_use]
    pub fn memory(&self) -> u64 {
        memory_of(self.memory_code)
    }

    fn flags(&self) -> u8 {
        // A profile that the two bits cannot name counts as custom.
        let profile = if self.profile > 3 { 0 } else { self.profile };
        ALWAYS | profile << PROFILE_SHIFT | self.check.code()
    }

    /// The section's body.
    pub(crate) fn write(&self, frame: &[u8], check: &[u8]) -> Vec<u8> {
        [&[self.memory_code], frame, check, &[self.flags()]].concat()
    }

    /// Reads what stands around the frame: `first` is the body's first byte, `last` holds its
    /// last ones ([`LAST`](Self::LAST) if there are as many), which begin at offset `last_offset` of the input.
    /// Also returns the content check.
    pub(crate) fn read(
        first: u8,
        last: &[u8],
        last_offset: u64,
        section: &str,
    ) -> Result<(Self, Vec<u8>)> {
        let (flags_offset, flags) = match last.split_last() {
            Some((&flags, before)) => (before.len(), flags),
            None => (0, 0),
        };
        let fault = |reason: &str| {
            Fields::new(&[], last_offset + flags_offset as u64, section).fault(reason)
        };
        if flags & ALWAYS == 0 || flags & RESERVED != 0 {
            return Err(fault("the flags are not those of a SOLO section"));
        }
        let Some(check) = CheckKind::from_code(flags & CHECK) else {
            return Err(fault("the kind of the content check is reserved"));
        };
        let Some(check_start) = flags_offset.checked_sub(check.size()) else {
            return Err(fault("the section is too short for its content check"));
        };
        let solo = Self {
            memory_code: first,
            check,
            profile: flags >> PROFILE_SHIFT & 3,
        };
        Ok((solo, last[check_start..flags_offset].to_vec()))
    }

    /// Bytes of the body that are not the frame: memory, content check and flags.
    pub(crate) const fn around(check: CheckKind) -> u64 {
        1 + check.size() as u64 + 1
    }

    /// The frame within a SOLO body of `body_length` bytes: where it starts and its length.
    pub(crate) fn frame_range(&self, body_length: u64) -> (u64, u64) {
        (1, body_length.saturating_sub(Self::around(self.check)))
    }

    /// Reads the head of the frame in `body`, which has `body_length` bytes and begins at
    /// `base` of the input; its payload ranges count from the body's second byte.
    pub(crate) fn read_frame(
        &self,
        body: &[u8],
        body_length: u64,
        base: u64,
        section: &str,
    ) -> Result<FrameHead> {
        let (start, length) = self.frame_range(body_length);
        let end = (start + length).min(body.len() as u64);
        let frame = body.get(start as usize..end as usize).unwrap_or_default();
        FrameHead::read(&mut Fields::new(frame, base + start, section), length)
    }
}

/// `(8 + low three bits) * 2^(high five bits)` KiB.
const fn memory_of(code: u8) -> u64 {
    ((8 + (code & 7) as u64) << (code >> 3)) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn memory_codes_have_the_values_of_the_specification() {
        for (code, kib) in [(0, 8), (7, 15), (8, 16), (9, 18), (255, 15 << 31)] {
            assert_eq!(memory_of(code), kib * 1024);
        }
    }

    #[test]
    fn the_last_byte_is_the_flags() {
        let solo = Solo {
            memory_code: 3,
            check: CheckKind::Crc32,
            profile: 2,
        };
        let body = solo.write(b"frame", &[1, 2, 3, 4]);
        assert_eq!(body, b"\x03frame\x01\x02\x03\x04\x88");
        let read = Solo::read(body[0], &body[1..], 1, "solo").unwrap();
        assert_eq!(read, (solo, vec![1, 2, 3, 4]));
        assert!(Solo::read(0, &[0x88], 0, "solo").is_err());
        assert!(Solo::read(0, &[], 0, "solo").is_err());
        for flags in [0x08, 0x98, 0xa8, 0xc8, 0x8b] {
            assert!(Solo::read(0, &[0, 0, 0, 0, flags], 0, "solo").is_err());
        }
    }

    proptest! {
        #[test]
        fn a_code_never_declares_less_and_hardly_more(bytes in 0u64..1 << 40) {
            let declared = memory_of(Solo::code_for(bytes));
            prop_assert!(declared >= bytes);
            prop_assert!(declared <= 8192 || declared <= bytes + bytes / 8 + 1024);
        }
    }
}
