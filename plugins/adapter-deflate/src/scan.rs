//! Finds deflate streams: in gzip members, zip archives, PNG images, and zlib streams anywhere.

use std::ops::Range;

use crate::inflate::{Inflated, inflate};

/// What a stream stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Nothing that follows from the content.
    Bare,
    /// The Adler-32 of the content follows.
    Zlib,
    /// The CRC-32 of the content and its length follow.
    Gzip,
    /// A PNG image: in IDAT chunks, with the lengths of all but the last, after a zlib header.
    Png {
        header: [u8; 2],
        lengths: Vec<usize>,
        /// Bytes of a pixel and of a row with its filter.
        geometry: (u32, u32),
    },
}

/// A stream that was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it is in the block, with what follows from its content.
    pub(crate) range: Range<usize>,
    pub(crate) frame: Frame,
    pub(crate) inflated: Inflated,
}

/// Least bytes of a stream that is worth its record.
const LEAST: usize = 48;
/// How often a block may be inflated in vain, bytes of zip bombs and of chance matches counted.
const TRIALS: usize = 16;

/// A place to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Magic {
    Gzip,
    Zip,
    Png,
    Zlib,
}

/// The streams of `block`, one behind the other, that have at most `most` bytes inside together.
pub(crate) fn scan(block: &[u8], mut most: usize) -> Vec<Found> {
    let mut work = block.len() * TRIALS;
    let mut found = Vec::new();
    let mut free = 0;
    for (at, magic) in candidates(block) {
        if at < free {
            continue;
        }
        if work == 0 || most == 0 {
            break;
        }
        let one = match magic {
            Magic::Gzip => gzip(block, at, most, &mut work),
            Magic::Zip => zip(block, at, most, &mut work),
            Magic::Png => png(block, at, most, &mut work),
            Magic::Zlib => zlib(block, at, most, &mut work),
        };
        let Some(one) = one else { continue };
        if one.inflated.used < LEAST || one.inflated.plain.len() <= one.inflated.used {
            continue;
        }
        free = one.range.end;
        most -= one.inflated.plain.len();
        found.push(one);
    }
    found
}

/// Where something may begin, in order.
fn candidates(block: &[u8]) -> Vec<(usize, Magic)> {
    let mut places = Vec::new();
    let mut all = |needle: &[u8], magic| {
        places.extend(memchr::memmem::find_iter(block, needle).map(|at| (at, magic)));
    };
    all(b"\x1F\x8B\x08", Magic::Gzip);
    all(b"PK\x03\x04", Magic::Zip);
    all(b"\x89PNG\r\n\x1A\n", Magic::Png);
    for at in memchr::memchr_iter(0x78, block) {
        if matches!(block.get(at + 1), Some(0x01 | 0x5E | 0x9C | 0xDA)) {
            places.push((at, Magic::Zlib));
        }
    }
    places.sort_unstable();
    places
}

/// RFC 1952.
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
    let inflated = inflate(block.get(start..)?, most, work)?;
    let end = start + inflated.used;
    let frame = if block.get(end..end + 8) == Some(&gzip_trailer(&inflated.plain)) {
        Frame::Gzip
    } else {
        Frame::Bare
    };
    Some(contiguous(start, frame, inflated))
}

/// APPNOTE 4.3.7: a local header, with deflate as method and no encryption.
fn zip(block: &[u8], at: usize, most: usize, work: &mut usize) -> Option<Found> {
    let header = block.get(at..at + 30)?;
    let short = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    if short(6) & 1 != 0 || short(8) != 8 {
        return None;
    }
    let start = at + 30 + short(26) + short(28);
    let inflated = inflate(block.get(start..)?, most, work)?;
    Some(contiguous(start, Frame::Bare, inflated))
}

/// RFC 1950, taken only where the check at the end is right: any two bytes may look like a header.
fn zlib(block: &[u8], at: usize, most: usize, work: &mut usize) -> Option<Found> {
    let inflated = inflate(&block[at + 2..], most, work)?;
    let end = at + 2 + inflated.used;
    if block.get(end..end + 4)? != adler32(&inflated.plain).to_be_bytes() {
        return None;
    }
    Some(contiguous(at + 2, Frame::Zlib, inflated))
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
    }
}

/// Chunks of a PNG image from its signature at `at` on.
fn png(block: &[u8], at: usize, most: usize, work: &mut usize) -> Option<Found> {
    let chunk = |at: usize| {
        let head = block.get(at..at + 8)?;
        let length = u32::from_be_bytes(*head.first_chunk()?) as usize;
        let body = block.get(at + 8..(at + 8).checked_add(length)?)?;
        let check = block.get(at + 8 + length..at + 12 + length)?;
        Some((&head[4..], body, check))
    };
    let mut place = at + 8;
    let (mut geometry, mut start) = (None, 0);
    let (mut lengths, mut joined) = (Vec::new(), Vec::new());
    while let Some((kind, body, check)) = chunk(place) {
        match kind {
            b"IHDR" => geometry = rows(body),
            b"IDAT" => {
                if check != idat_check(body).to_be_bytes() {
                    return None;
                }
                if lengths.is_empty() {
                    start = place + 8;
                }
                lengths.push(body.len());
                joined.extend(body);
            }
            _ if !lengths.is_empty() => break,
            _ => {}
        }
        place += 12 + body.len();
    }
    lengths.pop()?;
    let header = *joined.first_chunk::<2>()?;
    if header[0] & 15 != 8 || u16::from_be_bytes(header) % 31 != 0 || header[1] & 32 != 0 {
        return None;
    }
    let inflated = inflate(&joined[2..], most, work)?;
    if joined[2 + inflated.used..] != adler32(&inflated.plain).to_be_bytes() {
        return None;
    }
    Some(Found {
        range: start..place,
        frame: Frame::Png {
            header,
            lengths,
            geometry: geometry?,
        },
        inflated,
    })
}

/// Bytes of a pixel and of a row, by the header of an image.
fn rows(header: &[u8]) -> Option<(u32, u32)> {
    let width = u32::from_be_bytes(*header.first_chunk()?);
    let (&depth, &colour) = (header.get(8)?, header.get(9)?);
    let samples = [1, 0, 3, 1, 2, 0, 4]
        .get(usize::from(colour))
        .copied()
        .unwrap_or(1);
    let bits = u32::from(depth) * samples;
    let row = width.checked_mul(bits)?.div_ceil(8).checked_add(1)?;
    Some((bits.div_ceil(8).max(1), row))
}

/// The check of an IDAT chunk.
pub(crate) fn idat_check(body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(b"IDAT");
    hasher.update(body);
    hasher.finalize()
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
