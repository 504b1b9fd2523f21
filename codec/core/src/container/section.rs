//! Section framing: id, length, body, CRC-32.

use std::io::{self, Read, Write};

use super::source::CHUNK;
use super::{Source, wire};
use crate::limits::reserve_towards;
use crate::{Error, Result};

/// What a section holds. Ids from 0x80 on are ancillary: a decoder that does not know them
/// goes on without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionId(pub u8);

impl SectionId {
    /// What holds for the whole member.
    pub const HEADER: Self = Self(0x01);
    /// One block.
    pub const FRAME: Self = Self(0x02);
    /// A whole member of one block.
    pub const SOLO: Self = Self(0x03);
    /// Differences of a model's weights.
    pub const LORA: Self = Self(0x04);
    /// An embedded model.
    pub const MODEL: Self = Self(0x05);
    /// The end of a member.
    pub const END: Self = Self(0x06);
    /// Where the frames are.
    pub const INDEX: Self = Self(0x81);
    /// Text for people.
    pub const COMMENT: Self = Self(0x82);
    /// Whose a plugin is, and where to get it.
    pub const PLUGIN: Self = Self(0x83);

    /// Whether a decoder that does not know the section must give up (spec umc §4.2).
    #[must_use]
    pub const fn is_critical(self) -> bool {
        self.0 & 0x80 == 0
    }

    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HEADER => "header",
            Self::FRAME => "frame",
            Self::SOLO => "solo",
            Self::LORA => "lora",
            Self::MODEL => "model",
            Self::END => "end",
            Self::INDEX => "index",
            Self::COMMENT => "comment",
            Self::PLUGIN => "plugin",
            Self(id) if id & 0x80 == 0 => "unknown critical section",
            Self(_) => "unknown ancillary section",
        }
    }
}

/// A section whose body has not been read yet.
#[derive(Debug)]
pub(crate) struct SectionHead {
    pub(crate) id: SectionId,
    /// Bytes of the body, as claimed.
    pub(crate) length: u64,
    /// Offset in the input of the section's first byte.
    pub(crate) offset: u64,
    /// Offset in the input of the body's first byte.
    pub(crate) body_offset: u64,
    /// What messages call it.
    pub(crate) name: String,
    crc: crc32fast::Hasher,
}

impl SectionHead {
    /// Reads id and length. `number` is put behind the name of a frame.
    pub(crate) fn read<R: Read>(source: &mut Source<R>, number: u64) -> Result<Self> {
        let offset = source.offset();
        let mut bytes = [0; 10];
        source.read_exact(&mut bytes[..1], "section")?;
        let id = SectionId(bytes[0]);
        let name = match id {
            SectionId::FRAME => format!("frame {number}"),
            id => id.name().to_owned(),
        };
        source.read_exact(&mut bytes[1..2], &name)?;
        let fault = |reason: &str| Error::Format {
            offset: offset + 1,
            section: name.clone(),
            reason: reason.into(),
        };
        let tail = wire::varint_tail(bytes[1]).ok_or_else(|| fault("the length is malformed"))?;
        source.read_exact(&mut bytes[2..2 + tail], &name)?;
        let head = &bytes[..2 + tail];
        let (length, _) = wire::get_varint(&head[1..])
            .map_err(|_| fault("the length is not in its shortest form"))?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(head);
        Ok(Self {
            id,
            length,
            offset,
            body_offset: source.offset(),
            name,
            crc,
        })
    }

    /// Bytes from the section's first to behind its CRC; saturates for absurd lengths.
    pub(crate) fn section_length(&self) -> u64 {
        (self.body_offset - self.offset)
            .saturating_add(self.length)
            .saturating_add(4)
    }

    /// A fault of the section's length.
    pub(crate) fn fault(&self, reason: impl Into<String>) -> Error {
        Error::Format {
            offset: self.offset,
            section: self.name.clone(),
            reason: reason.into(),
        }
    }

    /// Refuses a body of more than `max` bytes.
    pub(crate) fn at_most(&self, max: u64) -> Result<()> {
        if self.length <= max {
            return Ok(());
        }
        Err(self.fault(format!(
            "it claims {} bytes, at most {max} are allowed",
            self.length
        )))
    }

    /// Hands the body to `sink` piece by piece; true where the CRC matches. Memory does not
    /// depend on the length claimed.
    pub(crate) fn scan<R: Read>(
        &mut self,
        source: &mut Source<R>,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<bool> {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(self.length).unwrap_or(CHUNK))];
        let mut left = self.length;
        while left > 0 {
            let piece = buffer.len().min(usize::try_from(left).unwrap_or(CHUNK));
            source.read_exact(&mut buffer[..piece], &self.name)?;
            self.crc.update(&buffer[..piece]);
            sink(&buffer[..piece]);
            left -= piece as u64;
        }
        let mut stored = [0; 4];
        source.read_exact(&mut stored, &self.name)?;
        Ok(self.crc.clone().finalize() == u32::from_le_bytes(stored))
    }

    /// As [`scan`](Self::scan), with an `Integrity` error where the CRC does not match.
    pub(crate) fn checked<R: Read>(
        &mut self,
        source: &mut Source<R>,
        sink: impl FnMut(&[u8]),
    ) -> Result<()> {
        if self.scan(source, sink)? {
            return Ok(());
        }
        Err(Error::Integrity {
            offset: self.offset,
            section: self.name.clone(),
            what: "CRC-32 of the section".into(),
        })
    }

    /// The body, its CRC checked. The caller has bounded the length; memory still grows only
    /// with what has been read.
    pub(crate) fn body<R: Read>(&mut self, source: &mut Source<R>) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        self.checked(source, |piece| {
            reserve_towards(&mut body, piece.len(), length);
            body.extend_from_slice(piece);
        })?;
        Ok(body)
    }
}

/// Writes a section whose body is `parts` one after another; returns the section's length.
pub(crate) fn write_section<W: Write>(
    out: &mut W,
    id: SectionId,
    parts: &[&[u8]],
) -> io::Result<u64> {
    let length: u64 = parts.iter().map(|part| part.len() as u64).sum();
    let mut head = vec![id.0];
    wire::put_varint(&mut head, length);
    let mut crc = crc32fast::Hasher::new();
    for part in std::iter::once(&head[..]).chain(parts.iter().copied()) {
        crc.update(part);
        out.write_all(part)?;
    }
    out.write_all(&crc.finalize().to_le_bytes())?;
    Ok(head.len() as u64 + length + 4)
}
