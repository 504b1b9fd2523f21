//! What inspection finds, for people and for JSON. Offsets count from the start of the input,
//! lengths are bytes, hashes, checks and parameters are lower-case hexadecimal.

use std::fmt::Write;

use serde::Serialize;

use super::CheckKind;
use crate::container::{End, FrameHead, Header, PluginNote, PluginRef, Solo};

mod added;

pub use added::{CountReport, DecodedReport, VariantReport};

/// A whole input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Bytes of the input.
    pub size: u64,
    /// Bytes of content of all frames that could be read.
    pub content_size: u64,
    /// Whether the CRC-32 of every section matches.
    pub intact: bool,
    /// Its members, in order.
    pub members: Vec<MemberReport>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberReport {
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
    /// Version of the format.
    pub version: u8,
    /// Its HEADER, if it has an intact one.
    pub header: Option<HeaderReport>,
    /// What its SOLO says beside the frame, if it has an intact one.
    pub solo: Option<SoloReport>,
    /// What it says of plugins that are not of this project.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<NoteReport>,
    /// All sections, in order.
    pub sections: Vec<SectionReport>,
    /// All intact frames, in order, the one of a SOLO included.
    pub frames: Vec<FrameReport>,
    /// Its END, if it has an intact one.
    pub end: Option<EndReport>,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionReport {
    /// Its id.
    pub id: u8,
    /// Its name.
    pub name: &'static str,
    /// Whether a decoder that does not know it must give up.
    pub critical: bool,
    /// Where it begins.
    pub offset: u64,
    /// Its bytes, from the id to the CRC.
    pub length: u64,
    /// Bytes of its body.
    pub body_length: u64,
    /// Whether its CRC-32 matches.
    pub crc_ok: bool,
    /// The text of a COMMENT, at most its first MiB.
    pub text: Option<String>,
}

/// A HEADER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeaderReport {
    /// How the content is checked.
    pub check: CheckKind,
    /// Number of the profile: 0 custom, 1 turbo, 2 balanced, 3 max.
    pub profile: u8,
    /// Bytes of the content, where the encoder knew it.
    pub content_size: Option<u64>,
    /// Most raw bytes of a frame.
    pub block_size: u64,
    /// Bytes of memory for the frames in work.
    pub memory: u64,
    /// Hashes of the models needed.
    pub models: Vec<String>,
    /// The plugins needed.
    pub plugins: Vec<NeedReport>,
}

/// A plugin that a HEADER lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NeedReport {
    /// `adapter`, `predictor`, `coder`, or `unknown`.
    pub kind: String,
    /// Its id.
    pub id: u64,
    /// Version of its stream.
    pub version: u8,
}

/// A PLUGIN section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteReport {
    /// As in a HEADER's list.
    pub kind: u8,
    /// Its id.
    pub id: u64,
    /// Version of its stream.
    pub version: u8,
    /// Its name.
    pub name: String,
    /// What its id is derived from.
    pub identity: String,
    /// Where people get it.
    pub homepage: String,
}

impl From<PluginNote> for NoteReport {
    fn from(note: PluginNote) -> Self {
        Self {
            kind: note.kind,
            id: note.id.0,
            version: note.version,
            name: note.name,
            identity: note.identity,
            homepage: note.homepage,
        }
    }
}

/// What a SOLO says beside its frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SoloReport {
    /// How the content is checked.
    pub check: CheckKind,
    /// Number of the profile.
    pub profile: u8,
    /// Bytes of memory for the frame.
    pub memory: u64,
    /// The content check.
    pub content_check: String,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrameReport {
    /// Where its section begins.
    pub offset: u64,
    /// Bytes of its section.
    pub length: u64,
    /// Where its block begins in the content of all members.
    pub content_offset: u64,
    /// Bytes of its block.
    pub raw_length: u64,
    /// `None`: the block is the one stream, or several adapters share it.
    pub adapter: Option<PluginReport>,
    /// What adapters share the block, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartReport>,
    /// How it is laid out over lanes.
    pub lanes: Option<LanesReport>,
    /// Hashes of the models it uses.
    pub models: Vec<String>,
    /// Its streams.
    pub streams: Vec<StreamReport>,
}

/// What one of several adapters takes of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartReport {
    /// Bytes of it.
    pub length: u64,
    /// `None`: it is its one stream.
    pub adapter: Option<PluginReport>,
    /// The numbers of its streams: the first, and how many.
    pub streams: (usize, usize),
    /// Where in the content of all members its segments begin, and their bytes.
    pub segments: Vec<(u64, u64)>,
}

/// Lanes of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanesReport {
    /// How many.
    pub count: u64,
    /// Bytes of a segment.
    pub segment: u64,
}

/// One stream of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamReport {
    /// Bytes of the stream.
    pub length: u64,
    /// `None`: every byte is equally probable.
    pub predictor: Option<PluginReport>,
    /// What wrote the payload.
    pub coder: PluginReport,
    /// Bytes of the payload.
    pub payload_length: u64,
    /// What decoding it showed, for who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoded: Option<DecodedReport>,
}

/// A plugin as a frame names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginReport {
    /// Its id.
    pub id: u64,
    /// Version of its stream.
    pub version: u8,
    /// Its parameters.
    pub params: String,
    /// What it says of them, for who asked and has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// An END.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndReport {
    /// Offset of the INDEX from the member's start; 0 where there is none.
    pub index_offset: u64,
    /// Bytes of the content.
    pub content_size: u64,
    /// The content check.
    pub content_check: String,
    /// Bytes of the member.
    pub member_length: u64,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn hashes(models: &[[u8; 32]]) -> Vec<String> {
    models.iter().map(|hash| hex(hash)).collect()
}

impl From<&PluginRef> for PluginReport {
    fn from(reference: &PluginRef) -> Self {
        Self {
            id: reference.id.0,
            version: reference.version,
            params: hex(&reference.params),
            about: None,
        }
    }
}

impl From<&Header> for HeaderReport {
    fn from(header: &Header) -> Self {
        let needs = header.plugins.iter().map(|needed| NeedReport {
            kind: needed
                .kind()
                .map_or_else(|| "unknown".into(), |kind| kind.to_string()),
            id: needed.id,
            version: needed.version,
        });
        Self {
            check: header.check,
            profile: header.profile,
            content_size: header.content_size,
            block_size: header.block_size,
            memory: header.memory(),
            models: hashes(&header.models),
            plugins: needs.collect(),
        }
    }
}

impl SoloReport {
    pub(super) fn new(solo: &Solo, check: &[u8]) -> Self {
        Self {
            check: solo.check,
            profile: solo.profile,
            memory: solo.memory(),
            content_check: hex(check),
        }
    }
}

impl From<&End> for EndReport {
    fn from(end: &End) -> Self {
        Self {
            index_offset: end.index_offset,
            content_size: end.content_size,
            content_check: hex(&end.check),
            member_length: end.member_length,
        }
    }
}

impl FrameReport {
    /// A frame in a section of `length` bytes at `offset`, whose block begins at
    /// `content_offset`.
    pub(super) fn new(head: &FrameHead, offset: u64, length: u64, content_offset: u64) -> Self {
        let streams = head.streams.iter().map(|stream| StreamReport {
            length: stream.length,
            predictor: stream.predictor.as_ref().map(PluginReport::from),
            coder: (&stream.coder).into(),
            payload_length: stream.payload.len() as u64,
            decoded: None,
        });
        Self {
            offset,
            length,
            content_offset,
            raw_length: head.raw_length,
            adapter: match &head.parts[..] {
                [only] => only.adapter.as_ref().map(PluginReport::from),
                _ => None,
            },
            parts: parts(head, content_offset),
            lanes: head.lanes.map(|lanes| LanesReport {
                count: lanes.count,
                segment: lanes.segment,
            }),
            models: hashes(&head.models),
            streams: streams.collect(),
        }
    }
}

fn parts(head: &FrameHead, content_offset: u64) -> Vec<PartReport> {
    if head.segments.is_empty() {
        return Vec::new();
    }
    let mut first = 0;
    let parts = head.parts.iter().map(|part| {
        let streams = (first, part.streams);
        first += part.streams;
        PartReport {
            length: part.length,
            adapter: part.adapter.as_ref().map(PluginReport::from),
            streams,
            segments: Vec::new(),
        }
    });
    let mut parts: Vec<_> = parts.collect();
    let mut at = content_offset;
    for segment in &head.segments {
        parts[segment.part].segments.push((at, segment.length));
        at += segment.length;
    }
    parts
}
