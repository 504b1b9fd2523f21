//! What a file consists of, without a plugin.

use std::io::{BufReader, Read};

use super::report::{
    EndReport, FrameReport, HeaderReport, Inspection, MemberReport, SectionReport, SoloReport,
};
use crate::Result;
use crate::container::{
    End, Fields, FrameHead, Header, MAX_BLOCK, MAX_FRAME_HEAD, Magic, PluginNote, SectionHead,
    SectionId, Solo, Source, VERSION, read_magic,
};

/// How much of a body is kept: all of what is looked at.
const KEPT: usize = MAX_FRAME_HEAD as usize;

/// Lists members, sections and frames. Goes over sections that it does not know, and over
/// those whose CRC does not match, without looking into them. Memory does not grow with the
/// size of a section.
///
/// # Errors
/// `Format`, `Truncated` or `Unsupported` where the structure itself cannot be followed, `Io`
/// where reading fails.
pub fn inspect<R: Read>(input: R) -> Result<Inspection> {
    let mut source = Source::new(BufReader::new(input));
    let mut members = Vec::new();
    let mut content_size = 0;
    loop {
        let offset = source.offset();
        if read_magic(&mut source, !members.is_empty())? == Magic::EndOfInput {
            break;
        }
        let mut member = MemberReport {
            offset,
            length: 0,
            version: VERSION,
            header: None,
            solo: None,
            notes: Vec::new(),
            sections: Vec::new(),
            frames: Vec::new(),
            end: None,
        };
        while !section(&mut source, &mut member, &mut content_size)? {}
        member.length = source.offset() - offset;
        members.push(member);
    }
    Ok(Inspection {
        size: source.offset(),
        content_size,
        intact: members
            .iter()
            .all(|member| member.sections.iter().all(|section| section.crc_ok)),
        members,
    })
}

/// What is kept of a section's body.
#[derive(Default)]
struct Ends {
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Ends {
    fn take(&mut self, piece: &[u8]) {
        let room = KEPT - self.first.len();
        self.first
            .extend_from_slice(&piece[..room.min(piece.len())]);
        self.last
            .extend_from_slice(&piece[piece.len().saturating_sub(Solo::LAST)..]);
        let surplus = self.last.len().saturating_sub(Solo::LAST);
        self.last.drain(..surplus);
    }
}

/// Reads a section into the report; true after a member's last one.
fn section<R: Read>(
    source: &mut Source<R>,
    member: &mut MemberReport,
    content_size: &mut u64,
) -> Result<bool> {
    let mut head = SectionHead::read(source, member.frames.len() as u64)?;
    if matches!(head.id, SectionId::FRAME | SectionId::SOLO) {
        // Within it, payload positions cannot overflow.
        head.at_most(MAX_BLOCK + MAX_FRAME_HEAD)?;
    }
    let mut ends = Ends::default();
    let crc_ok = head.scan(source, |piece| ends.take(piece))?;
    let text =
        (head.id == SectionId::COMMENT).then(|| String::from_utf8_lossy(&ends.first).into_owned());
    member.sections.push(SectionReport {
        id: head.id.0,
        name: head.id.name(),
        critical: head.id.is_critical(),
        offset: head.offset,
        length: head.section_length(),
        body_length: head.length,
        crc_ok,
        text,
    });
    let only = member.sections.len() == 1;
    if crc_ok {
        look_into(&head, &ends, member, content_size)?;
    }
    Ok(head.id == SectionId::END || (only && head.id == SectionId::SOLO))
}

fn look_into(
    head: &SectionHead,
    ends: &Ends,
    member: &mut MemberReport,
    content_size: &mut u64,
) -> Result<()> {
    let mut fields = Fields::new(&ends.first, head.body_offset, &head.name);
    let frame = match head.id {
        SectionId::HEADER => {
            member.header = Some(HeaderReport::from(&Header::read(fields)?));
            return Ok(());
        }
        SectionId::END => {
            if let Some(header) = &member.header {
                member.end = Some(EndReport::from(&End::read(fields, header.check)?));
            }
            return Ok(());
        }
        SectionId::PLUGIN => {
            member.notes.push(PluginNote::read(fields)?.into());
            return Ok(());
        }
        SectionId::FRAME => FrameHead::read(&mut fields, head.length)?,
        SectionId::SOLO => {
            let first = ends.first.first().copied().unwrap_or_default();
            let last_offset = head.body_offset + head.length - ends.last.len() as u64;
            let (solo, check) = Solo::read(first, &ends.last, last_offset, &head.name)?;
            member.solo = Some(SoloReport::new(&solo, &check));
            solo.read_frame(&ends.first, head.length, head.body_offset, &head.name)?
        }
        _ => return Ok(()),
    };
    member.frames.push(FrameReport::new(
        &frame,
        head.offset,
        head.section_length(),
        *content_size,
    ));
    *content_size = content_size.saturating_add(frame.raw_length);
    Ok(())
}
