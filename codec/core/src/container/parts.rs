//! A block that several adapters share.

use super::{Fields, MAX_BLOCK, PluginRef, wire};
use crate::Result;

/// The most parts of a block (spec umc §2.3).
pub const MAX_PARTS: u64 = 64;
/// The most segments of a block (spec umc §2.3).
pub const MAX_SEGMENTS: u64 = 4096;

/// What one adapter takes of a block: all segments with its number, one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Bytes of it.
    pub length: u64,
    /// `None`: it is its one stream.
    pub adapter: Option<PluginRef>,
    /// How many of the frame's streams are its, at least 1.
    pub streams: usize,
}

/// Bytes of a block that follow one another and belong to one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The part's number.
    pub part: usize,
    /// Bytes, at least 1.
    pub length: u64,
}

/// Writes the fields of several parts (spec umc §5.3).
pub(super) fn put(parts: &[Part], segments: &[Segment], out: &mut Vec<u8>) {
    wire::put_varint(out, parts.len() as u64);
    for part in parts {
        PluginRef::put_option(part.adapter.as_ref(), out);
        wire::put_varint(out, part.streams as u64);
    }
    wire::put_varint(out, segments.len() as u64);
    for segment in segments {
        wire::put_varint(out, segment.part as u64);
        wire::put_varint(out, segment.length);
    }
}

/// Reads the fields of the parts of a block of `raw_length` bytes.
pub(super) fn get(
    fields: &mut Fields<'_>,
    raw_length: u64,
    most_streams: u64,
) -> Result<(Vec<Part>, Vec<Segment>)> {
    let mut parts = Vec::new();
    let mut streams = 0;
    for _ in 0..fields.varint("count of parts", 2, MAX_PARTS)? {
        let adapter = PluginRef::get_option(fields, "adapter")?;
        let count = fields.varint("count of streams", 1, most_streams)?;
        streams += count;
        parts.push(Part {
            length: 0,
            adapter,
            streams: count as usize,
        });
    }
    if streams > most_streams {
        return Err(fields.fault(format!(
            "the parts have {streams} streams, more than {most_streams}"
        )));
    }
    let mut segments: Vec<Segment> = Vec::new();
    let (mut seen, mut sum) = (0, 0);
    for _ in 0..fields.varint("count of segments", 2, MAX_SEGMENTS)? {
        let part = fields.varint("part of a segment", 0, parts.len() as u64 - 1)? as usize;
        let length = fields.varint("segment length", 1, MAX_BLOCK)?;
        if segments.last().is_some_and(|before| before.part == part) {
            return Err(fields.fault("two segments of one part follow one another"));
        }
        if part > seen {
            return Err(fields.fault("the parts are not in the order of their first segments"));
        }
        seen = seen.max(part + 1);
        // At most 4096 times 2^32: no overflow.
        sum += length;
        parts[part].length += length;
        segments.push(Segment { part, length });
    }
    if seen < parts.len() {
        return Err(fields.fault(format!("part {seen} has no segment")));
    }
    if sum != raw_length {
        return Err(fields.fault(format!(
            "the segments have {sum} bytes, the block has {raw_length}"
        )));
    }
    Ok((parts, segments))
}
