//! The order of sections: a whole input as a sequence of events.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use super::{
    CheckKind, End, Fields, FrameHead, Header, IndexEntry, MAX_FRAME_HEAD, MAX_SIZE, Magic,
    PluginNote, SectionHead, SectionId, Solo, Source, end, header, model, note, read_magic, solo,
};
use crate::plugin::Model;
use crate::{Error, Result};

/// A frame's section, its CRC checked and its head read.
#[derive(Debug)]
pub(crate) struct FrameSection {
    /// What messages call it.
    pub(crate) name: String,
    /// Offset in the input of the section's first byte.
    pub(crate) offset: u64,
    pub(crate) head: FrameHead,
    /// The section's body; the frame begins at `start` of it.
    pub(crate) body: Vec<u8>,
    pub(crate) start: usize,
}

impl FrameSection {
    /// The payload of the stream of that number.
    pub(crate) fn payload(&self, stream: usize) -> &[u8] {
        &self.body[self.start..][self.head.streams[stream].payload.clone()]
    }

    /// Reads the body of a FRAME.
    pub(crate) fn read<R: Read>(source: &mut Source<R>, mut head: SectionHead) -> Result<Self> {
        let body = head.body(source)?;
        let mut fields = Fields::new(&body, head.body_offset, &head.name);
        let frame = FrameHead::read(&mut fields, body.len() as u64)?;
        Ok(Self {
            name: head.name,
            offset: head.offset,
            head: frame,
            body,
            start: 0,
        })
    }
}

/// What a member says before its content.
#[derive(Debug, Clone)]
pub(crate) struct MemberStart {
    pub(crate) check: CheckKind,
    pub(crate) content_size: Option<u64>,
    /// Bytes of memory declared.
    pub(crate) memory: u64,
    /// Where it says so, for messages.
    pub(crate) offset: u64,
    /// `None` for a SOLO.
    pub(crate) header: Option<Header>,
    /// The models that travel with it.
    pub(crate) models: Vec<Arc<Model>>,
    /// What it says of the plugins that it needs.
    pub(crate) notes: Vec<PluginNote>,
}

/// What comes next in an input.
#[derive(Debug)]
pub(crate) enum Event {
    Start(MemberStart),
    Frame(FrameSection),
    /// The member's content is complete; its check is to be compared.
    End {
        /// Offset of the section that holds the check.
        offset: u64,
        section: String,
        check: Vec<u8>,
    },
    EndOfInput,
}

/// A member with a HEADER that is being read.
struct Member {
    offset: u64,
    header: Header,
    frames: u64,
    content: u64,
    /// The frame whose distance to the next one is not known yet: raw length and offset.
    open: Option<(u64, u64)>,
    /// Hash of the INDEX as it must be, so that none has to be kept.
    index: blake3::Hasher,
    /// Offset of the INDEX from the member's start, 0 before it was seen.
    index_offset: u64,
    /// The section behind the models, if its head has been read already.
    next: Option<SectionHead>,
}

impl Member {
    fn new(offset: u64, header: Header, next: Option<SectionHead>) -> Self {
        Self {
            offset,
            header,
            frames: 0,
            content: 0,
            open: None,
            index: blake3::Hasher::new(),
            index_offset: 0,
            next,
        }
    }

    /// Notes that the next FRAME or the INDEX starts at `offset`.
    fn close_entry(&mut self, offset: u64) {
        if let Some((raw_length, start)) = self.open.take() {
            let mut entry = Vec::with_capacity(18);
            let distance = offset - start;
            IndexEntry {
                raw_length,
                distance,
            }
            .put(&mut entry);
            self.index.update(&entry);
        }
    }

    /// Takes a frame into account and checks what is known of its size.
    fn add(&mut self, frame: &FrameSection) -> Result<()> {
        let raw = frame.head.raw_length;
        let fault = |reason: String| Error::Format {
            offset: frame.offset,
            section: frame.name.clone(),
            reason,
        };
        if raw == 0 || raw > self.header.block_size {
            return Err(fault(format!(
                "its raw length is {raw}, which is not in 1..={}, the block size",
                self.header.block_size
            )));
        }
        self.content += raw;
        let most = self.header.content_size.unwrap_or(MAX_SIZE);
        if self.content > most {
            return Err(fault(format!(
                "the frames hold {} bytes so far, the whole content should have {most}",
                self.content
            )));
        }
        self.close_entry(frame.offset);
        self.open = Some((raw, frame.offset));
        self.frames += 1;
        Ok(())
    }

    /// Compares END with what was read; `end_of_member` is the offset behind it.
    fn finish(&self, end: &End, section_offset: u64, end_of_member: u64) -> Result<()> {
        let facts = [
            ("content size", end.content_size, self.content),
            (
                "content size",
                end.content_size,
                self.header.content_size.unwrap_or(self.content),
            ),
            ("index offset", end.index_offset, self.index_offset),
            (
                "member length",
                end.member_length,
                end_of_member - self.offset,
            ),
        ];
        match facts.iter().find(|(_, stored, true_)| stored != true_) {
            None => Ok(()),
            Some((what, stored, actual)) => Err(Error::Format {
                offset: section_offset,
                section: SectionId::END.name().into(),
                reason: format!("the {what} is {stored}, it should be {actual}"),
            }),
        }
    }
}

/// Reads an input section by section and checks everything that needs no plugin.
pub(crate) struct MemberReader<R> {
    source: Source<R>,
    member: Option<Member>,
    /// Whether a whole member has been read.
    any: bool,
    /// Most bytes of a section's body that may be taken into memory.
    memory: u64,
    pending: VecDeque<Event>,
}

impl<R: Read> MemberReader<R> {
    pub(crate) fn new(input: R, memory: u64) -> Self {
        Self {
            source: Source::new(input),
            member: None,
            any: false,
            memory,
            pending: VecDeque::new(),
        }
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.source.offset()
    }

    pub(crate) fn into_inner(self) -> R {
        self.source.into_inner()
    }

    pub(crate) fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            match self.member.take() {
                None => self.open_member()?,
                Some(member) => self.section(member)?,
            }
        }
    }

    fn affordable(&self, head: &SectionHead) -> Result<()> {
        affordable(head, self.memory)
    }

    fn open_member(&mut self) -> Result<()> {
        let offset = self.source.offset();
        if read_magic(&mut self.source, self.any)? == Magic::EndOfInput {
            self.pending.push_back(Event::EndOfInput);
            return Ok(());
        }
        let mut head = SectionHead::read(&mut self.source, 0)?;
        match head.id {
            SectionId::HEADER => {
                head.at_most(header::MAX_BODY)?;
                let body = head.body(&mut self.source)?;
                let header = Header::read(Fields::new(&body, head.body_offset, &head.name))?;
                let preamble = read_preamble(&mut self.source, &header, self.memory)?;
                self.pending.push_back(Event::Start(MemberStart {
                    check: header.check,
                    content_size: header.content_size,
                    memory: header.memory(),
                    offset: head.offset,
                    header: Some(header.clone()),
                    models: preamble.models,
                    notes: preamble.notes,
                }));
                self.member = Some(Member::new(offset, header, preamble.next));
                Ok(())
            }
            SectionId::SOLO => self.solo(head),
            // spec umc §4.4: what a later version puts first is for that version to explain.
            id if id.is_critical() && id.name().starts_with("unknown") => Err(unknown(&head)),
            _ => Err(head.fault("a member must begin with HEADER or SOLO")),
        }
    }

    fn solo(&mut self, head: SectionHead) -> Result<()> {
        // More memory would not help with a length that is never right.
        head.at_most(solo::MAX_BODY)?;
        self.affordable(&head)?;
        let (start, frame, check) = read_solo(&mut self.source, head)?;
        let (offset, section) = (frame.offset, frame.name.clone());
        self.any = true;
        self.pending.extend([
            Event::Start(start),
            Event::Frame(frame),
            Event::End {
                offset,
                section,
                check,
            },
        ]);
        Ok(())
    }

    /// The next section of a member that began with HEADER.
    fn section(&mut self, mut member: Member) -> Result<()> {
        let mut head = match member.next.take() {
            Some(head) => head,
            None => SectionHead::read(&mut self.source, member.frames)?,
        };
        match head.id {
            SectionId::FRAME => {
                if member.index_offset != 0 {
                    return Err(head.fault("a frame follows the index"));
                }
                head.at_most(member.header.block_size + MAX_FRAME_HEAD)?;
                self.affordable(&head)?;
                let frame = FrameSection::read(&mut self.source, head)?;
                member.add(&frame)?;
                self.pending.push_back(Event::Frame(frame));
                self.member = Some(member);
            }
            SectionId::INDEX => {
                if member.index_offset != 0 {
                    return Err(head.fault("there is a second index"));
                }
                member.close_entry(head.offset);
                member.index_offset = head.offset - member.offset;
                let mut hasher = blake3::Hasher::new();
                head.checked(&mut self.source, |piece| {
                    hasher.update(piece);
                })?;
                if hasher.finalize() != member.index.finalize() {
                    return Err(head.fault("it does not say where the frames are"));
                }
                self.member = Some(member);
            }
            SectionId::END => {
                head.at_most(end::MAX_BODY)?;
                let body = head.body(&mut self.source)?;
                let fields = Fields::new(&body, head.body_offset, &head.name);
                let end = End::read(fields, member.header.check)?;
                member.finish(&end, head.offset, self.source.offset())?;
                self.any = true;
                self.pending.push_back(Event::End {
                    offset: head.offset,
                    section: head.name,
                    check: end.check,
                });
            }
            SectionId::HEADER | SectionId::SOLO => {
                return Err(head.fault("it stands within a member"));
            }
            SectionId::MODEL => return Err(misplaced_model(&head)),
            id if id.is_critical() => return Err(unknown(&head)),
            _ => {
                head.checked(&mut self.source, |_| {})?;
                self.member = Some(member);
            }
        }
        Ok(())
    }
}

/// Refuses to read a body that would not fit the memory allowed.
pub(crate) fn affordable(head: &SectionHead, memory: u64) -> Result<()> {
    within(head, head.length, memory)
}

/// Refuses what a section needs where it is more than the memory allowed.
fn within(head: &SectionHead, needed: u64, memory: u64) -> Result<()> {
    if needed <= memory {
        return Ok(());
    }
    Err(Error::Limit {
        what: format!("{} at byte {}", head.name, head.offset),
        needed,
        limit: memory,
        hint: "allow more memory".into(),
    })
}

/// What stands between a HEADER and the first frame.
#[derive(Default)]
pub(crate) struct Preamble {
    pub(crate) models: Vec<Arc<Model>>,
    pub(crate) notes: Vec<PluginNote>,
    /// The head of the section that follows, if any was read.
    pub(crate) next: Option<SectionHead>,
}

/// Reads the MODEL and PLUGIN sections behind a HEADER that lists models, or plugins that are not
/// of this project, and goes over other ancillary sections between them.
pub(crate) fn read_preamble<R: Read>(
    source: &mut Source<R>,
    header: &Header,
    memory: u64,
) -> Result<Preamble> {
    let mut found = Preamble::default();
    // spec plugin-ids §2: smaller ids are the project's own.
    let own = header.plugins.iter().all(|needed| needed.id < 1 << 16);
    if header.models.is_empty() && own {
        return Ok(found);
    }
    let mut left = memory;
    loop {
        let mut head = SectionHead::read(source, 0)?;
        match head.id {
            SectionId::MODEL => {
                affordable(&head, left)?;
                let model = read_model(source, &mut head, header, &found.models, left)?;
                left -= head.length.max(model.bytes().len() as u64);
                found.models.push(model);
            }
            SectionId::PLUGIN => {
                head.at_most(note::MAX_BODY)?;
                let body = head.body(source)?;
                let fields = Fields::new(&body, head.body_offset, &head.name);
                found.notes.push(PluginNote::read(fields)?);
                if found.notes.len() > header.plugins.len() {
                    return Err(head.fault("there are more of these than plugins in the header"));
                }
            }
            id if id == SectionId::INDEX || id.is_critical() => {
                found.next = Some(head);
                return Ok(found);
            }
            _ => head.checked(source, |_| {})?,
        }
    }
}

/// Reads the body of a MODEL. A packed one and what it is unpacked to must fit `memory` together.
fn read_model<R: Read>(
    source: &mut Source<R>,
    head: &mut SectionHead,
    header: &Header,
    before: &[Arc<Model>],
    memory: u64,
) -> Result<Arc<Model>> {
    let mut body = head.body(source)?;
    let fields = Fields::new(&body, head.body_offset, &head.name);
    let affordable = |unpacked| within(head, head.length.saturating_add(unpacked), memory);
    let (hash, bytes) = model::read(fields, affordable)?;
    if !header.models.contains(&hash) {
        return Err(misplaced_model(head));
    }
    if before.iter().any(|other| other.hash() == hash) {
        return Err(head.fault("this model is here a second time"));
    }
    let bytes = match bytes {
        Cow::Owned(unpacked) => unpacked,
        Cow::Borrowed(end) => {
            let start = body.len() - end.len();
            body.drain(..start);
            body
        }
    };
    Ok(Model::new("", bytes))
}

/// A MODEL that no frame can refer to.
pub(crate) fn misplaced_model(head: &SectionHead) -> Error {
    head.fault("it is not among the models that the header lists, or stands behind a frame")
}

/// Reads the body of a SOLO: what its member says, its frame, and its content check.
pub(crate) fn read_solo<R: Read>(
    source: &mut Source<R>,
    mut head: SectionHead,
) -> Result<(MemberStart, FrameSection, Vec<u8>)> {
    head.at_most(solo::MAX_BODY)?;
    let body = head.body(source)?;
    let last = body.len().saturating_sub(Solo::LAST);
    let (around, check) = Solo::read(
        body.first().copied().unwrap_or_default(),
        &body[last..],
        head.body_offset + last as u64,
        &head.name,
    )?;
    let frame = around.read_frame(&body, body.len() as u64, head.body_offset, &head.name)?;
    let start = MemberStart {
        check: around.check,
        content_size: Some(frame.raw_length),
        memory: around.memory(),
        offset: head.offset,
        header: None,
        models: Vec::new(),
        notes: Vec::new(),
    };
    let frame = FrameSection {
        name: head.name,
        offset: head.offset,
        head: frame,
        body,
        start: 1,
    };
    Ok((start, frame, check))
}

/// A critical section that this program cannot do without and does not read.
fn unknown(head: &SectionHead) -> Error {
    Error::Unsupported {
        what: format!(
            "section {:#04x} ({}) at byte {}",
            head.id.0,
            head.id.name(),
            head.offset
        ),
        hint: "a newer umoec may read it".into(),
    }
}
