//! Which content is for this adapter: files by how they begin and end, and what looks like a part of one.

use std::ops::Range;

use crate::kernel::numbers;

/// How files begin, and how they end.
const MARKS: [[&[u8]; 2]; 2] = [
    [b"HepMC::Version ", b"-END_EVENT_LISTING"],
    [b"<LesHouchesEvents", b"</LesHouchesEvents>"],
];

/// Bytes at the beginning of a block that are looked at.
const SAMPLE: usize = 1 << 16;

fn find(input: &[u8], mark: &[u8]) -> Option<usize> {
    input.windows(mark.len()).position(|w| w == mark)
}

/// How sure it is that a block of a content with that head is for this adapter, 0 to 100.
pub(crate) fn score(input: &[u8], head: &[u8]) -> Option<u8> {
    let sample = &input[..input.len().min(SAMPLE)];
    let begins = |[begin, _]: &[&[u8]; 2]| find(&head[..head.len().min(SAMPLE)], begin).is_some();
    // A third of it are numbers of one form.
    let numbers = numbers(sample);
    if numbers == 0 || 3 * numbers < sample.len() {
        return None;
    }
    Some(if MARKS.iter().any(begins) { 95 } else { 60 })
}

/// The files in a block, an archive: each from how it begins to how it ends.
pub(crate) fn within(input: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for [begin, end] in MARKS {
        let mut at = 0;
        while let Some(start) = find(&input[at..], begin).map(|found| at + found) {
            let Some(len) = find(&input[start..], end) else {
                break;
            };
            at = start + len + end.len();
            // The line ends with it.
            at += usize::from(input.get(at) == Some(&b'\n'));
            all.push(start..at);
        }
    }
    all.sort_by_key(|range| range.start);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = include_bytes!("sample.hepmc");

    #[test]
    fn files_are_found_in_an_archive() {
        let mut archive = b"something else\n".to_vec();
        let mut expected = Vec::new();
        for gap in [512, 0, 77] {
            let start = archive.len();
            archive.extend_from_slice(SAMPLE);
            expected.push(start..archive.len());
            archive.resize(archive.len() + gap, 0);
        }
        // The last one is cut.
        archive.extend_from_slice(&SAMPLE[..SAMPLE.len() / 2]);
        assert_eq!(within(&archive), expected);
        assert!(within(b"prose about HepMC::Version 3 and what it says").is_empty());
    }

    #[test]
    fn parts_of_files_are_proposed_and_prose_is_not() {
        assert_eq!(score(SAMPLE, SAMPLE), Some(95));
        let later = &SAMPLE[SAMPLE.len() / 2..];
        assert_eq!(score(later, SAMPLE), Some(95));
        assert_eq!(score(later, later), Some(60));
        assert_eq!(
            score(&b"It was 3.5 degrees and 12 more. ".repeat(99), &[]),
            None
        );
        assert_eq!(score(&[], &[]), None);
    }
}
