//! Files taken apart by spec/umc.md alone: a second reader of the framing.

use std::ops::Range;

use crate::wire::{END, OPENING, SOLO, crc32};

/// One section of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its id.
    pub id: u8,
    /// Where it begins.
    pub offset: usize,
    /// Its body, the CRC behind it.
    pub body: Range<usize>,
}

impl Section {
    /// The offset behind the section.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.body.end + 4
    }
}

/// The number at `at` of the file (spec umc §3.1) and the offset behind it.
#[must_use]
pub fn varint(file: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = *file.get(at)?;
    let bytes = match first {
        0..=250 => return Some((u64::from(first), at + 1)),
        251 => 2,
        252 => 4,
        253 => 8,
        _ => return None,
    };
    let mut word = [0; 8];
    word[..bytes].copy_from_slice(file.get(at + 1..at + 1 + bytes)?);
    Some((u64::from_le_bytes(word), at + 1 + bytes))
}

fn section(file: &[u8], offset: usize) -> Option<Section> {
    let (length, start) = varint(file, offset + 1)?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    (end.checked_add(4)? <= file.len()).then_some(Section {
        id: file[offset],
        offset,
        body: start..end,
    })
}

/// The sections of all members, as far as they can be followed.
#[must_use]
pub fn sections(file: &[u8]) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    let mut at = 0;
    let mut first = true;
    loop {
        if first {
            if file.get(at..at + 4) != Some(&OPENING[..]) {
                return found;
            }
            at += 4;
        }
        let Some(section) = section(file, at) else {
            return found;
        };
        at = section.end();
        first = section.id == END || (first && section.id == SOLO);
        found.push(section);
    }
}

/// Gives every section the CRC-32 that belongs to it, as far as they can be followed: what is
/// changed then reaches the code behind that check.
pub fn repair(file: &mut [u8]) {
    for section in sections(file) {
        let crc = crc32(&file[section.offset..section.body.end]);
        file[section.body.end..section.end()].copy_from_slice(&crc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{FRAME, HEADER, Header, INDEX, Member, solo, solo_member, stored};

    #[test]
    fn members_are_followed_and_repaired() {
        let solo = solo_member(&solo(0, &stored(b"x"), b"x", 0x80));
        let member = Member::new(&Header::default()).stored(b"abc").index().end();
        let good = [solo, member].concat();
        let found = sections(&good);
        let ids: Vec<u8> = found.iter().map(|section| section.id).collect();
        assert_eq!(ids, [SOLO, HEADER, FRAME, INDEX, END]);
        assert_eq!(found.last().unwrap().end(), good.len());
        let mut file = good.clone();
        for section in &found {
            file[section.body.end] ^= 1;
        }
        assert_ne!(file, good);
        repair(&mut file);
        assert_eq!(file, good);
    }

    #[test]
    fn what_cannot_be_followed_ends_the_list() {
        let file = solo_member(&solo(0, &stored(b"x"), b"x", 0x80));
        for end in 0..file.len() {
            assert!(sections(&file[..end]).is_empty());
        }
        assert!(sections(b"UMC\x81\x01\xfd\xff\xff\xff\xff\xff\xff\xff\xff").is_empty());
    }
}
