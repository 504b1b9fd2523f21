use proptest::prelude::*;
use umoec_codec::Error;
use umoec_codec::pipeline::{self, Archive, DecodeOptions};

use crate::plugins::{compress, decompress, registry};
use crate::round_trip::content;

/// A file with frames, one with a SOLO, one of two members.
fn files() -> Vec<Vec<u8>> {
    let (framed, solo) = (compress(&content(70), 30), compress(&content(40), 50));
    vec![framed.clone(), solo.clone(), [framed, solo].concat()]
}

fn fails_as_bad_input(error: &Error) -> bool {
    matches!(
        error,
        Error::Format { .. }
            | Error::Truncated { .. }
            | Error::Unsupported { .. }
            | Error::Integrity { .. }
            | Error::Limit { .. }
    )
}

#[test]
fn a_truncated_file_says_so() {
    for file in &files()[..2] {
        for end in 0..file.len() {
            match decompress(&file[..end]) {
                Err(Error::Truncated { offset, section }) => {
                    assert_eq!(offset, end as u64);
                    assert!(!section.is_empty());
                }
                other => panic!("cut at {end}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_second_member_may_be_missing_but_not_be_cut() {
    let files = files();
    let first = files[0].len();
    for end in first + 1..files[2].len() {
        let cut = decompress(&files[2][..end]);
        assert!(matches!(cut, Err(Error::Truncated { .. })), "{end}");
    }
    assert_eq!(decompress(&files[2][..first]).unwrap(), content(70));
}

#[test]
fn every_flipped_bit_is_noticed() {
    for file in files() {
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            for threads in [1, 2] {
                let options = DecodeOptions {
                    threads,
                    ..DecodeOptions::default()
                };
                let error = pipeline::decompress(&damaged, &registry(), &options).unwrap_err();
                assert!(fails_as_bad_input(&error), "bit {bit}: {error}");
            }
        }
    }
}

#[test]
fn random_access_never_returns_wrong_bytes() {
    for file in files() {
        let right = decompress(&file).unwrap();
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let input = std::io::Cursor::new(damaged);
            let Ok(mut archive) = Archive::open(input, registry(), DecodeOptions::default()) else {
                continue;
            };
            let len = archive.len();
            if let Ok(read) = archive.read_range(0, len) {
                assert_eq!(read, right, "bit {bit}");
            }
        }
    }
}

#[test]
fn what_follows_the_last_member_is_refused() {
    for file in files() {
        for garbage in [&b"\0"[..], b"garbage", b"UMX\x81"] {
            let long = [&file[..], garbage].concat();
            match decompress(&long) {
                Err(Error::Format { offset, .. }) => assert_eq!(offset, file.len() as u64),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn frames_before_the_damage_are_delivered_before_the_error() {
    use std::io::Read;
    let file = compress(&content(300), 100);
    for threads in [1, 3] {
        let options = DecodeOptions {
            threads,
            ..DecodeOptions::default()
        };
        let cut = &file[..file.len() - 40];
        let mut decoder = pipeline::Decoder::new(cut, registry(), options).unwrap();
        let mut all = Vec::new();
        let error = decoder.read_to_end(&mut all).unwrap_err();
        assert!(matches!(Error::from_io(error), Error::Truncated { .. }));
        assert_eq!(all, content(300));
        // It does not look like an end afterwards either.
        assert!(decoder.read(&mut [0]).is_err());
    }
}

/// `file` with some bytes of its bodies replaced, and every CRC-32 made right again: what
/// only a forger would write.
fn forge(file: &[u8], changes: &[(prop::sample::Index, prop::sample::Index, u8)]) -> Vec<u8> {
    let mut forged = file.to_vec();
    let report = pipeline::inspect(file).unwrap();
    let sections: Vec<_> = report.members.iter().flat_map(|m| &m.sections).collect();
    for (section, byte, value) in changes {
        let section = section.get(&sections);
        let (start, end) = (section.offset, section.offset + section.length);
        let body = end - 4 - section.body_length;
        if section.body_length > 0 {
            let at = body as usize + byte.index(section.body_length as usize);
            forged[at] = *value;
        }
        let (start, crc) = (start as usize, end as usize - 4);
        let right = crate::bytes::crc(&forged[start..crc]);
        forged[crc..crc + 4].copy_from_slice(&right);
    }
    forged
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn forged_files_are_refused(
        which in 0usize..4,
        changes in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, u8)>(), 1..5),
        threads in 1usize..3,
    ) {
        let mut files = files();
        let halves = pipeline::EncodeOptions::new(crate::plugins::profile("halves", "bits", 60));
        files.push(pipeline::compress(&content(100), &registry(), &halves).unwrap());
        let right = decompress(&files[which]).unwrap();
        let forged = forge(&files[which], &changes);
        let options = DecodeOptions { threads, ..DecodeOptions::default() };
        match pipeline::decompress(&forged, &registry(), &options) {
            // A change may be none, or one of something that does not matter.
            Ok(content) => prop_assert_eq!(content, right),
            Err(error) => prop_assert!(fails_as_bad_input(&error), "{}", error),
        }
        // Without a content check it may read something else, but must only come to an end.
        let _ = pipeline::inspect(&forged[..]);
        let input = std::io::Cursor::new(forged);
        if let Ok(mut archive) = Archive::open(input, registry(), options) {
            let len = archive.len();
            if let Err(error) = archive.read_range(0, len) {
                prop_assert!(fails_as_bad_input(&error), "{}", error);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(fails_as_bad_input(&decompress(&bytes).unwrap_err()));
    }

    #[test]
    fn any_sections_are_survived(
        sections in prop::collection::vec((any::<u8>(), any::<Vec<u8>>()), 0..6),
        header: bool,
    ) {
        let mut file = crate::bytes::OPENING.to_vec();
        if header {
            file.extend(crate::bytes::section(1, &crate::bytes::header(1000, 64)));
        }
        for (id, body) in sections {
            // Mostly ids that mean something.
            file.extend(crate::bytes::section((id % 8) | (id & 0x80), &body));
        }
        prop_assert!(fails_as_bad_input(&decompress(&file).unwrap_err()));
        // It may be able to follow them; it must only come to an end.
        let _ = pipeline::inspect(&file[..]);
        let input = std::io::Cursor::new(file);
        if let Ok(mut archive) = Archive::open(input, registry(), DecodeOptions::default()) {
            let len = archive.len();
            prop_assert!(len == 0 || archive.read_range(0, len).is_err());
        }
    }

    #[test]
    fn any_frame_is_survived(body: Vec<u8>, raw in 0u64..100, tail: Vec<u8>) {
        use crate::bytes::{FRAME, HEADER, OPENING, header, section, varint};
        let likely = [&[0][..], &varint(raw), &[0, 1, 0x81, 1, 1, 2, 1], &tail].concat();
        for frame in [body, likely] {
            let sections = [section(HEADER, &header(1000, 64)), section(FRAME, &frame)];
            let file = [&OPENING[..], &sections.concat()].concat();
            prop_assert!(fails_as_bad_input(&decompress(&file).unwrap_err()));
        }
    }
}
