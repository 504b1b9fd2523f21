//! Encoder: finds deflate streams in gzip members, zip archives, PNG images, and zlib streams anywhere.

use std::ops::Range;

use crate::inflate::{Inflated, inflate};
use crate::png::{self, Rows};

/// What a stream stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Nothing that follows from the content.
    Bare,
    /// The Adler-32 of the content follows.
    Zlib,
    /// The CRC-32 of the content and its length follow.
    Gzip,
    /// A PNG image's: after a zlib header, in IDAT chunks.
    Png {
        header: [u8; 2],
        /// Bytes of the chunks but for the last.
        lengths: Vec<usize>,
        rows: Option<Rows>,
        /// Where the image goes on behind it: what the last chunk names as its length.
        cut: Option<usize>,
    },
}

/// A stream that was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it is in the block, with what follows from its content.
    pub(crate) range: Range<usize>,
    pub(crate) frame: Frame,
    pub(crate) inflated: Inflated,
    /// The window that its header names, as a power of two.
    pub(crate) window: Option<u8>,
}

/// Least bytes of a stream that is worth its record.
const LEAST: usize = 40;
/// Least content of a stream that is cut off by the end of the block.
const LEAST_CUT: usize = 4096;
/// How often a block may be inflated in vain, zip bombs and chance matches together.
const TRIALS: usize = 16;

/// A place to look at.
#[derive(Debug, Clone, Copy)]
enum Magic {
    Gzip,
    Zip,
    Png,
    Zlib,
}

/// Shows `take` the streams of `block`, one behind the other, that have at most `most` bytes inside
/// together.
pub(crate) fn scan(block: &[u8], mut most: usize, mut take: impl FnMut(Found)) {
    let mut work = block.len().saturating_mul(TRIALS);
    let mut free = 0;
    for (at, magic) in candidates(block) {
        if at < free {
            continue;
        }
        if work == 0 || most == 0 {
            break;
        }
        let found = match magic {
            Magic::Gzip => gzip(block, at, most, &mut work),
            Magic::Zip => zip(block, at, most, &mut work),
            Magic::Png => png(block, at, most, &mut work),
            Magic::Zlib => zlib(block, at, most, &mut work),
        };
        let Some(found) = found else { continue };
        let (inside, used) = (found.inflated.plain.len(), found.inflated.used);
        if used < LEAST || inside <= used {
            continue;
        }
        free = found.range.end;
        most -= inside;
        take(found);
    }
}

/// Where something may begin, in order.
fn candidates(block: &[u8]) -> impl Iterator<Item = (usize, Magic)> {
    // The headers that zlib writes with its usual window: one for each class of levels.
    let classes = |at: &usize| matches!(block.get(at + 1), Some(0x01 | 0x5E | 0x9C | 0xDA));
    let mut zlib = memchr::memchr_iter(0x78, block).filter(classes).peekable();
    let all = |needle: &'static [u8]| memchr::memmem::find_iter(block, needle).peekable();
    let mut gzip = all(b"\x1F\x8B\x08");
    let mut zip = all(b"PK\x03\x04");
    let mut png = all(b"\x89PNG\r\n\x1A\n");
    std::iter::from_fn(move || {
        let next = [
            (gzip.peek().copied(), Magic::Gzip),
            (zip.peek().copied(), Magic::Zip),
            (png.peek().copied(), Magic::Png),
            (zlib.peek().copied(), Magic::Zlib),
        ];
        let next = next
            .into_iter()
            .filter_map(|(at, magic)| Some((at?, magic)));
        let next = next.min_by_key(|&(at, _)| at)?;
        match next.1 {
            Magic::Gzip => gzip.next(),
            Magic::Zip => zip.next(),
            Magic::Png => png.next(),
            Magic::Zlib => zlib.next(),
        };
        Some(next)
    })
}

/// A member by RFC 1952.
fn gzip(block: &[u8], at: usize, most: usize, work: &mut usize) -> Option<Found> {
    let flags = *block.get(at + 3)?;
    if flags >> 5 != 0 {
        return None;
    }
    let mut start = at + 10;
    if flags & 4 != 0 {
        let length = block.get(start..start + 2)?;
        start += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            start += 1 + memchr::memchr(0, block.get(start..)?)?;
        }
    }
    if flags & 2 != 0 {
        start += 2;
    }
    let inflated = open(block, start, most, work)?;
    let end = start + inflated.used;
    let checked =
        inflated.tail.is_none() && block.get(end..end + 8) == Some(&gzip_trailer(&inflated.plain));
    let frame = if checked { Frame::Gzip } else { Frame::Bare };
    Some(contiguous(start, frame, inflated))
}

/// A local header by APPNOTE 4.3.7, with deflate as method and no encryption. Its sizes are not looked
/// at: they may follow only behind the stream.
fn zip(block: &[u8], at: usize, most: usize, work: &mut usize) -> Option<Found> {
    let header = block.get(at..at + 30)?;
    let short = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    if short(6) & 1 != 0 || short(8) != 8 {
        return None;
    }
    let start = at + 30 + short(26) + short(28);
    Some(contiguous(
        start,
        Frame::Bare,
        open(block, start, most, work)?,
    ))
}

/// RFC 1950, taken only where the check at the end is right, or where much was inflated without a fault
/// up to the end of the block: any two bytes may look like a header.
fn zlib(block: &[u8], at: usize, most: usize, work: &mut usize) -> Option<Found> {
    let inflated = open(block, at + 2, most, work)?;
    let end = at + 2 + inflated.used;
    let frame = match inflated.tail {
        Some(_) => Frame::Bare,
        None if block.get(end..end + 4)? == adler32(&inflated.plain).to_be_bytes() => Frame::Zlib,
        None => return None,
    };
    Some(contiguous(at + 2, frame, inflated))
}

/// A PNG image. Where it is cut off, or too much is inside, its stream ends after a whole block, somewhere in
/// a chunk.
fn png(block: &[u8], at: usize, most: usize, work: &mut usize) -> Option<Found> {
    let chunks = png::chunks(block, at)?;
    let header = *chunks.joined.first_chunk::<2>()?;
    let inflated = inflate(&chunks.joined[2..], most, work)?;
    let mut left = 2 + inflated.used;
    let cut = inflated.tail.is_some();
    if !cut {
        let check = adler32(&inflated.plain).to_be_bytes();
        if chunks.cut || chunks.joined[left..] != check {
            return None;
        }
        left += 4;
    }
    let mut lengths = Vec::new();
    let mut pieces = chunks.starts.iter().zip(&chunks.lengths);
    let (last, end) = loop {
        let (&start, &length) = pieces.next()?;
        if left <= length && (cut || pieces.len() == 0) {
            break (start, start + left + if cut { 0 } else { 4 });
        }
        lengths.push(length);
        left = left.checked_sub(length)?;
    };
    // The block may end before the chunk does: it is its header that says how long it is.
    let named = u32::from_be_bytes(*block[last - 8..].first_chunk()?) as usize;
    Some(Found {
        range: chunks.starts[0]..end,
        window: Some((header[0] >> 4) + 8),
        frame: Frame::Png {
            header,
            lengths,
            rows: chunks.rows,
            cut: cut.then_some(named),
        },
        inflated,
    })
}

fn open(block: &[u8], start: usize, most: usize, work: &mut usize) -> Option<Inflated> {
    let inflated = inflate(block.get(start..)?, most, work)?;
    (inflated.tail.is_none() || inflated.plain.len() >= LEAST_CUT).then_some(inflated)
}

fn contiguous(start: usize, frame: Frame, inflated: Inflated) -> Found {
    let trailer = match frame {
        Frame::Gzip => 8,
        Frame::Zlib => 4,
        _ => 0,
    };
    Found {
        range: start..start + inflated.used + trailer,
        frame,
        inflated,
        window: None,
    }
}

/// What follows a deflate stream in a gzip member.
pub(crate) fn gzip_trailer(plain: &[u8]) -> [u8; 8] {
    let mut out = [0; 8];
    out[..4].copy_from_slice(&crc32fast::hash(plain).to_le_bytes());
    out[4..].copy_from_slice(&(plain.len() as u32).to_le_bytes());
    out
}

/// RFC 1950, section 9.
pub(crate) fn adler32(data: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    // As many bytes as `b` can take before it overflows.
    for piece in data.chunks(5552) {
        for &byte in piece {
            a += u32::from(byte);
            b += a;
        }
        (a, b) = (a % 65_521, b % 65_521);
    }
    b << 16 | a
}
