//! A file whose plugin is not here says which one, and where to get it.

use std::io::Cursor;

use umoec_codec::pipeline::{Archive, DecodeOptions, decompress, inspect};
use umoec_codec::{Error, Result};
use umoec_tests::stack;
use umoec_tests::third_party::{c_library, events};

use super::{encode, profile, with};

#[track_caller]
fn says_where<T>(result: Result<T>) {
    let Err(Error::Unsupported { what, hint }) = result else {
        panic!("it was read, or refused otherwise");
    };
    let id = "id 0x1c74af3dbce919, stream version 1";
    assert_eq!(
        what,
        format!("adapter plugin `example-delta` (org.example.delta, {id})")
    );
    assert!(hint.contains("https://example.org/umoec-delta"), "{hint}");
}

#[test]
fn without_its_plugin_a_file_says_which_and_where() {
    let registry = with(&[c_library("delta", 0)]);
    let content = events(100, 5);
    let file = encode(
        &content,
        &registry,
        profile("example-delta", "order0", "rans"),
    )
    .unwrap();
    let options = DecodeOptions::default;
    says_where(stack::decode(&file));
    says_where(Archive::open(
        Cursor::new(&file),
        stack::registry(),
        options(),
    ));
    let report = inspect(&file[..]).unwrap();
    assert!(report.intact && report.content_size == content.len() as u64);
    // With it, both ways work.
    assert_eq!(
        decompress(&file[..], &registry, &options()).unwrap(),
        content
    );
    let mut archive = Archive::open(Cursor::new(&file), registry, options()).unwrap();
    assert_eq!(
        archive.read_range(70_000, 5000).unwrap(),
        content[70_000..75_000]
    );
}

#[test]
fn a_damaged_note_is_damage_and_not_a_reason_to_panic() {
    let registry = with(&[c_library("delta", 0)]);
    let file = encode(
        &events(2, 5),
        &registry,
        profile("example-delta", "order0", "rans"),
    )
    .unwrap();
    let start = file
        .windows(13)
        .position(|w| w == b"example-delta")
        .unwrap();
    for position in start - 12..start + 60 {
        let mut damaged = file.clone();
        damaged[position] ^= 0x20;
        let error = decompress(&damaged[..], &registry, &DecodeOptions::default()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Integrity { .. }
                    | Error::Format { .. }
                    | Error::Truncated { .. }
                    | Error::Unsupported { .. }
            ),
            "{error}"
        );
    }
}
