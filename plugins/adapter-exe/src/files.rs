//! Executables within a block, as in an archive: where they are, by what their headers say.

use std::ops::Range;

use memchr::memmem;

use crate::detect;

/// How executables begin that have branches to change: ELF, PE, Mach-O of 32 and 64 bits.
const MAGICS: [&[u8]; 4] = [b"\x7FELF", b"MZ", b"\xCE\xFA\xED\xFE", b"\xCF\xFA\xED\xFE"];
/// Most sections, segments or commands that are looked at.
const ENTRIES: u64 = 512;

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

/// The number of `N` bytes at `at`.
fn number<const N: usize>(file: &[u8], at: u64) -> Option<u64> {
    let bytes = file.get(usize::try_from(at).ok()?..)?.first_chunk::<N>()?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |value, &byte| (value << 8) | u64::from(byte)),
    )
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
            number::<8>(file, at)
        } else {
            number::<4>(file, at)
        }
    };
    let (segments, sections, sizes) = if wide {
        (word(32)?, word(40)?, 54)
    } else {
        (word(28)?, word(32)?, 42)
    };
    let [segment, segment_count, section, section_count] =
        [0, 2, 4, 6].map(|at| number::<2>(file, sizes + at));
    let mut end = sections.checked_add(section? * section_count?)?;
    // Where offset and length stand in a segment's entry.
    let (offset, length) = if wide { (8, 32) } else { (4, 16) };
    for entry in 0..segment_count?.min(ENTRIES) {
        let at = segments.checked_add(entry * segment?)?;
        let offset = word(at.checked_add(offset)?)?;
        end = end.max(offset.checked_add(word(at.checked_add(length)?)?)?);
    }
    Some(end)
}

/// The end of the last section.
fn pe(file: &[u8]) -> Option<u64> {
    let header = number::<4>(file, 0x3C)?;
    let (count, optional) = (
        number::<2>(file, header + 6)?,
        number::<2>(file, header + 20)?,
    );
    let table = header + 24 + optional;
    let ends = (0..count.min(ENTRIES)).map(|entry| {
        let at = table + 40 * entry;
        Some(number::<4>(file, at + 16)? + number::<4>(file, at + 20)?)
    });
    ends.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The end of the last segment.
fn macho(file: &[u8]) -> Option<u64> {
    let wide = *file.first()? == 0xCF;
    let mut at = if wide { 32 } else { 28 };
    let mut end = None;
    for _ in 0..number::<4>(file, 16)?.min(ENTRIES) {
        let segment = match number::<4>(file, at)? {
            0x19 => Some((number::<8>(file, at + 40)?, number::<8>(file, at + 48)?)),
            0x01 => Some((number::<4>(file, at + 32)?, number::<4>(file, at + 36)?)),
            _ => None,
        };
        if let Some((offset, length)) = segment {
            end = end.max(offset.checked_add(length));
        }
        // At most 512 times 2^32: no overflow.
        at += number::<4>(file, at + 4)?;
    }
    end
}
