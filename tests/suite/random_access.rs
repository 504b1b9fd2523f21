//! Any range, by the index, is what the whole content has there.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use umoec_codec::Error;
use umoec_codec::pipeline::{Archive, DecodeOptions, Profile};
use umoec_tests::content::Kind;
use umoec_tests::stack::{encode, encode_stream, order0, registry};
use umoec_tests::wire::{COMMENT, Header, Member};

fn open(file: Vec<u8>) -> Archive<Cursor<Vec<u8>>> {
    Archive::open(Cursor::new(file), registry(), DecodeOptions::default()).unwrap()
}

fn small_blocks(name: &str) -> Profile {
    Profile {
        block_size: 700,
        split: None,
        ..umoec_builtin::profile(name).unwrap()
    }
}

/// Members of every form, and their content.
static MEMBERS: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(members);

fn members() -> (Vec<u8>, Vec<u8>) {
    let contents: Vec<Vec<u8>> = (0..5)
        .map(|i| Kind::Csv.generate(900 * i + 40, i as u64))
        .collect();
    let by_hand = Member::new(&Header::default())
        .stored(b"no index ")
        .section(COMMENT, b"in between")
        .stored(b"here");
    let files = [
        encode(&contents[0], order0(4096)),
        encode(&contents[1], order0(100)),
        encode_stream(&contents[2], order0(333), 50),
        encode(b"", order0(10)),
        by_hand.end(),
        encode(&contents[3], order0(700)),
        encode(&contents[4], order0(1 << 20)),
    ];
    let [a, b, c, d, e] = &contents[..] else {
        panic!("five contents");
    };
    let content = [&a[..], b, c, b"no index here", d, e].concat();
    (files.concat(), content)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn ranges_of_concatenated_members(from: prop::sample::Index, to: prop::sample::Index) {
        let (file, content) = &*MEMBERS;
        let mut archive = open(file.clone());
        prop_assert_eq!(archive.len(), content.len() as u64);
        let (from, to) = (from.index(content.len() + 1), to.index(content.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        let range = archive.read_range(from as u64, (to - from) as u64).unwrap();
        prop_assert!(range == content[from..to]);
    }
}

#[test]
fn ranges_under_every_profile() {
    for name in umoec_builtin::profiles() {
        let content = Kind::Mixed.generate(5000, 9);
        let mut archive = open(encode(&content, small_blocks(name)));
        // Over borders of blocks, within one, twice the same, backwards.
        for (from, len) in [
            (0, 5000),
            (650, 100),
            (700, 700),
            (701, 1),
            (701, 1),
            (4999, 1),
            (0, 1),
        ] {
            let range = archive.read_range(from, len).unwrap();
            assert!(
                range == content[from as usize..(from + len) as usize],
                "{name}, {from}"
            );
        }
    }
}

#[test]
fn byte_by_byte() {
    let (file, content) = MEMBERS.clone();
    let mut archive = open(file);
    for (at, &byte) in content.iter().enumerate() {
        assert_eq!(archive.read_range(at as u64, 1).unwrap(), [byte]);
    }
    let mut whole = Vec::new();
    archive
        .copy_range(0, content.len() as u64, &mut whole)
        .unwrap();
    assert!(whole == content);
}

#[test]
fn ranges_outside_of_the_content_are_refused() {
    let (file, content) = MEMBERS.clone();
    let len = content.len() as u64;
    let mut archive = open(file);
    assert_eq!(archive.read_range(len, 0).unwrap(), b"");
    for (from, count) in [
        (len, 1),
        (0, len + 1),
        (len + 1, 0),
        (u64::MAX, 1),
        (1, u64::MAX),
    ] {
        let error = archive.read_range(from, count).unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error}");
    }
    let mut empty = open(encode(b"", order0(10)));
    assert!(empty.is_empty());
    assert!(empty.read_range(0, 1).is_err());
}

#[test]
fn only_the_frames_of_the_range_are_read() {
    let content = Kind::Text.generate(10_000, 3);
    let file = encode(&content, order0(1000));
    let frame = umoec_tests::sections::sections(&file)[5].clone();
    let mut damaged = file;
    damaged[frame.body.start + 10] ^= 1;
    let mut archive = open(damaged);
    assert!(archive.read_range(0, 4000).unwrap() == content[..4000]);
    assert!(archive.read_range(5000, 5000).unwrap() == content[5000..]);
    let error = archive.read_range(3999, 2).unwrap_err();
    assert!(matches!(error, Error::Integrity { offset, .. } if offset == frame.offset as u64));
}
