//! Random access.

use std::io::{Read, Seek, Write};
use std::sync::Arc;

use super::budget::Budget;
use super::decoder::check_member;
use super::frame_decode::{DecodePool, submit};
use super::locate::{Location, locate, source_at};
use super::options::{self, DecodeOptions};
use super::pool::Pool;
use crate::container::{
    FrameSection, MAX_FRAME_HEAD, MemberStart, SectionHead, SectionId, affordable, read_solo,
};
use crate::plugin::Registry;
use crate::{Error, Result};

/// Reads parts of a file without decoding the rest. Members are taken as one content.
///
/// Frames are found by the indexes and checked by their CRC-32. The content check is not:
/// it needs the whole content.
pub struct Archive<R: Read + Seek> {
    input: R,
    registry: Arc<Registry>,
    options: DecodeOptions,
    frames: Vec<Location>,
    length: u64,
    /// The block that was decoded last, and its frame: small reads in a row decode it once.
    recent: Option<(usize, Vec<u8>)>,
}

impl<R: Read + Seek> Archive<R> {
    /// Finds the frames of `input`.
    ///
    /// # Errors
    /// `Format`, `Truncated`, `Unsupported`, `Integrity` or `Limit` for what is wrong with
    /// the file, `Io` where reading fails.
    pub fn open(mut input: R, registry: Arc<Registry>, options: DecodeOptions) -> Result<Self> {
        let frames = locate(&mut input, options.frame_limits().memory)?;
        let mut checked: Option<&Arc<MemberStart>> = None;
        for member in frames.iter().filter_map(|frame| frame.member.as_ref()) {
            if !checked.is_some_and(|before| Arc::ptr_eq(before, member)) {
                check_member(&registry, member)?;
                checked = Some(member);
            }
        }
        let length = frames
            .last()
            .map_or(0, |last| last.content_offset + last.raw_length);
        Ok(Self {
            input,
            registry,
            options,
            frames,
            length,
            recent: None,
        })
    }

    /// Bytes of content.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The `len` bytes of content from `offset` on.
    ///
    /// # Errors
    /// `Config` where the range is not within the content, and as [`Decoder`](super::Decoder).
    pub fn read_range(&mut self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.copy_range(offset, len, &mut out)?;
        Ok(out)
    }

    /// Writes the `len` bytes of content from `offset` on to `out`, block by block.
    ///
    /// # Errors
    /// As [`read_range`](Self::read_range), and `Io` where writing fails.
    pub fn copy_range(&mut self, offset: u64, len: u64, out: &mut dyn Write) -> Result<()> {
        let end = offset.checked_add(len).filter(|&end| end <= self.length);
        let Some(end) = end else {
            return Err(Error::Config(format!(
                "bytes {offset} and {len} more were asked for, the content has {}",
                self.length
            )));
        };
        if len > self.options.output_limit {
            return Err(Error::Limit {
                what: "the range".into(),
                needed: len,
                limit: self.options.output_limit,
                hint: "allow more output".into(),
            });
        }
        if len == 0 {
            return Ok(());
        }
        let first = self
            .frames
            .partition_point(|frame| frame.content_offset + frame.raw_length <= offset);
        let behind = self
            .frames
            .partition_point(|frame| frame.content_offset < end);
        self.copy_frames(first..behind, offset, end, out)
    }

    fn copy_frames(
        &mut self,
        frames: std::ops::Range<usize>,
        start: u64,
        end: u64,
        out: &mut dyn Write,
    ) -> Result<()> {
        let budget = Budget::new(0);
        let threads = options::threads(self.options.threads);
        let (progress, helpers) = (self.options.progress.clone(), self.options.helpers.clone());
        let mut pool: DecodePool = Pool::new(threads, Arc::clone(&budget), progress, helpers);
        let recent = self.recent.take();
        let known = |number: usize| recent.as_ref().filter(|(known, _)| *known == number);
        let mut ahead = frames.clone();
        let mut last = None;
        for number in frames {
            while !pool.is_full() && !ahead.is_empty() {
                if known(ahead.start).is_none() {
                    let (member, frame) = self.read_frame(ahead.start)?;
                    budget.resize(self.options.memory.unwrap_or(member.memory));
                    submit(&mut pool, &self.registry, &member, &self.options, frame);
                }
                ahead.start += 1;
            }
            let location = &self.frames[number];
            let from = start.saturating_sub(location.content_offset) as usize;
            let to = (end - location.content_offset).min(location.raw_length) as usize;
            if let Some((_, block)) = known(number) {
                out.write_all(&block[from..to])?;
                continue;
            }
            // One block at a time beside those in work.
            drop(last.take());
            if let Some(decoded) = pool.take() {
                let (block, _permit) = decoded?;
                out.write_all(&block[from..to])?;
                last = Some((number, block));
            }
        }
        self.recent = last.or(recent);
        Ok(())
    }

    /// Reads a frame's section, and what its member says.
    fn read_frame(&mut self, number: usize) -> Result<(Arc<MemberStart>, FrameSection)> {
        let location = self.frames[number].clone();
        let memory = self.options.frame_limits().memory;
        let mut source = source_at(&mut self.input, location.offset)?;
        let head = SectionHead::read(&mut source, location.number)?;
        affordable(&head, memory)?;
        let (member, frame) = match (head.id, location.member) {
            (SectionId::SOLO, None) => {
                let (member, frame, _) = read_solo(&mut source, head)?;
                (Arc::new(member), frame)
            }
            (SectionId::FRAME, Some(member)) => {
                head.at_most(location.raw_length + MAX_FRAME_HEAD)?;
                (member, FrameSection::read(&mut source, head)?)
            }
            _ => return Err(head.fault("the index says that a frame is here")),
        };
        if frame.head.raw_length == location.raw_length {
            return Ok((member, frame));
        }
        Err(Error::Format {
            offset: frame.offset,
            section: frame.name,
            reason: format!(
                "its raw length is {}, the index says {}",
                frame.head.raw_length, location.raw_length
            ),
        })
    }
}
