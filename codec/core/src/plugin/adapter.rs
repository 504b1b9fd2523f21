//! Adapters: a block's bytes to streams and back.

use std::ops::Range;

use super::{Plugin, Settings};
use crate::{Limits, Result};

/// What an adapter learned about a stream that helps a predictor on the encoding side.
///
/// A predictor that uses it writes what it used into its own parameters: a decoder never
/// sees a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Distances in bytes at which the stream resembles itself, the best first: the size of
    /// a record, of an image row, of a sample. Each at least 1.
    pub strides: Vec<u32>,
    /// Numbers that follow one another, where there are some.
    pub number: Option<NumberLayout>,
}

/// How numbers lie in a stream: each as wide as the others, the most significant byte first, and
/// larger numbers mean larger values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberLayout {
    /// Bytes of a number, 1 to 8.
    pub width: u8,
    /// Where in the stream the first one starts: below `width`.
    pub phase: u8,
}

/// One stream of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The stream's bytes.
    pub data: Vec<u8>,
    /// Hints for the predictor.
    pub layout: Layout,
}

/// What an adapter made of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapted {
    /// What the way back needs beside the streams; stored in the frame.
    pub params: Vec<u8>,
    /// At least one stream.
    pub streams: Vec<Stream>,
}

/// Where a block stands in the content that it was cut from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// Bytes of content before the block.
    pub offset: u64,
    /// The first bytes of the content, at most [`Place::HEAD`]: where a file says what it is. For
    /// the first block they are its own.
    pub head: &'a [u8],
}

impl Place<'_> {
    /// Most bytes of `head`.
    pub const HEAD: usize = 1 << 16;
}

impl<'a> Place<'a> {
    /// That of bytes that are a content of their own.
    pub fn own(bytes: &'a [u8]) -> Self {
        Self {
            offset: 0,
            head: &bytes[..bytes.len().min(Self::HEAD)],
        }
    }
}

/// One way in which an adapter would take a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// How sure the adapter is, 0 to 100: proposals of high score are looked at first.
    pub score: u8,
    /// What it makes of the block.
    pub adapted: Adapted,
}

/// A part of a block that looks like a file of an adapter's kind: in an archive, in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Where it is in the block.
    pub range: Range<usize>,
    /// How sure the adapter is, 0 to 100: where regions overlap, the surest stays.
    pub score: u8,
    /// Whether it is better taken together with other regions of the adapter, one behind the other, than
    /// alone.
    pub joins: bool,
    /// What the adapter will want to know when these bytes are proposed to it; it is stored nowhere. Only
    /// regions with the same note join.
    pub note: Vec<u8>,
}

/// Turns the bytes of a block into streams that are easier to predict, and back.
pub trait Adapter: Plugin {
    /// Encoder side.
    ///
    /// # Errors
    /// `Config` where the settings are unknown or out of range.
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted>;

    /// Encoder side: ways to take this block, if it is of the kind that the adapter is for. Which of
    /// them is used, or none, is decided by what a sample of the streams costs.
    ///
    /// # Errors
    /// As `forward`.
    fn propose(
        &self,
        input: &[u8],
        place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        let _ = (input, place, settings);
        Ok(Vec::new())
    }

    /// Encoder side: parts of this block that are files of the adapter's kind, by their headers. Each, or
    /// all that join, is then proposed to this adapter as if it were a content of its own; the rest of the
    /// block closes up behind it. What the whole block is, `propose` says.
    ///
    /// # Errors
    /// `Plugin` where the adapter fails; a block that is hard to read is none: it has no regions.
    fn regions(&self, input: &[u8], place: &Place<'_>) -> Result<Vec<Region>> {
        let _ = (input, place);
        Ok(Vec::new())
    }

    /// Encoder side: `propose` for the bytes of one of its regions, or of all that join, with their note. Some
    /// of those that should join may be missing, where others had the better claim to them. A first proposal of
    /// score 100 need not win against the bytes as they are, where there is a note and 64 KiB or more.
    ///
    /// # Errors
    /// As `forward`.
    fn propose_region(
        &self,
        input: &[u8],
        note: &[u8],
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        let _ = note;
        self.propose(input, &Place::own(input), settings)
    }

    /// Encoder side: bytes of memory that the way back takes at most for a block of `len` bytes of which this became, the
    /// block and the streams not counted. The file declares it.
    fn memory(&self, adapted: &Adapted, len: usize) -> u64 {
        let _ = (adapted, len);
        0
    }

    /// What `params`, hostile on this side, say, for people: `f32 little-endian, records of 28
    /// bytes`. `None` where there is nothing to say.
    fn describe(&self, version: u8, params: &[u8]) -> Option<String> {
        let _ = (version, params);
        None
    }

    /// Decoder side: exactly the `output_len` bytes that `forward` was given, from what stream
    /// version `version` of this adapter made of them.
    ///
    /// # Errors
    /// `Plugin` where parameters and streams do not fit together; `Limit` where more memory
    /// than `limits` allows would be needed.
    fn inverse(
        &self,
        version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        limits: &Limits,
    ) -> Result<Vec<u8>>;
}
