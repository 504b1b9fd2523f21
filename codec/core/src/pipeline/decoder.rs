//! Decompression of a stream.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use super::budget::{Budget, Permit};
use super::frame_decode::{DecodePool, submit};
use super::options::{self, DecodeOptions, Summary};
use super::pool::Pool;
use crate::container::{CheckKind, ContentCheck, Event, FrameSection, MemberReader, MemberStart};
use crate::plugin::{Kind, PluginId, Registry};
use crate::{Error, Result};

/// Decompresses all members of what it reads, one after another.
///
/// Its `Read` fails with an [`io::Error`] inside which the codec's own [`Error`] travels:
/// [`Error::from_io`] gets it back. Content is handed out block by block before the check at
/// the end of its member could be compared: it is right only if reading ends without an error.
pub struct Decoder<R: Read> {
    reader: MemberReader<BufReader<R>>,
    registry: Arc<Registry>,
    options: DecodeOptions,
    pool: DecodePool,
    budget: Arc<Budget>,
    /// What was read and not yet delivered, in order.
    queue: VecDeque<Item>,
    /// The member that is being read.
    member: Option<Arc<MemberStart>>,
    /// Content size of the first member.
    content_size: Option<u64>,
    /// Raw bytes of all frames read so far.
    promised: u64,
    /// Whether nothing more is to be read.
    ended: bool,
    /// The check of the member that is being delivered.
    check: Option<(CheckKind, ContentCheck)>,
    block: Vec<u8>,
    /// How much of the block has been delivered.
    position: usize,
    /// Memory of the block that is being delivered.
    permit: Option<Permit>,
    summary: Summary,
}

/// What is to be delivered.
enum Item {
    Start(CheckKind),
    /// The pool's next result.
    Frame,
    End {
        offset: u64,
        section: String,
        check: Vec<u8>,
    },
    EndOfInput,
    Failed(Error),
}

impl<R: Read> Decoder<R> {
    /// A decoder that reads `input`. Reads the first header.
    ///
    /// # Errors
    /// `Format`, `Truncated`, `Unsupported`, `Integrity` or `Limit` for what is wrong with the
    /// header, `Io` where reading fails.
    pub fn new(input: R, registry: Arc<Registry>, options: DecodeOptions) -> Result<Self> {
        let budget = Budget::new(0);
        let memory = options.frame_limits().memory;
        let mut decoder = Self {
            reader: MemberReader::new(BufReader::new(input), memory),
            registry,
            pool: Pool::new(
                options::threads(options.threads),
                Arc::clone(&budget),
                options.progress.clone(),
                options.helpers.clone(),
            ),
            options,
            budget,
            queue: VecDeque::new(),
            member: None,
            content_size: None,
            promised: 0,
            ended: false,
            check: None,
            block: Vec::new(),
            position: 0,
            permit: None,
            summary: Summary::default(),
        };
        let event = decoder.reader.next()?;
        decoder.accept(event)?;
        decoder.content_size = decoder.member.as_ref().and_then(|m| m.content_size);
        Ok(decoder)
    }

    /// Bytes of content of the first member, where it says so.
    #[must_use]
    pub fn content_size(&self) -> Option<u64> {
        self.content_size
    }

    /// What has been read and delivered so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            input: self.reader.offset(),
            ..self.summary.clone()
        }
    }

    /// Decodes what was not read, to have it checked, and returns the input.
    ///
    /// # Errors
    /// What `Read` would fail with.
    pub fn finish(mut self) -> Result<(R, Summary)> {
        self.position = self.block.len();
        while self.next_block()? {}
        let summary = self.summary();
        Ok((self.into_inner(), summary))
    }

    /// The input, wherever it stands.
    pub fn into_inner(self) -> R {
        self.reader.into_inner().into_inner()
    }

    /// Takes what the reader found.
    fn accept(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Start(member) => self.start(member)?,
            Event::Frame(frame) => self.submit(frame)?,
            Event::End {
                offset,
                section,
                check,
            } => self.queue.push_back(Item::End {
                offset,
                section,
                check,
            }),
            Event::EndOfInput => {
                self.ended = true;
                self.queue.push_back(Item::EndOfInput);
            }
        }
        Ok(())
    }

    /// Refuses early what cannot be decoded.
    fn start(&mut self, member: MemberStart) -> Result<()> {
        check_member(&self.registry, &member)?;
        self.check_output(member.content_size.unwrap_or(0), &member)?;
        self.budget
            .resize(self.options.memory.unwrap_or(member.memory));
        self.summary.memory = self.summary.memory.max(member.memory);
        self.queue.push_back(Item::Start(member.check));
        self.member = Some(Arc::new(member));
        Ok(())
    }

    fn check_output(&self, more: u64, member: &MemberStart) -> Result<()> {
        let needed = self.promised.saturating_add(more);
        if needed <= self.options.output_limit {
            return Ok(());
        }
        Err(Error::Limit {
            what: format!(
                "the output of the member with header at byte {}",
                member.offset
            ),
            needed,
            limit: self.options.output_limit,
            hint: "allow more output".into(),
        })
    }

    fn submit(&mut self, frame: FrameSection) -> Result<()> {
        let Some(member) = self.member.clone() else {
            return Ok(());
        };
        self.check_output(frame.head.raw_length, &member)?;
        self.promised += frame.head.raw_length;
        submit(
            &mut self.pool,
            &self.registry,
            &member,
            &self.options,
            frame,
        );
        self.queue.push_back(Item::Frame);
        Ok(())
    }

    /// Reads ahead as far as there is work for the threads and memory for the bodies.
    fn read_ahead(&mut self) {
        while !self.ended && !self.pool.is_full() && self.has_room() {
            if let Err(error) = self.reader.next().and_then(|event| self.accept(event)) {
                // What was read before is still good: it is delivered first.
                self.ended = true;
                self.queue.push_back(Item::Failed(error));
            }
        }
    }

    /// Whether one more body fits the memory beside those in work. A body is hardly longer
    /// than its block.
    fn has_room(&self) -> bool {
        let header = self.member.as_ref().and_then(|m| m.header.as_ref());
        let (in_work, budget) = (self.pool.in_flight(), self.budget.total());
        match header {
            Some(header) => {
                in_work == 0 || (in_work + 1).saturating_mul(header.block_size) <= budget
            }
            None => true,
        }
    }

    /// Gets the next block; false at the end of the input.
    fn next_block(&mut self) -> Result<bool> {
        self.block = Vec::new();
        self.position = 0;
        // A frame may wait for the memory of the block that was delivered.
        self.permit = None;
        loop {
            if self.queue.is_empty() {
                self.read_ahead();
            }
            match self.queue.pop_front() {
                None => return Ok(false),
                Some(Item::Failed(error)) => return Err(error),
                Some(Item::EndOfInput) => return Ok(false),
                Some(Item::Start(kind)) => {
                    self.check = Some((kind, ContentCheck::new(kind)));
                    self.summary.members += 1;
                }
                Some(Item::End {
                    offset,
                    section,
                    check,
                }) => self.compare(offset, section, &check)?,
                Some(Item::Frame) => {
                    self.read_ahead();
                    self.deliver()?;
                    self.read_ahead();
                    if !self.block.is_empty() {
                        return Ok(true);
                    }
                    self.permit = None;
                }
            }
        }
    }

    fn deliver(&mut self) -> Result<()> {
        let Some(decoded) = self.pool.take() else {
            return Ok(());
        };
        let (block, permit) = decoded?;
        if let Some((_, check)) = &mut self.check {
            check.update(&block);
        }
        self.summary.frames += 1;
        self.summary.output += block.len() as u64;
        self.block = block;
        self.permit = Some(permit);
        Ok(())
    }

    fn compare(&mut self, offset: u64, section: String, stored: &[u8]) -> Result<()> {
        match self.check.take() {
            Some((kind, check)) if check.clone().finish() != stored => Err(Error::Integrity {
                offset,
                section,
                what: format!("{} of the content", kind.name()),
            }),
            _ => Ok(()),
        }
    }

    /// As `Read::read`, with the codec's error.
    fn read_content(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() || (self.position == self.block.len() && !self.next_block()?) {
            return Ok(0);
        }
        let rest = &self.block[self.position..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.position += len;
        Ok(len)
    }
}

/// Refuses a member that needs a plugin that is not there. Models are looked for with the first
/// frame, which may know their names.
pub(super) fn check_member(registry: &Registry, member: &MemberStart) -> Result<()> {
    let Some(header) = &member.header else {
        return Ok(());
    };
    for needed in &header.plugins {
        let Some(kind) = needed.kind() else {
            return Err(Error::Unsupported {
                what: format!("a plugin of kind {}", needed.kind),
                hint: "a newer umoec may read it".into(),
            });
        };
        let id = PluginId(needed.id);
        let known = registry.by_id(kind, id, needed.version);
        known.map_err(|error| explain(error, kind, id, member))?;
    }
    Ok(())
}

/// Adds to the error for a plugin that is not there what the file says of it.
fn explain(error: Error, kind: Kind, id: PluginId, member: &MemberStart) -> Error {
    let note = member.notes.iter().find(|note| note.is_of(kind, id));
    let (Error::Unsupported { .. }, Some(note)) = (&error, note) else {
        return error;
    };
    // A file's text must not act on a terminal.
    let [name, identity, homepage] =
        [&note.name, &note.identity, &note.homepage].map(|text| text.escape_debug().to_string());
    Error::Unsupported {
        what: format!(
            "{kind} plugin `{name}` ({identity}, id {id}, stream version {})",
            note.version
        ),
        hint: format!(
            "get it from {homepage} and load it with --plugin-lib PATH; it runs as a program does, \
             so take it only from someone you trust"
        ),
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_content(buffer).map_err(|error| {
            // Reading on after a failure must not look like the end of the content.
            self.ended = true;
            self.queue.clear();
            self.queue.push_back(Item::Failed(Error::Config(
                "decompression has failed before".into(),
            )));
            error.into()
        })
    }
}
