//! What kinds of files there are, where their samples lie, and where in a block such files begin
//! (`spec.md`, section 3). All of it is the encoder's: a decoder sees only parameters.

mod bmp;
mod dicom;
mod fits;
mod pnm;
mod tga;
mod tiff;

use memchr::memmem::Finder;
use umoec_codec::plugin::Region;

use crate::params::{CHANNELS_MAX, Params, ROW_MAX};

/// Fewer bytes of samples in a block are not worth it.
const LEAST: u64 = 4096;
/// Fewer bytes of samples in a part of a block are not, either.
const LEAST_REGION: u64 = 16 << 10;
/// Most regions of a block, and most places of a block where a magic is looked into.
const REGIONS_MAX: usize = 4096;

/// Reads a header at the beginning of its argument: where samples lie in the file, and how many rows the
/// file claims.
type Reader = fn(&[u8]) -> Option<Params>;

const READERS: [Reader; 6] = [
    pnm::read,
    bmp::read,
    dicom::read,
    tiff::read,
    fits::read,
    tga::read,
];

/// What files in files are found by: a magic, where in the file it stands, and how they are read.
const MAGICS: [(&[u8], usize, Reader); 7] = [
    (b"P5", 0, pnm::read),
    (b"P6", 0, pnm::read),
    (b"BM", 0, bmp::read),
    (b"DICM", 128, dicom::read),
    (b"II*\0", 0, tiff::read),
    (b"MM\0*", 0, tiff::read),
    (b"SIMPLE  =", 0, fits::read),
];

/// The samples of a file that begins with `head`.
pub(crate) fn read(head: &[u8]) -> Option<Params> {
    READERS.iter().find_map(|reader| reader(head))
}

/// The geometry of so many pixels, if it makes sense.
fn rectangle(width: usize, channels: usize, columns: u64, rows: u64, skip: u64) -> Option<Params> {
    if !(1..=CHANNELS_MAX).contains(&channels) || !matches!(width, 1 | 2 | 4) {
        return None;
    }
    let row = columns.checked_mul((width * channels) as u64)?;
    let params = Params {
        width,
        channels,
        skip,
        row,
        rows,
        ..Params::default()
    };
    let end = params.span()?.checked_add(skip)?;
    ((1..=ROW_MAX).contains(&row) && end < 1 << 48).then_some(params)
}

/// The rows of a file that lie wholly in a block of `len` bytes at `offset`; `None` where that is too
/// little.
pub(crate) fn within(file: &Params, offset: u64, len: u64) -> Option<Params> {
    let line = file.row + file.pad;
    let passed = offset.saturating_sub(file.skip).div_ceil(line);
    let skip = (file.skip + passed * line).checked_sub(offset)?;
    let rows = file
        .rows
        .checked_sub(passed)?
        .min(len.checked_sub(skip)? / line);
    // Numbers on the wire have 35 bits.
    (rows * file.row >= LEAST && skip + rows * line < 1 << 35).then(|| Params {
        skip,
        rows,
        ..file.clone()
    })
}

/// Files in a block.
pub(crate) fn regions(input: &[u8]) -> Vec<Region> {
    let mut found = Vec::new();
    for (magic, before, reader) in MAGICS {
        let mut end = 0;
        for at in Finder::new(magic).find_iter(input).take(REGIONS_MAX) {
            let Some(start) = at.checked_sub(before).filter(|&start| start >= end) else {
                continue;
            };
            let Some(length) = whole(&input[start..], reader) else {
                continue;
            };
            end = start + length;
            found.push(Region {
                range: start..end,
                score: 100,
                joins: false,
                note: Vec::new(),
            });
        }
    }
    found.sort_by_key(|region| region.range.start);
    found.truncate(REGIONS_MAX);
    found
}

/// Bytes of a file that lies wholly in `input`, to the end of its samples.
fn whole(input: &[u8], reader: Reader) -> Option<usize> {
    let params = reader(input)?;
    let samples = params.row.checked_mul(params.rows)?;
    let end = params.skip.checked_add(params.span()?)?;
    let plausible = samples >= LEAST_REGION && params.rows >= 8 && end <= input.len() as u64;
    plausible.then_some(end as usize)
}

/// The bytes of a head as numbers, in the order that the file says.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    head: &'a [u8],
    big_endian: bool,
}

impl Bytes<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.head.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.head.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }
}

const fn little(head: &[u8]) -> Bytes<'_> {
    Bytes {
        head,
        big_endian: false,
    }
}
