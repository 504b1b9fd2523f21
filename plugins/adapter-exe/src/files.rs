//! Executables within a block, as in an archive: where they are, by what their headers say.

use std::ops::Range;

use memchr::memmem;

use crate::detect;

/// How executables begin that have branches to change: ELF, PE, Mach-O of 32 and 64 bits.
const MAGICS: [&[u8]; 4] = [b"\x7FELF", b"MZ", b"\xCE\xFA\xED\xFE", b"\xCF\xFA\xED\xFE"];
/// Most sections, segments or commands that are looked at.
const ENTRIES: usize = 512;

/// Where executables are, none within another; those that the block cuts end with it.
pub(crate) fn within(block: &[u8]) -> Vec<Range<usize>> {
    let starts = MAGICS
        .iter()
        .flat_map(|magic| memmem::find_iter(block, magic));
    let mut starts: Vec<usize> = starts.collect();
    starts.sort_unstable();
    let mut found = Vec::new();
    let mut end = 0;
    for start in starts {
        let file = &block[start..];
        if start < end || !matches!(detect::declared(file), Some(Some(_))) {
            continue;
        }
        let Some(length) = length(file).and_then(|n| usize::try_from(n).ok()) else {
            continue;
        };
        end = start + length.min(file.len());
        found.push(start..end);
    }
    found
}

/// Bytes of the executable, as its header says.
fn length(file: &[u8]) -> Option<u64> {
    match file.first()? {
        0x7F => elf(file),
        b'M' => pe(file),
        _ => macho(file),
    }
}

fn u16_at(file: &[u8], at: usize) -> Option<usize> {
    let bytes = file.get(at..at.checked_add(2)?)?;
    Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
}

fn u32_at(file: &[u8], at: usize) -> Option<u64> {
    let bytes = file.get(at..at.checked_add(4)?)?;
    Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)))
}

fn u64_at(file: &[u8], at: usize) -> Option<u64> {
    let bytes = file.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// The end of the table of sections, which is the last of it, or of the last segment.
fn elf(file: &[u8]) -> Option<u64> {
    let wide = match file.get(4..6)? {
        // Little-endian.
        [1, 1] => false,
        [2, 1] => true,
        _ => return None,
    };
    let word = |at| {
        if wide {
            u64_at(file, at)
        } else {
            u32_at(file, at)
        }
    };
    let (segments, sections, sizes) = if wide {
        (word(32)?, word(40)?, 54)
    } else {
        (word(28)?, word(32)?, 42)
    };
    let [segment, segment_count, section, section_count] =
        [0, 2, 4, 6].map(|at| u16_at(file, sizes + at));
    let mut end = sections.checked_add((section? * section_count?) as u64)?;
    for number in 0..segment_count?.min(ENTRIES) {
        let at = usize::try_from(segments)
            .ok()?
            .checked_add(number * segment?)?;
        let (offset, length) = if wide {
            (u64_at(file, at + 8)?, u64_at(file, at + 32)?)
        } else {
            (u32_at(file, at + 4)?, u32_at(file, at + 16)?)
        };
        end = end.max(offset.checked_add(length)?);
    }
    Some(end)
}

/// The end of the last section.
fn pe(file: &[u8]) -> Option<u64> {
    let header = usize::try_from(u32_at(file, 0x3C)?).ok()?;
    let (count, optional) = (u16_at(file, header + 6)?, u16_at(file, header + 20)?);
    let table = header + 24 + optional;
    let ends = (0..count.min(ENTRIES)).map(|number| {
        let at = table + 40 * number;
        Some(u32_at(file, at + 16)? + u32_at(file, at + 20)?)
    });
    ends.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The end of the last segment.
fn macho(file: &[u8]) -> Option<u64> {
    let wide = *file.first()? == 0xCF;
    let mut at = if wide { 32 } else { 28 };
    let mut end = None;
    for _ in 0..u32_at(file, 16)?.min(ENTRIES as u64) {
        let segment = match u32_at(file, at)? {
            0x19 => Some((u64_at(file, at + 40)?, u64_at(file, at + 48)?)),
            0x01 => Some((u32_at(file, at + 32)?, u32_at(file, at + 36)?)),
            _ => None,
        };
        if let Some((offset, length)) = segment {
            end = end.max(offset.checked_add(length));
        }
        at = at.checked_add(usize::try_from(u32_at(file, at + 4)?).ok()?)?;
    }
    end
}
