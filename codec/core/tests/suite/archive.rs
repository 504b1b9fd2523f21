use std::io::Cursor;

use umoec_codec::Error;
use umoec_codec::pipeline::{Archive, DecodeOptions};

use crate::bytes::*;
use crate::plugins::{compress, registry};
use crate::round_trip::content;

fn open(file: &[u8], threads: usize) -> Archive<Cursor<&[u8]>> {
    let options = DecodeOptions {
        threads,
        ..DecodeOptions::default()
    };
    Archive::open(Cursor::new(file), registry(), options).unwrap()
}

#[test]
fn every_range_of_every_kind_of_file_is_right() {
    let framed = compress(&content(70), 30);
    let (solo, empty) = (compress(&content(20), 50), compress(b"", 50));
    let unindexed = stored_member(&[b"abc", b"d"]);
    let stored = b"abcd".to_vec();
    let cases = [
        (framed.clone(), content(70)),
        (solo.clone(), content(20)),
        (empty.clone(), vec![]),
        (unindexed.clone(), stored.clone()),
        (
            [&framed[..], &framed].concat(),
            [content(70), content(70)].concat(),
        ),
        (
            [&solo[..], &framed].concat(),
            [content(20), content(70)].concat(),
        ),
        (
            [&framed[..], &empty, &unindexed, &solo].concat(),
            [content(70), stored, content(20)].concat(),
        ),
    ];
    for (file, whole) in cases {
        for threads in [1, 3] {
            let mut archive = open(&file, threads);
            assert_eq!(archive.len(), whole.len() as u64);
            assert_eq!(archive.is_empty(), whole.is_empty());
            for start in 0..=whole.len() {
                for end in start..=whole.len() {
                    let read = archive.read_range(start as u64, (end - start) as u64);
                    assert_eq!(read.unwrap(), whole[start..end], "{start}..{end}");
                }
            }
        }
    }
}

#[test]
fn a_range_beyond_the_end_is_an_error() {
    let file = compress(&content(70), 30);
    let mut archive = open(&file, 1);
    for (offset, len) in [(0, 71), (70, 1), (71, 0), (1, u64::MAX), (u64::MAX, 1)] {
        assert!(matches!(
            archive.read_range(offset, len),
            Err(Error::Config(_))
        ));
    }
    archive.read_range(70, 0).unwrap();
}

#[test]
fn only_what_is_asked_for_is_decoded() {
    let mut file = compress(&content(300), 100);
    // Damages the payload of the first frame.
    let first = umoec_codec::pipeline::inspect(&file[..]).unwrap().members[0].frames[0].clone();
    file[(first.offset + first.length - 6) as usize] ^= 1;
    let mut archive = open(&file, 2);
    assert_eq!(archive.read_range(100, 200).unwrap(), content(300)[100..]);
    match archive.read_range(99, 2) {
        Err(Error::Integrity {
            section, offset, ..
        }) => {
            assert_eq!((section.as_str(), offset), ("frame 0", first.offset));
        }
        other => panic!("{other:?}"),
    }
    // The failure has not spoilt the archive.
    assert_eq!(archive.read_range(150, 10).unwrap(), content(300)[150..160]);
}

#[test]
fn the_output_limit_holds_for_a_range() {
    let options = DecodeOptions {
        output_limit: 10,
        ..DecodeOptions::default()
    };
    let file = compress(&content(70), 30);
    let mut archive = Archive::open(Cursor::new(&file), registry(), options).unwrap();
    assert_eq!(archive.read_range(25, 10).unwrap(), content(70)[25..35]);
    assert!(matches!(
        archive.read_range(25, 11),
        Err(Error::Limit { .. })
    ));
}

#[test]
fn an_index_that_lies_is_noticed() {
    let head = section(HEADER, &header(1000, 64));
    let frames = [
        section(FRAME, &stored(b"ab")),
        section(FRAME, &stored(b"c")),
    ];
    let offset = (4 + head.len() + frames.concat().len()) as u64;
    let (first, second) = (frames[0].len() as u64, frames[1].len() as u64);
    let read = |entries: &[u64], index_offset: u64| {
        let body: Vec<u8> = entries.iter().flat_map(|&n| varint(n)).collect();
        let mut sections = vec![head.clone()];
        sections.extend(frames.clone());
        sections.push(section(INDEX, &body));
        let file = member(&sections, index_offset, b"abc");
        let mut archive =
            Archive::open(Cursor::new(&file[..]), registry(), DecodeOptions::default())?;
        archive.read_range(0, archive.len())
    };
    assert_eq!(read(&[2, first, 1, second], offset).unwrap(), b"abc");
    for (wrong, at) in [
        (&[1, first, 2, second][..], offset),
        (&[2, first + 1, 1, second - 1], offset),
        (&[2, first + 1, 1, second], offset),
        (&[2, first, 1, second - 1], offset),
        (&[3, first], offset),
        (&[2, first], offset),
        (&[2, 1 << 61, 1, second], offset),
        (&[2, first, 1, second], offset - 1),
        (&[2, first, 1, second], 1),
        (&[2, first, 1, second], 1 << 61),
        (&[2, first, 1], offset),
    ] {
        let result = read(wrong, at);
        let damaged = matches!(
            result,
            Err(Error::Format { .. } | Error::Integrity { .. } | Error::Truncated { .. })
        );
        assert!(damaged, "{wrong:?} at {at}: {result:?}");
    }
}

#[test]
fn garbage_behind_the_last_member_is_noticed() {
    let file = [&compress(&content(70), 30)[..], b"garbage"].concat();
    let opened = Archive::open(Cursor::new(&file), registry(), DecodeOptions::default());
    assert!(matches!(opened, Err(Error::Format { .. })));
    let nothing = Archive::open(Cursor::new(b""), registry(), DecodeOptions::default());
    assert!(matches!(nothing, Err(Error::Truncated { .. })));
}
