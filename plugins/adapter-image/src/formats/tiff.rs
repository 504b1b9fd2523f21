//! TIFF 6.0, the first image, in strips without compression that follow one another.

use super::{Bytes, rectangle};
use crate::params::Params;

/// Most strips: one for each row of a large image.
const STRIPS_MAX: usize = 1 << 16;
/// Most entries of a directory; there are about 80 kinds.
const ENTRIES_MAX: usize = 256;

pub(super) fn read(head: &[u8]) -> Option<Params> {
    let big_endian = match head.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let file = Bytes { head, big_endian };
    let directory = Directory::read(file)?;
    let one = |tag, default: Option<u32>| directory.first(tag).or(default);
    let (columns, rows) = (one(256, None)?, one(257, None)?);
    let channels = one(277, Some(1))?;
    // Compression, predictor: none.
    if one(259, Some(1))? != 1 || one(317, Some(1))? != 1 || channels == 0 {
        return None;
    }
    let width = match one(258, Some(1))? {
        8 => 1,
        16 => 2,
        32 => 4,
        _ => return None,
    };
    let same = |tag, value: u32| directory.all(tag).all(|v| v == value);
    if !same(258, 8 * width as u32) {
        return None;
    }
    let signed = match one(339, Some(1))? {
        1 => false,
        2 => true,
        _ => return None,
    };
    // Channel behind channel: as many grey images.
    let (channels, rows) = match one(284, Some(1))? {
        1 => (channels, rows),
        2 => (1, rows.checked_mul(channels)?),
        _ => return None,
    };
    let start = directory.first(273)?;
    let length = directory.follow(273, 279)?;
    let params = rectangle(
        width,
        usize::try_from(channels).ok()?,
        columns.into(),
        rows.into(),
        start.into(),
    )?;
    (params.span()? == length).then_some(Params {
        big_endian,
        signed,
        ..params
    })
}

/// An image file directory.
struct Directory<'a> {
    file: Bytes<'a>,
    /// Position of the first entry.
    at: usize,
    entries: usize,
}

impl<'a> Directory<'a> {
    fn read(file: Bytes<'a>) -> Option<Self> {
        let at = usize::try_from(file.u32(4)?).ok()?;
        let entries = usize::from(file.u16(at)?);
        if entries > ENTRIES_MAX {
            return None;
        }
        let at = at.checked_add(2)?;
        // All entries must be there.
        file.head.get(at..at.checked_add(12 * entries)?)?;
        Some(Self { file, at, entries })
    }

    /// The values of a tag, as far as they are in the file's head.
    fn all(&self, tag: u16) -> impl Iterator<Item = u32> + use<'a> {
        let file = self.file;
        let entry = (0..self.entries)
            .map(|i| self.at + 12 * i)
            .find(|&at| file.u16(at) == Some(tag));
        let values = entry.and_then(|at| {
            let count = usize::try_from(file.u32(at + 4)?).ok()?;
            let size = match file.u16(at + 2)? {
                3 => 2,
                4 => 4,
                _ => return None,
            };
            let inside = count.checked_mul(size)? <= 4;
            let start = if inside {
                at + 8
            } else {
                usize::try_from(file.u32(at + 8)?).ok()?
            };
            Some((start, count, size))
        });
        let (start, count, size) = values.unwrap_or((0, 0, 2));
        (0..count).map_while(move |i| {
            let at = start.checked_add(size * i)?;
            match size {
                2 => file.u16(at).map(u32::from),
                _ => file.u32(at),
            }
        })
    }

    fn first(&self, tag: u16) -> Option<u32> {
        self.all(tag).next()
    }

    /// Bytes of the strips, if they follow one another.
    fn follow(&self, offsets: u16, counts: u16) -> Option<u64> {
        let mut next = u64::from(self.first(offsets)?);
        let start = next;
        for (number, (offset, count)) in self.all(offsets).zip(self.all(counts)).enumerate() {
            if number == STRIPS_MAX || u64::from(offset) != next {
                return None;
            }
            next += u64::from(count);
        }
        Some(next - start)
    }
}
