//! HEADER: what holds for a whole member.

use serde::{Deserialize, Serialize};

use super::{CheckKind, Fields, MAX_BLOCK, MAX_SIZE, ModelHash, wire};
use crate::Result;
use crate::plugin::{Kind, PluginId};

const CHECK: u8 = 0b0000_0011;
const SIZE_PRESENT: u8 = 0b0000_0100;
/// Bits of the flags that a decoder rejects. Bits 6 and 7 are unused: it ignores them.
const RESERVED: u8 = 0b0011_1000;

/// The most bytes of a HEADER's body (spec umc §2.3).
pub(super) const MAX_BODY: u64 = wire::LIMIT as u64;

/// The most KiB of memory that a header may declare (spec umc §2.3).
pub(super) const MAX_MEMORY_KIB: u64 = 1 << 40;

/// A plugin that some frame of the member uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NeededPlugin {
    /// 0 adapter, 1 predictor, 2 coder; others are for later versions.
    pub kind: u8,
    /// The plugin's id.
    pub id: u64,
    /// The version of its stream.
    pub version: u8,
}

impl NeededPlugin {
    /// For the writer.
    #[must_use]
    pub const fn new(kind: Kind, id: PluginId, version: u8) -> Self {
        let kind = match kind {
            Kind::Adapter => 0,
            Kind::Predictor => 1,
            Kind::Coder => 2,
        };
        Self {
            kind,
            id: id.0,
            version,
        }
    }

    /// `None` where the kind is not known to this version.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        match self.kind {
            0 => Some(Kind::Adapter),
            1 => Some(Kind::Predictor),
            2 => Some(Kind::Coder),
            _ => None,
        }
    }
}

/// What a HEADER section says (spec umc §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How the content is checked.
    pub check: CheckKind,
    /// For people: 0 custom, 1 turbo, 2 balanced, 3 max.
    pub profile: u8,
    /// Bytes of the whole content, where the encoder knew it.
    pub content_size: Option<u64>,
    /// The most raw bytes of a frame.
    pub block_size: u64,
    /// Memory in KiB: no frame needs more, and a decoder keeps the frames it has in work
    /// at one time below it.
    pub memory_kib: u64,
    /// The models that frames refer to.
    pub models: Vec<ModelHash>,
    /// The plugins that frames refer to.
    pub plugins: Vec<NeededPlugin>,
}

/// What follows the optional content size.
#[derive(Serialize, Deserialize)]
struct Tail {
    block_size: u64,
    memory_kib: u64,
    models: Vec<ModelHash>,
    plugins: Vec<NeededPlugin>,
}

impl Header {
    /// The section's body.
    pub(crate) fn write(&self) -> Vec<u8> {
        let present = if self.content_size.is_some() {
            SIZE_PRESENT
        } else {
            0
        };
        let mut out = vec![self.check.code() | present, self.profile];
        if let Some(size) = self.content_size {
            wire::put_varint(&mut out, size);
        }
        wire::put(
            &mut out,
            &Tail {
                block_size: self.block_size,
                memory_kib: self.memory_kib,
                models: self.models.clone(),
                plugins: self.plugins.clone(),
            },
        );
        out
    }

    /// Reads the section's body, all of it.
    pub(crate) fn read(mut fields: Fields<'_>) -> Result<Self> {
        let flags = fields.u8("flags")?;
        if flags & RESERVED != 0 {
            return Err(fields.fault(format!("reserved bits are set in the flags {flags:#04x}")));
        }
        let Some(check) = CheckKind::from_code(flags & CHECK) else {
            return Err(fields.fault("the kind of the content check is reserved"));
        };
        let profile = fields.u8("profile")?;
        let content_size = if flags & SIZE_PRESENT == 0 {
            None
        } else {
            Some(fields.varint("content size", 0, MAX_SIZE)?)
        };
        let tail: Tail = fields.plain("block size, memory, models and plugins")?;
        if !(1..=MAX_BLOCK).contains(&tail.block_size) {
            return Err(fields.fault(format!(
                "the block size is {}, which is not in 1..={MAX_BLOCK}",
                tail.block_size
            )));
        }
        if tail.memory_kib > MAX_MEMORY_KIB {
            return Err(fields.fault(format!("it declares {} KiB of memory", tail.memory_kib)));
        }
        fields.end()?;
        Ok(Self {
            check,
            profile,
            content_size,
            block_size: tail.block_size,
            memory_kib: tail.memory_kib,
            models: tail.models,
            plugins: tail.plugins,
        })
    }

    /// The memory declared, in bytes.
    #[must_use]
    pub const fn memory(&self) -> u64 {
        self.memory_kib * 1024
    }

    /// Whether frames may use that model.
    #[must_use]
    pub fn lists_model(&self, hash: &ModelHash) -> bool {
        self.models.contains(hash)
    }

    /// Whether frames may use that plugin.
    #[must_use]
    pub fn lists(&self, kind: Kind, id: PluginId, version: u8) -> bool {
        self.plugins.contains(&NeededPlugin::new(kind, id, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn example() -> Header {
        Header {
            check: CheckKind::Blake3_128,
            profile: 2,
            content_size: Some(300),
            block_size: 100,
            memory_kib: 70_000,
            models: vec![[7; 32]],
            plugins: vec![NeededPlugin::new(Kind::Coder, PluginId(2), 1)],
        }
    }

    fn read(body: &[u8]) -> Result<Header> {
        Header::read(Fields::new(body, 10, "header"))
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let mut expected = vec![0b101, 2, 251, 44, 1, 100, 252, 0x70, 0x11, 1, 0, 1];
        expected.extend([7; 32]);
        expected.extend([1, 2, 2, 1]);
        assert_eq!(example().write(), expected);
        assert_eq!(read(&expected).unwrap(), example());
    }

    #[test]
    fn reserved_bits_reject_and_unused_bits_are_ignored() {
        let mut body = example().write();
        for bit in 3..=5 {
            body[0] = 0b101 | 1 << bit;
            assert!(matches!(read(&body), Err(Error::Format { .. })), "{bit}");
        }
        for bit in 6..=7 {
            body[0] = 0b101 | 1 << bit;
            assert_eq!(read(&body).unwrap(), example());
        }
        body[0] = 0b111;
        assert!(matches!(read(&body), Err(Error::Format { .. })));
    }

    #[test]
    fn a_header_cut_anywhere_or_lengthened_is_refused() {
        let mut body = example().write();
        for end in 0..body.len() {
            assert!(matches!(read(&body[..end]), Err(Error::Format { .. })));
        }
        body.push(0);
        assert!(matches!(read(&body), Err(Error::Format { .. })));
    }

    #[test]
    fn an_absurd_count_is_refused_without_taking_memory() {
        let mut body = vec![0, 0, 1, 1];
        wire::put_varint(&mut body, u64::MAX);
        assert!(matches!(read(&body), Err(Error::Format { .. })));
    }

    #[test]
    fn block_size_and_memory_are_bounded() {
        for (block, memory) in [(0, 1), (MAX_BLOCK + 1, 1), (1, MAX_MEMORY_KIB + 1)] {
            let header = Header {
                block_size: block,
                memory_kib: memory,
                ..example()
            };
            assert!(matches!(read(&header.write()), Err(Error::Format { .. })));
        }
    }
}
