//! Compression of a stream.

use std::io::{self, Write};
use std::sync::Arc;

use super::blocks::block_length;
use super::budget::{Budget, Permit};
use super::frame_encode::{CodedFrame, FrameEncoder};
use super::options::{self, EncodeOptions, Summary};
use super::pool::Pool;
use crate::container::{
    ContentCheck, End, Header, IndexEntry, SectionId, Solo, model, write_opening, write_section,
};
use crate::limits::reserve_towards;
use crate::plugin::{Place, Registry};
use crate::{Error, Result};

/// Compresses what is written to it into one member.
///
/// [`finish`](Self::finish) must be called: without it the file has no end. Flushing does not
/// end a block. At most as many blocks as threads are in memory beside the one that is being
/// filled.
pub struct Encoder<W: Write> {
    output: W,
    options: EncodeOptions,
    frames: Arc<FrameEncoder>,
    pool: Pool<Result<(CodedFrame, Permit)>>,
    budget: Arc<Budget>,
    /// Raw bytes of every block but the last.
    block_length: u64,
    block: Vec<u8>,
    /// The first bytes of the content, and those of all blocks that were dispatched.
    head: Arc<[u8]>,
    dispatched: u64,
    /// Present once the header has been written.
    member: Option<Member>,
    input: u64,
    written: u64,
    failed: bool,
}

/// What is gathered while frames are written.
struct Member {
    check: ContentCheck,
    /// Raw lengths of the blocks that are in work.
    raw_lengths: std::collections::VecDeque<u64>,
    index: Vec<u8>,
    frames: u64,
}

impl<W: Write> Encoder<W> {
    /// An encoder that writes to `output`.
    ///
    /// # Errors
    /// `Config` where the profile names a plugin that does not exist or is out of range.
    pub fn new(output: W, registry: Arc<Registry>, options: EncodeOptions) -> Result<Self> {
        // The header counts in KiB.
        let memory = options.memory() / 1024 * 1024;
        let frames = Arc::new(FrameEncoder::new(&registry, &options, memory)?);
        let budget = Budget::new(memory);
        Ok(Self {
            output,
            pool: Pool::new(
                options::threads(options.threads),
                Arc::clone(&budget),
                options.progress.clone(),
                options.helpers.clone(),
            ),
            budget,
            block_length: block_length(&options.profile, options.content_size),
            options,
            frames,
            block: Vec::new(),
            head: Arc::new([]),
            dispatched: 0,
            member: None,
            input: 0,
            written: 0,
            failed: false,
        })
    }

    /// Takes content; a block that is full is coded when a byte follows it.
    fn accept(&mut self, mut content: &[u8]) -> Result<()> {
        let size = self.input + content.len() as u64;
        if self.options.content_size.is_some_and(|most| size > most) {
            return Err(self.wrong_size(size));
        }
        while !content.is_empty() {
            let room = self.block_length - self.block.len() as u64;
            if room == 0 {
                self.dispatch()?;
                continue;
            }
            let piece = usize::try_from(room).map_or(content.len(), |room| room.min(content.len()));
            let most = usize::try_from(self.block_length).unwrap_or(usize::MAX);
            reserve_towards(&mut self.block, piece, most);
            self.block.extend_from_slice(&content[..piece]);
            content = &content[piece..];
            self.input += piece as u64;
        }
        Ok(())
    }

    fn wrong_size(&self, size: u64) -> Error {
        Error::Config(format!(
            "the content was said to have {} bytes, it has {}{size}",
            self.options.content_size.unwrap_or(0),
            if size > self.input { "at least " } else { "" },
        ))
    }

    /// Gives the current block to the workers.
    fn dispatch(&mut self) -> Result<()> {
        let block = std::mem::take(&mut self.block);
        if self.member.is_none() {
            self.write_header()?;
        }
        while self.pool.is_full() || !self.has_room() {
            self.write_frame()?;
        }
        if let Some(member) = &mut self.member {
            member.check.update(&block);
            member.raw_lengths.push_back(block.len() as u64);
        }
        self.submit(block);
        Ok(())
    }

    fn submit(&mut self, block: Vec<u8>) {
        if self.dispatched == 0 {
            self.head = block[..block.len().min(Place::HEAD)].into();
        }
        let (head, offset) = (Arc::clone(&self.head), self.dispatched);
        self.dispatched += block.len() as u64;
        let frames = Arc::clone(&self.frames);
        self.pool.submit(move |ticket, watch| {
            let place = Place {
                offset,
                head: &head,
            };
            frames.encode(block, &place, ticket, watch)
        });
    }

    /// Whether one more block fits the memory beside those in work and the next one, which
    /// is filled meanwhile.
    fn has_room(&self) -> bool {
        let in_work = self.pool.in_flight();
        let blocks = (in_work + 2).saturating_mul(self.block_length);
        in_work == 0 || blocks <= self.budget.total()
    }

    fn write_header(&mut self) -> Result<()> {
        let check = self.options.check_for(self.options.content_size);
        let header = Header {
            check,
            profile: self.options.profile.number,
            content_size: self.options.content_size,
            block_size: self.block_length,
            memory_kib: self.budget.total() / 1024,
            models: self.frames.models().iter().map(|m| m.hash()).collect(),
            plugins: self.frames.needed(),
        };
        self.written += write_opening(&mut self.output)?;
        let body = header.write();
        self.written += write_section(&mut self.output, SectionId::HEADER, &[&body])?;
        for note in self.frames.notes() {
            let body = note.write();
            self.written += write_section(&mut self.output, SectionId::PLUGIN, &[&body])?;
        }
        if self.options.embed_models {
            for model in self.frames.models() {
                let body = model::write(&model.hash(), model.bytes());
                self.written += write_section(&mut self.output, SectionId::MODEL, &[&body])?;
            }
        }
        self.member = Some(Member {
            check: ContentCheck::new(check),
            raw_lengths: std::collections::VecDeque::new(),
            index: Vec::new(),
            frames: 0,
        });
        Ok(())
    }

    /// Waits for the oldest block in work and writes its frame; false where there is none.
    fn write_frame(&mut self) -> Result<bool> {
        let Some(coded) = self.pool.take() else {
            return Ok(false);
        };
        let (frame, _permit) = coded?;
        let distance = write_section(&mut self.output, SectionId::FRAME, &[&frame.body])?;
        self.written += distance;
        if let Some(member) = &mut self.member {
            let raw_length = member.raw_lengths.pop_front().unwrap_or(0);
            let entry = IndexEntry {
                raw_length,
                distance,
            };
            entry.put(&mut member.index);
            member.frames += 1;
        }
        Ok(true)
    }

    /// The whole content is one block: one section for all.
    fn write_solo(&mut self) -> Result<Summary> {
        let kind = self.options.check_for(Some(self.input));
        let block = std::mem::take(&mut self.block);
        let mut check = ContentCheck::new(kind);
        check.update(&block);
        self.submit(block);
        let mut memory = 0;
        if let Some(coded) = self.pool.take() {
            let (frame, _permit) = coded?;
            // spec umc §6.3: the whole body counts, not the frame alone.
            let solo = Solo {
                memory_code: Solo::code_for(frame.memory + Solo::around(kind)),
                check: kind,
                profile: self.options.profile.number,
            };
            memory = solo.memory();
            let body = solo.write(&frame.body, &check.finish());
            self.written += write_opening(&mut self.output)?;
            self.written += write_section(&mut self.output, SectionId::SOLO, &[&body])?;
        }
        Ok(Summary {
            input: self.input,
            output: self.written,
            frames: 1,
            members: 1,
            memory,
        })
    }

    /// INDEX and END.
    fn write_end(&mut self) -> Result<Summary> {
        while self.write_frame()? {}
        let index_offset = self.written;
        let Some(member) = self.member.take() else {
            return Ok(Summary::default());
        };
        self.written += write_section(&mut self.output, SectionId::INDEX, &[&member.index])?;
        let check_kind = self.options.check_for(self.options.content_size);
        let end = End {
            index_offset,
            content_size: self.input,
            check: member.check.finish(),
            member_length: self.written + End::section_length(check_kind),
        };
        self.written += write_section(&mut self.output, SectionId::END, &[&end.write()])?;
        Ok(Summary {
            input: self.input,
            output: self.written,
            frames: member.frames,
            members: 1,
            memory: self.budget.total(),
        })
    }

    /// Codes what is left and writes the end of the member.
    ///
    /// # Errors
    /// `Io` where writing fails, `Config` where the content's size is not the one announced,
    /// `Plugin` where a plugin breaks its contract.
    pub fn finish(mut self) -> Result<(W, Summary)> {
        if self.failed {
            return Err(failed_before());
        }
        if self.options.content_size.is_some_and(|n| n != self.input) {
            return Err(self.wrong_size(self.input));
        }
        // spec umc §4.4: a SOLO has no place for a model, nor for whose a plugin is.
        let embeds = self.options.embed_models && !self.frames.models().is_empty();
        let explains = !self.frames.notes().is_empty();
        let solo = self.member.is_none() && !((embeds || explains) && self.input > 0);
        let summary = if solo {
            self.write_solo()?
        } else {
            self.dispatch()?;
            self.write_end()?
        };
        self.output.flush()?;
        Ok((self.output, summary))
    }
}

fn failed_before() -> Error {
    Error::Config("compression has failed before".into())
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Err(failed_before().into());
        }
        match self.accept(content) {
            Ok(()) => Ok(content.len()),
            Err(e) => {
                self.failed = true;
                Err(e.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
