//! Files put together by hand from spec/umc.md alone: a second writer, for what no encoder
//! writes and for what must not be written.

/// The opening of a member of version 1 (spec umc §4.1).
pub const OPENING: [u8; 4] = [0x55, 0x4d, 0x43, 0x81];

/// Section ids (spec umc §4.2).
pub const HEADER: u8 = 0x01;
/// One block.
pub const FRAME: u8 = 0x02;
/// A member of one block.
pub const SOLO: u8 = 0x03;
/// Differences of a model's weights.
pub const LORA: u8 = 0x04;
/// An embedded model.
pub const MODEL: u8 = 0x05;
/// The end of a member.
pub const END: u8 = 0x06;
/// Where the frames are.
pub const INDEX: u8 = 0x81;
/// Text for people.
pub const COMMENT: u8 = 0x82;
/// Id of PLUGIN.
pub const PLUGIN: u8 = 0x83;

/// A varint (spec umc §3.1).
#[must_use]
pub fn varint(value: u64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    match value {
        0..=250 => vec![value as u8],
        251..=0xffff => [&[0xfb], &bytes[..2]].concat(),
        0x1_0000..=0xffff_ffff => [&[0xfc], &bytes[..4]].concat(),
        _ => [&[0xfd], &bytes[..]].concat(),
    }
}

/// CRC-32 bit by bit (spec umc §3.3).
#[must_use]
pub fn crc32(bytes: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    (!crc).to_le_bytes()
}

/// A section (spec umc §4.2).
#[must_use]
pub fn section(id: u8, body: &[u8]) -> Vec<u8> {
    let mut out = [&[id][..], &varint(body.len() as u64), body].concat();
    out.extend(crc32(&out));
    out
}

/// The content check of that kind (spec umc §4.3).
#[must_use]
pub fn check(kind: u8, content: &[u8]) -> Vec<u8> {
    let hash = blake3::hash(content);
    match kind {
        0 => crc32(content).to_vec(),
        1 => hash.as_bytes()[..16].to_vec(),
        _ => hash.as_bytes().to_vec(),
    }
}

/// A plugin reference (spec umc §5.2).
#[must_use]
pub fn reference(id: u64, version: u8, params: &[u8]) -> Vec<u8> {
    if params.is_empty() {
        return [varint(id), vec![version]].concat();
    }
    let length = varint(params.len() as u64);
    [&varint(id)[..], &[version | 0x80], &length, params].concat()
}

/// The fields of a HEADER (spec umc §5.1).
#[derive(Debug, Clone)]
pub struct Header {
    /// Bits 0 and 1 are the kind of check; that of a present content size is set for it.
    pub flags: u8,
    /// For people.
    pub profile: u8,
    /// The content size.
    pub size: Option<u64>,
    /// The block size.
    pub block: u64,
    /// KiB.
    pub memory: u64,
    /// Hashes.
    pub models: Vec<[u8; 32]>,
    /// Kind, id and stream version of each.
    pub plugins: Vec<(u8, u64, u8)>,
}

impl Default for Header {
    /// What the stored frames of tests need.
    fn default() -> Self {
        Self {
            flags: 0,
            profile: 0,
            size: None,
            block: 1000,
            memory: 64,
            models: vec![],
            plugins: vec![(2, 1, 1)],
        }
    }
}

impl Header {
    /// The section's body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let present = if self.size.is_some() { 4 } else { 0 };
        let mut out = vec![self.flags | present, self.profile];
        out.extend(self.size.map(varint).unwrap_or_default());
        out.extend([varint(self.block), varint(self.memory)].concat());
        out.extend(varint(self.models.len() as u64));
        out.extend(self.models.concat());
        out.extend(varint(self.plugins.len() as u64));
        for &(kind, id, version) in &self.plugins {
            out.extend([&[kind], &varint(id)[..], &[version]].concat());
        }
        out
    }
}

/// A frame of one stream that is as long as the block (spec umc §5.3), from its plugin
/// references.
#[must_use]
pub fn frame(raw: u64, adapter: &[u8], predictor: &[u8], coder: &[u8], payload: &[u8]) -> Vec<u8> {
    [&[0], &varint(raw)[..], adapter, predictor, coder, payload].concat()
}

/// A frame that adapters share (spec umc §5.3): of each part its adapter's reference and its streams, stored; and
/// the segments, part and length.
#[must_use]
pub fn shared(raw: u64, parts: &[(&[u8], &[&[u8]])], segments: &[(u64, u64)]) -> Vec<u8> {
    let mut out = [vec![0b1_0001], varint(raw), varint(parts.len() as u64)].concat();
    for (adapter, streams) in parts {
        out.extend([adapter, &varint(streams.len() as u64)[..]].concat());
    }
    out.extend(varint(segments.len() as u64));
    for &(part, length) in segments {
        out.extend([varint(part), varint(length)].concat());
    }
    let streams = || parts.iter().flat_map(|(_, streams)| *streams);
    for stream in streams() {
        let length = varint(stream.len() as u64);
        out.extend([&length, &[0, 1, 1][..], &length].concat());
    }
    streams().for_each(|stream| out.extend_from_slice(stream));
    out
}

/// A frame of several streams, stored (spec umc §5.3).
#[must_use]
pub fn several(raw: u64, adapter: &[u8], streams: &[Vec<u8>]) -> Vec<u8> {
    let count = varint(streams.len() as u64);
    let mut out = [&[1], &varint(raw)[..], adapter, &count].concat();
    for stream in streams {
        let length = varint(stream.len() as u64);
        out.extend([&length, &[0, 1, 1][..], &length].concat());
    }
    out.extend(streams.concat());
    out
}

/// The body of a stored frame (spec umc §6.2).
#[must_use]
pub fn stored(block: &[u8]) -> Vec<u8> {
    frame(block.len() as u64, &[0], &[0], &[1, 1], block)
}

/// The body of a SOLO with a check of the kind that is in the flags (spec umc §5.4).
#[must_use]
pub fn solo(memory: u8, frame: &[u8], content: &[u8], flags: u8) -> Vec<u8> {
    [&[memory], frame, &check(flags & 3, content), &[flags]].concat()
}

/// A member of a SOLO.
#[must_use]
pub fn solo_member(body: &[u8]) -> Vec<u8> {
    [&OPENING[..], &section(SOLO, body)].concat()
}

/// The fields of an END (spec umc §5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Offset of the INDEX in the member, 0 without.
    pub index: u64,
    /// Raw bytes of all frames.
    pub size: u64,
    /// The content check.
    pub check: Vec<u8>,
    /// Bytes of the member.
    pub length: u64,
}

impl End {
    /// The section's body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let numbers = [self.index, self.size, self.length].map(u64::to_le_bytes);
        [&numbers[0][..], &numbers[1], &self.check, &numbers[2]].concat()
    }
}

/// A member with a HEADER, section by section.
#[derive(Debug, Clone)]
pub struct Member {
    bytes: Vec<u8>,
    kind: u8,
    content: Vec<u8>,
    /// Raw length and offset of each frame.
    frames: Vec<(u64, u64)>,
    index: u64,
}

impl Member {
    /// Opening and HEADER.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        Self {
            bytes: [&OPENING[..], &section(HEADER, &header.body())].concat(),
            kind: header.flags & 3,
            content: vec![],
            frames: vec![],
            index: 0,
        }
    }

    /// Any section.
    #[must_use]
    pub fn section(mut self, id: u8, body: &[u8]) -> Self {
        self.bytes.extend(section(id, body));
        self
    }

    /// A FRAME that decodes to `block`.
    #[must_use]
    pub fn frame(mut self, block: &[u8], body: &[u8]) -> Self {
        self.frames
            .push((block.len() as u64, self.bytes.len() as u64));
        self.content.extend(block);
        self.section(FRAME, body)
    }

    /// A stored FRAME.
    #[must_use]
    pub fn stored(self, block: &[u8]) -> Self {
        self.frame(block, &stored(block))
    }

    /// The entries of an INDEX that would stand here: raw length and distance.
    #[must_use]
    pub fn entries(&self) -> Vec<(u64, u64)> {
        let here = self.bytes.len() as u64;
        let starts = self.frames.iter().map(|frame| frame.1);
        let ends = starts.skip(1).chain([here]);
        let entries = self.frames.iter().zip(ends);
        entries
            .map(|(frame, end)| (frame.0, end - frame.1))
            .collect()
    }

    /// The INDEX with these entries (spec umc §5.5).
    #[must_use]
    pub fn index_of(mut self, entries: &[(u64, u64)]) -> Self {
        self.index = self.bytes.len() as u64;
        let fields = entries.iter().flat_map(|&(raw, distance)| [raw, distance]);
        let body: Vec<u8> = fields.flat_map(varint).collect();
        self.section(INDEX, &body)
    }

    /// The INDEX.
    #[must_use]
    pub fn index(self) -> Self {
        let entries = self.entries();
        self.index_of(&entries)
    }

    /// The bytes so far, without END.
    #[must_use]
    pub fn unfinished(self) -> Vec<u8> {
        self.bytes
    }

    /// END and the whole member.
    #[must_use]
    pub fn end(self) -> Vec<u8> {
        self.end_with(|_| {})
    }

    /// END, changed, and the whole member.
    #[must_use]
    pub fn end_with(self, change: impl FnOnce(&mut End)) -> Vec<u8> {
        let check = check(self.kind, &self.content);
        let mut end = End {
            index: self.index,
            size: self.content.len() as u64,
            // Id, length byte, three numbers and the CRC stand around the check.
            length: self.bytes.len() as u64 + 2 + 24 + check.len() as u64 + 4,
            check,
        };
        change(&mut end);
        self.section(END, &end.body()).bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_has_the_check_value_of_the_specification() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926u32.to_le_bytes());
    }

    #[test]
    fn the_third_example_of_the_specification_is_built() {
        let header = Header {
            block: 2,
            memory: 8,
            ..Header::default()
        };
        let file = Member::new(&header)
            .stored(b"UM")
            .stored(b"C")
            .index()
            .end();
        assert_eq!(file.len(), 90);
        assert_eq!(file[file.len() - 4..], [0xcf, 0x5c, 0xc3, 0x44]);
    }
}
