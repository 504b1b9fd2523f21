//! Headers of WAV and AIFF files: what samples there are, and where (`spec.md`, section 4).

use std::ops::Range;

use memchr::memmem;

use crate::params::{CHANNELS_MAX, Params};

/// Most chunks before the samples.
const CHUNKS_MAX: usize = 64;

/// The samples of a file that begins with `head`; positions count from its beginning, and
/// `length` is as the file claims.
pub(crate) fn read(head: &[u8]) -> Option<Params> {
    match (head.get(..4)?, head.get(8..12)?) {
        (b"RIFF", b"WAVE") => wav(head),
        (b"FORM", b"AIFF") => aiff(head),
        _ => None,
    }
}

fn wav(head: &[u8]) -> Option<Params> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?));
    let mut params = None;
    for (id, body, length) in chunks(head, u32::from_le_bytes) {
        match id {
            b"fmt " => {
                // 1 is PCM; 0xFFFE says that the kind follows, PCM again.
                let kind = match u16_at(body)? {
                    0xFFFE => u16_at(body + 24)?,
                    kind => kind,
                };
                let bits = u16_at(body + 14)?;
                params = (kind == 1).then(|| samples(u16_at(body + 2)?, bits, false))?;
            }
            b"data" => return placed(params?, body, length),
            _ => {}
        }
    }
    None
}

fn aiff(head: &[u8]) -> Option<Params> {
    let u16_at = |at: usize| Some(u16::from_be_bytes(head.get(at..at + 2)?.try_into().ok()?));
    let mut params = None;
    for (id, body, length) in chunks(head, u32::from_be_bytes) {
        match id {
            b"COMM" => params = samples(u16_at(body)?, u16_at(body + 6)?, true),
            // Eight bytes of offset and block size stand before the samples.
            b"SSND" => return placed(params?, body + 8, length.checked_sub(8)?),
            _ => {}
        }
    }
    None
}

fn samples(channels: u16, bits: u16, big_endian: bool) -> Option<Params> {
    let channels = usize::from(channels);
    if !(1..=CHANNELS_MAX).contains(&channels) || !(1..=32).contains(&bits) {
        return None;
    }
    let width = usize::from(bits.div_ceil(8));
    Some(Params {
        width,
        big_endian,
        unsigned: width == 1 && !big_endian,
        channels,
        skip: 0,
        length: 0,
    })
}

fn placed(params: Params, at: usize, length: u64) -> Option<Params> {
    Some(Params {
        skip: at as u64,
        length,
        ..params
    })
}

/// The chunks: id, position and length of the body.
fn chunks(head: &[u8], number: fn([u8; 4]) -> u32) -> impl Iterator<Item = (&[u8; 4], usize, u64)> {
    let mut at = 12usize;
    (0..CHUNKS_MAX).map_while(move |_| {
        let (id, rest) = head.get(at..)?.split_first_chunk()?;
        let length = number(*rest.first_chunk()?);
        let body = at + 8;
        at = body
            .saturating_add(length as usize)
            .saturating_add(length as usize & 1);
        Some((id, body, u64::from(length)))
    })
}

/// The part of the samples that lies in a block of `len` bytes at `offset`; `None` where that is
/// too little to be worth it.
pub(crate) fn within(file: &Params, offset: u64, len: u64) -> Option<Params> {
    let frame = file.frame() as u64;
    let end = file
        .skip
        .saturating_add(file.length)
        .min(offset.saturating_add(len));
    let start = if offset <= file.skip {
        file.skip
    } else {
        let past = (offset - file.skip).checked_next_multiple_of(frame)?;
        file.skip.checked_add(past)?
    };
    let length = end.checked_sub(start)? / frame * frame;
    if length < 1024 {
        return None;
    }
    Some(Params {
        skip: start - offset,
        length,
        ..file.clone()
    })
}

/// Files within a block, cut where the block ends: where they are.
pub(crate) fn regions(block: &[u8]) -> Vec<Range<usize>> {
    // The kind of file and its first chunk, which stand behind eight bytes.
    let magics = [b"WAVEfmt ", b"AIFFCOMM"].into_iter();
    let found = magics.flat_map(|magic| memmem::find_iter(block, magic));
    let mut starts: Vec<usize> = found.filter_map(|at| at.checked_sub(8)).collect();
    starts.sort_unstable();
    let mut regions: Vec<Range<usize>> = Vec::new();
    for start in starts {
        let file = &block[start..];
        let free = regions.last().is_none_or(|before| before.end <= start);
        if let Some(params) = read(file).filter(|_| free) {
            // What stands behind the samples is left to others.
            let end = params.skip.saturating_add(params.length);
            let length = usize::try_from(end).map_or(file.len(), |end| end.min(file.len()));
            regions.push(start..start + length);
        }
    }
    regions
}
