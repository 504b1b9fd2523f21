//! The check over a member's content.

use serde::Serialize;

/// How a member's content is checked (spec umc §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CheckKind {
    /// CRC-32, 4 bytes: finds accidents in small contents.
    #[serde(rename = "crc32")]
    Crc32,
    /// The first 16 bytes of BLAKE3.
    #[serde(rename = "blake3-128")]
    Blake3_128,
    /// BLAKE3, 32 bytes: also holds against a forger.
    #[serde(rename = "blake3-256")]
    Blake3_256,
}

impl CheckKind {
    /// The kind of that code; 3 is reserved.
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Crc32),
            1 => Some(Self::Blake3_128),
            2 => Some(Self::Blake3_256),
            _ => None,
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Crc32 => 0,
            Self::Blake3_128 => 1,
            Self::Blake3_256 => 2,
        }
    }

    /// Bytes of the check.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Crc32 => 4,
            Self::Blake3_128 => 16,
            Self::Blake3_256 => 32,
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC-32",
            Self::Blake3_128 => "BLAKE3-128",
            Self::Blake3_256 => "BLAKE3-256",
        }
    }
}

/// A check in the making.
#[derive(Debug, Clone)]
pub(crate) enum ContentCheck {
    Crc32(crc32fast::Hasher),
    Blake3(Box<blake3::Hasher>, CheckKind),
}

impl ContentCheck {
    pub(crate) fn new(kind: CheckKind) -> Self {
        match kind {
            CheckKind::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
            CheckKind::Blake3_128 | CheckKind::Blake3_256 => Self::Blake3(Box::default(), kind),
        }
    }

    pub(crate) fn update(&mut self, content: &[u8]) {
        match self {
            Self::Crc32(hasher) => hasher.update(content),
            Self::Blake3(hasher, _) => {
                hasher.update(content);
            }
        }
    }

    /// The bytes of the check.
    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Crc32(hasher) => hasher.finalize().to_le_bytes().to_vec(),
            Self::Blake3(hasher, kind) => hasher.finalize().as_bytes()[..kind.size()].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: CheckKind, content: &[u8]) -> Vec<u8> {
        let mut check = ContentCheck::new(kind);
        check.update(content);
        check.finish()
    }

    #[test]
    fn crc_32_has_the_check_value_of_the_specification() {
        let bytes = check(CheckKind::Crc32, b"123456789");
        assert_eq!(bytes, 0xcbf4_3926u32.to_le_bytes());
    }

    #[test]
    fn blake3_is_cut_to_its_first_bytes() {
        let whole = check(CheckKind::Blake3_256, b"");
        assert_eq!(whole[..4], [0xaf, 0x13, 0x49, 0xb9]);
        assert_eq!(check(CheckKind::Blake3_128, b""), whole[..16]);
    }

    #[test]
    fn codes_come_back_and_the_fourth_is_reserved() {
        for kind in [
            CheckKind::Crc32,
            CheckKind::Blake3_128,
            CheckKind::Blake3_256,
        ] {
            assert_eq!(CheckKind::from_code(kind.code()), Some(kind));
            assert_eq!(check(kind, b"x").len(), kind.size());
        }
        assert_eq!(CheckKind::from_code(3), None);
    }
}
