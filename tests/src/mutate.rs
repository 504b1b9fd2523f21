//! Mutations of files, from a seed.

use crate::random::Random;
use crate::sections::{repair, sections};

/// Numbers that code tends to get wrong, as they may stand in a file.
const NUMBERS: [&[u8]; 10] = [
    &[0],
    &[0x7f],
    &[0x80],
    &[0xfa],
    &[0xfb, 0xff, 0xff],
    &[0xfc, 0, 0, 1, 0],
    &[0xfc, 0xff, 0xff, 0xff, 0xff],
    &[0xfd, 0, 0, 0, 0, 1, 0, 0, 0],
    &[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f],
    &[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

/// `file` with a few changes; most of the time the CRCs of its sections match again, so that the
/// changes are looked at.
#[must_use]
pub fn mutate(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = file.to_vec();
    for _ in 0..=random.below(3) {
        change(&mut out, random);
    }
    if random.below(8) != 0 {
        repair(&mut out);
    }
    out
}

/// A place in the file: mostly near the start of a section, where the fields are.
fn place(file: &[u8], random: &mut Random) -> usize {
    let sections = sections(file);
    let near = match sections.len() {
        0 => 0,
        n => sections[random.index(n)].offset,
    };
    if random.below(4) == 0 {
        random.index(file.len())
    } else {
        (near + random.index(24)).min(file.len() - 1)
    }
}

fn change(file: &mut Vec<u8>, random: &mut Random) {
    if file.is_empty() {
        file.push(random.byte());
        return;
    }
    let at = place(file, random);
    match random.below(9) {
        0 | 1 => file[at] ^= 1 << random.below(8),
        2 => file[at] = random.byte(),
        3 => file[at] = file[at].wrapping_add(1),
        4 => {
            file.remove(at);
        }
        5 => file.insert(at, random.byte()),
        6 => {
            let number = NUMBERS[random.index(NUMBERS.len())];
            file.splice(at..=at, number.iter().copied());
        }
        7 => file.truncate(at),
        _ => copy_section(file, random),
    }
}

/// Puts a copy of a section somewhere between others, or takes one away.
fn copy_section(file: &mut Vec<u8>, random: &mut Random) {
    let sections = sections(file);
    if sections.is_empty() {
        return;
    }
    let from = &sections[random.index(sections.len())];
    if random.below(3) == 0 {
        file.drain(from.offset..from.end());
        return;
    }
    let copy = file[from.offset..from.end()].to_vec();
    let to = sections[random.index(sections.len())].offset;
    file.splice(to..to, copy);
}
