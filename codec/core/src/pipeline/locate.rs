//! Where the frames of a file are, found from its end.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::container::{
    CheckKind, End, Fields, FrameHead, Header, IndexEntry, MAX_ENTRY, Magic, MemberStart,
    SectionHead, SectionId, Source, affordable, misplaced_model, read_magic, read_preamble,
};
use crate::{Error, Result};

/// One frame.
#[derive(Debug, Clone)]
pub(super) struct Location {
    /// Where its block begins in the content.
    pub(super) content_offset: u64,
    /// Bytes of its block.
    pub(super) raw_length: u64,
    /// Offset in the input of its section.
    pub(super) offset: u64,
    /// Its number within the member.
    pub(super) number: u64,
    /// Its member; `None` for a SOLO, which says all itself.
    pub(super) member: Option<Arc<MemberStart>>,
}

/// All frames of an input, in order.
pub(super) fn locate<R: Read + Seek>(input: &mut R, memory: u64) -> Result<Vec<Location>> {
    let size = input.seek(SeekFrom::End(0))?;
    let mut locator = Locator {
        input,
        memory,
        reversed: Vec::new(),
    };
    let mut end = size;
    while end > 0 || locator.reversed.is_empty() {
        end = locator.last_member(end)?;
    }
    let mut content_offset = 0u64;
    let mut frames = Vec::new();
    for mut frame in locator.reversed.into_iter().rev().flatten() {
        frame.content_offset = content_offset;
        content_offset += frame.raw_length;
        frames.push(frame);
    }
    Ok(frames)
}

/// Reads `input` from `offset` on.
pub(super) fn source_at<R: Read + Seek>(
    input: &mut R,
    offset: u64,
) -> Result<Source<BufReader<&mut R>>> {
    input.seek(SeekFrom::Start(offset))?;
    // Small: mostly a section's head is read and then something far away.
    Ok(Source::at(BufReader::with_capacity(512, input), offset))
}

struct Locator<'a, R> {
    input: &'a mut R,
    /// Most bytes for the list.
    memory: u64,
    /// Frames of the members, the last one first.
    reversed: Vec<Vec<Location>>,
}

impl<R: Read + Seek> Locator<'_, R> {
    /// Locates the frames of the member that ends at `end`, or of all members before `end`
    /// where its length is not known. Returns where it, or they, begin.
    fn last_member(&mut self, end: u64) -> Result<u64> {
        if let Some(length) = self.length_before(end)? {
            let frames = self.indexed_member(end - length, end)?;
            self.reversed.push(frames);
            return Ok(end - length);
        }
        let mut offset = 0;
        let mut members = Vec::new();
        while offset < end || members.is_empty() {
            let mut frames = Vec::new();
            offset = self.walk_member(offset, end, &mut frames)?;
            members.push(frames);
        }
        self.reversed.extend(members.into_iter().rev());
        Ok(0)
    }

    /// The length of the member that ends at `end`; `None` where that member is a SOLO, or
    /// none at all.
    fn length_before(&mut self, end: u64) -> Result<Option<u64>> {
        let Some(start) = end.checked_sub(12) else {
            return Ok(None);
        };
        let mut word = [0; 8];
        source_at(self.input, start)?.read_exact(&mut word, "end")?;
        // spec umc §4.6: the fifth last byte of a SOLO has its highest bit set.
        let length = u64::from_le_bytes(word);
        Ok((length != 0 && length <= end).then_some(length))
    }

    /// Reads magic and HEADER; `None` where the member begins otherwise. Also the offset
    /// behind the HEADER.
    fn open(&mut self, offset: u64) -> Result<(SectionHead, Option<MemberStart>, u64)> {
        let mut source = source_at(self.input, offset)?;
        if read_magic(&mut source, false)? == Magic::EndOfInput {
            // Unreachable for a first member, which must not be missing.
            return Err(Error::Truncated {
                offset,
                section: "magic".into(),
            });
        }
        let mut head = SectionHead::read(&mut source, 0)?;
        if head.id != SectionId::HEADER {
            return Ok((head, None, source.offset()));
        }
        head.at_most(1 << 16)?;
        let body = head.body(&mut source)?;
        let header = Header::read(Fields::new(&body, head.body_offset, &head.name))?;
        let behind = source.offset();
        let preamble = read_preamble(&mut source, &header, self.memory)?;
        let start = MemberStart {
            check: header.check,
            content_size: header.content_size,
            memory: header.memory(),
            offset: head.offset,
            header: Some(header),
            models: preamble.models,
            notes: preamble.notes,
        };
        Ok((head, Some(start), behind))
    }

    /// A member with HEADER and END within `start..end`, by its INDEX if it has one.
    fn indexed_member(&mut self, start: u64, end: u64) -> Result<Vec<Location>> {
        let (head, member, frames_offset) = self.open(start)?;
        let Some(member) = member else {
            return Err(head.fault("this member has no HEADER, but there is an END behind it"));
        };
        let end_length = End::section_length(member.check);
        let end_offset = end.saturating_sub(end_length).max(frames_offset);
        let mut source = source_at(self.input, end_offset)?;
        let mut head = SectionHead::read(&mut source, 0)?;
        if head.id != SectionId::END || head.section_length() != end_length {
            return Err(head.fault("there should be the END"));
        }
        let body = head.body(&mut source)?;
        let end_section = End::read(
            Fields::new(&body, head.body_offset, &head.name),
            member.check,
        )?;
        if end_section.member_length != end - start {
            return Err(head.fault("the member length is wrong"));
        }
        if end_section.index_offset == 0 {
            let mut frames = Vec::new();
            self.walk_member(start, end, &mut frames)?;
            return Ok(frames);
        }
        let index = start.saturating_add(end_section.index_offset);
        if index < frames_offset || index >= end_offset {
            return Err(head.fault("the index offset is outside of the member"));
        }
        let frames = self.by_index(index, frames_offset, member)?;
        complete(&frames, &head, &end_section)?;
        Ok(frames)
    }

    /// Reads the END at `offset` of the member at `start`.
    fn read_end(
        &mut self,
        offset: u64,
        start: u64,
        check: CheckKind,
    ) -> Result<(SectionHead, End)> {
        let mut source = source_at(self.input, offset)?;
        let mut head = SectionHead::read(&mut source, 0)?;
        if head.id != SectionId::END || head.section_length() != End::section_length(check) {
            return Err(head.fault("there should be the END"));
        }
        let body = head.body(&mut source)?;
        let end = End::read(Fields::new(&body, head.body_offset, &head.name), check)?;
        if end.member_length == source.offset() - start {
            Ok((head, end))
        } else {
            Err(head.fault("the member length is wrong"))
        }
    }

    fn by_index(&mut self, offset: u64, first: u64, member: MemberStart) -> Result<Vec<Location>> {
        let mut source = source_at(self.input, offset)?;
        let mut head = SectionHead::read(&mut source, 0)?;
        if head.id != SectionId::INDEX {
            return Err(head.fault("there should be the INDEX"));
        }
        affordable(&head, self.memory / (size_of::<Location>() / 2) as u64)?;
        let body = head.body(&mut source)?;
        let fields = Fields::new(&body, head.body_offset, &head.name);
        let entries = IndexEntry::read_all(fields)?;
        // The distances end at the INDEX, so the first frame is found from there. Each is
        // below 2^62 and their number is that of bytes read: 128 bits cannot overflow.
        let all: u128 = entries.iter().map(|entry| u128::from(entry.distance)).sum();
        if all > u128::from(offset - first) {
            return Err(head.fault("the frames would not fit before it"));
        }
        let mut position = offset - all as u64;
        let member = Arc::new(member);
        let frames = entries.iter().zip(0..).map(|(entry, number)| {
            let frame = Location {
                content_offset: 0,
                raw_length: entry.raw_length,
                offset: position,
                number,
                member: Some(Arc::clone(&member)),
            };
            position += entry.distance;
            frame
        });
        Ok(frames.collect())
    }

    /// Goes from section to section of the member at `start`, to its end, which is returned.
    fn walk_member(&mut self, start: u64, end: u64, frames: &mut Vec<Location>) -> Result<u64> {
        let (head, member, mut offset) = self.open(start)?;
        let Some(member) = member else {
            if head.id != SectionId::SOLO {
                return Err(head.fault("a member must begin with HEADER or SOLO"));
            }
            frames.push(self.peek(&head, 1, 0, None)?);
            return within(&head, end);
        };
        let member = Arc::new(member);
        loop {
            let head = SectionHead::read(&mut source_at(self.input, offset)?, frames.len() as u64)?;
            offset = within(&head, end)?;
            match head.id {
                SectionId::END => {
                    let (head, end) = self.read_end(head.offset, start, member.check)?;
                    complete(frames, &head, &end)?;
                    return Ok(offset);
                }
                SectionId::FRAME => {
                    let number = frames.len() as u64;
                    frames.push(self.peek(&head, 0, number, Some(Arc::clone(&member)))?);
                    let list = (frames.len() * size_of::<Location>()) as u64;
                    if list > self.memory {
                        return Err(Error::Limit {
                            what: "the list of frames".into(),
                            needed: list,
                            limit: self.memory,
                            hint: "allow more memory".into(),
                        });
                    }
                }
                SectionId::MODEL if frames.is_empty() && !member.models.is_empty() => {}
                SectionId::MODEL => return Err(misplaced_model(&head)),
                id if id.is_critical() => {
                    return Err(Error::Unsupported {
                        what: format!("section {:#04x} at byte {}", id.0, head.offset),
                        hint: "a newer umoec may read it".into(),
                    });
                }
                _ => {}
            }
        }
    }

    /// The frame of a section, by the first bytes of its body behind `skip` others.
    fn peek(
        &mut self,
        head: &SectionHead,
        skip: u64,
        number: u64,
        member: Option<Arc<MemberStart>>,
    ) -> Result<Location> {
        let mut bytes = [0; MAX_ENTRY];
        let mut source = source_at(self.input, head.body_offset + skip)?;
        let length = source.read_up_to(&mut bytes)?;
        let mut fields = Fields::new(&bytes[..length], head.body_offset + skip, &head.name);
        Ok(Location {
            content_offset: 0,
            raw_length: FrameHead::peek_raw_length(&mut fields)?,
            offset: head.offset,
            number,
            member,
        })
    }
}

/// Checks that the frames of a member hold as much as its END says.
fn complete(frames: &[Location], head: &SectionHead, end: &End) -> Result<()> {
    let content: u64 = frames.iter().map(|frame| frame.raw_length).sum();
    if content == end.content_size {
        return Ok(());
    }
    Err(head.fault(format!(
        "the content size is {}, the frames hold {content} bytes",
        end.content_size
    )))
}

/// The offset behind a section that must end at `end` or before.
fn within(head: &SectionHead, end: u64) -> Result<u64> {
    match head.offset.checked_add(head.section_length()) {
        Some(behind) if behind <= end => Ok(behind),
        _ => Err(Error::Truncated {
            offset: end,
            section: head.name.clone(),
        }),
    }
}
