//! The first four bytes of a member.

use std::io::{self, Read, Write};

use super::Source;
use crate::{Error, Result};

/// The first bytes of every member (spec umc §4.1).
pub const MAGIC: [u8; 3] = *b"UMC";

/// The version of the format that this program reads and writes. Its byte is 0x80 + version:
/// not ASCII, so a text that starts with `UMC` is not taken for a member.
pub const VERSION: u8 = 1;

/// The four bytes before the first section.
const OPENING: [u8; 4] = [MAGIC[0], MAGIC[1], MAGIC[2], 0x80 + VERSION];

/// Begins a member; returns the bytes written.
pub(crate) fn write_opening<W: Write>(out: &mut W) -> io::Result<u64> {
    out.write_all(&OPENING)?;
    Ok(OPENING.len() as u64)
}

/// What stands where a member may begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    /// A member of this version, its opening read.
    Member,
    /// The end of the input.
    EndOfInput,
}

/// Reads a member's opening. `follows` says that a whole member stands before it, so that the
/// input may also end here.
pub(crate) fn read_magic<R: Read>(source: &mut Source<R>, follows: bool) -> Result<Magic> {
    let offset = source.offset();
    let section = || "magic".to_owned();
    let mut bytes = [0; 4];
    let read = source.read_up_to(&mut bytes)?;
    if read == 0 && follows {
        return Ok(Magic::EndOfInput);
    }
    let of_magic = read.min(MAGIC.len());
    if bytes[..of_magic] != MAGIC[..of_magic] || (read == 4 && bytes[3] < 0x80) {
        let reason = if follows {
            "something that is not a member follows the last member"
        } else {
            "this is not a UMC file"
        };
        return Err(Error::Format {
            offset,
            section: section(),
            reason: reason.into(),
        });
    }
    if read < 4 {
        return Err(Error::Truncated {
            offset: offset + read as u64,
            section: section(),
        });
    }
    // spec umc §4.1: the version comes before everything that could have changed with it.
    if bytes != OPENING {
        return Err(Error::Unsupported {
            what: format!("version {} of the format (byte {offset})", bytes[3] - 0x80),
            hint: format!("it reads version {VERSION}; a newer umoec may read it"),
        });
    }
    Ok(Magic::Member)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], follows: bool) -> Result<Magic> {
        read_magic(&mut Source::new(bytes), follows)
    }

    #[test]
    fn a_member_opens_with_its_version() {
        assert_eq!(read(b"UMC\x81rest", false).unwrap(), Magic::Member);
        assert!(matches!(
            read(b"UMC\x82", false),
            Err(Error::Unsupported { .. })
        ));
    }

    #[test]
    fn text_is_not_a_member() {
        for text in [&b"UMC1"[..], b"UMX\x81", b"hello", b"h"] {
            assert!(matches!(read(text, false), Err(Error::Format { .. })));
        }
    }

    #[test]
    fn an_input_may_end_after_a_member_only() {
        assert_eq!(read(b"", true).unwrap(), Magic::EndOfInput);
        assert!(matches!(
            read(b"", false),
            Err(Error::Truncated { offset: 0, .. })
        ));
        assert!(matches!(
            read(b"UM", true),
            Err(Error::Truncated { offset: 2, .. })
        ));
        assert!(matches!(read(b"\n", true), Err(Error::Format { .. })));
    }
}
