//! Streams that no encoder wrote.

use proptest::prelude::*;

use super::*;
use crate::wire::Fields;

/// Corrections behind valid settings: buffer 14, and what `more` says from the number of blocks on.
fn refused(plain: &[u8], more: &[u8], reason: &str) {
    let corrections = [&[6, 6 | 7 << 3, 14], more].concat();
    refused_wholly(plain, &corrections, reason);
}

fn refused_wholly(plain: &[u8], corrections: &[u8], reason: &str) {
    let error = rebuild(plain, corrections, 1 << 20, &FREE, 0, &mut Vec::new()).unwrap_err();
    assert!(
        matches!(&error, Error::Plugin { .. }) && error.to_string().contains(reason),
        "{error}"
    );
}

#[test]
fn corrections_are_refused() {
    let plain = b"abcabcabcabc";
    let settings = "settings that zlib does not have";
    refused_wholly(plain, &[0, 62, 14, 1, 6], settings);
    refused_wholly(plain, &[10, 62, 14, 1, 6], settings);
    refused_wholly(plain, &[6, 7, 14, 1, 6], settings);
    refused_wholly(plain, &[6, 9 << 3, 14, 1, 6], settings);
    refused_wholly(plain, &[6 | 128, 62, 14, 1, 6], "unknown strategy");
    refused_wholly(plain, &[6, 62, 6, 1, 6], "blocks of an unknown size");
    refused_wholly(plain, &[6, 62, 16, 1, 6], "blocks of an unknown size");
    refused_wholly(plain, &[6, 62], "ends too early");
    refused(plain, &[0], "use up its content");
    refused(plain, &[2, 6], "ends too early");
    refused(plain, &[1, 3], "unknown kind");
    refused(plain, &[1, 8, 1], "unknown properties");
    refused(plain, &[1, 1 | 16], "unknown properties");
    refused(plain, &[1, 2 | 32], "unknown properties");
    refused(plain, &[1, 4, 0x80, 0x80, 4], "stored block is too long");
    refused(plain, &[1, 4, 13], "longer than its content");
    refused(
        plain,
        &[1, 2 | 4 | 8, 0x80, 0x80, 0x80, 4],
        "too many tokens",
    );
    refused(plain, &[1, 2 | 4 | 8, 13], "more tokens than its content");
    refused(plain, &[1, 2 | 4 | 8, 1], "use up its content");
    refused(plain, &[1, 6, 100], "use up its content");
    refused(plain, &[1, 6, 1, 0x81, 2, 1], "too long");
    refused(plain, &[1, 6, 1, 11, 1], "too long");
    refused(plain, &[1, 6, 3, 1, 0, 4], "outside of its content");
    refused(plain, &[1, 6, 3, 1, 0, 0], "outside of its content");
    refused(plain, &[1, 6, 3, 1, 2], "outside of its content");
    refused(
        plain,
        &[1, 6, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        "number is too large",
    );
    let codes = "impossible codes";
    refused(plain, &[1, 2 | 4 | 16, 30, 1, 4, 0, 0, 0, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 0, 4, 0, 0, 0, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 31, 4, 0, 0, 0, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 1, 3, 0, 0, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 1, 20, 0, 0, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 1, 4, 8, 0, 0, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 1, 4, 1, 0, 0, 0, 16, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 1, 4, 1, 0, 0, 0, 19, 0], codes);
    refused(plain, &[1, 2 | 4 | 16, 0, 1, 4, 1, 0, 0, 0, 17, 8], codes);
    refused(
        plain,
        &[1, 2 | 4 | 16, 0, 1, 4, 0, 0, 0, 1, 18, 127, 18, 127],
        codes,
    );
    let no_code = [1, 2 | 4 | 16, 0, 1, 4, 0, 0, 1, 0, 18, 127, 18, 109];
    refused(plain, &no_code, "a symbol without a code");
}

#[test]
fn records_are_refused() {
    let refused = |streams: &[&[u8]], length: usize, reason: &str| {
        let streams = streams.iter().map(|s| s.to_vec()).collect();
        let error = back(streams, length).unwrap_err();
        assert!(
            matches!(&error, Error::Plugin { .. }) && error.to_string().contains(reason),
            "{error}"
        );
    };
    refused(&[b"x"], 1, "fewer streams");
    refused(&[b"xy", b""], 1, "do not make the block");
    refused(&[b"x", b"", b"y"], 1, "do not make the block");
    refused(&[b"x", &[2]], 1, "ends too early");
    refused(&[b"x", &[0, 64, 0, 0]], 1, "unknown properties");
    refused(&[b"x", &[0, 128, 0, 0]], 1, "unknown properties");
    refused(&[b"x", &[0, 4, 0, 0], b""], 1, "impossible stream");
    refused(&[b"x", &[0, 0, 3, 0], b"ab"], 1, "ends too early");
    refused(&[b"xy", &[2, 0, 0, 0], b""], 1, "more than the block");
    refused(
        &[b"x", &[0, 3, 4, 0, 0x78, 1, 1, 0], b"abcd"],
        1,
        "rows of no bytes",
    );
    refused(
        &[b"x", &[0, 3, 4, 0, 0x78, 1, 1, 4, 5], b"abcd"],
        1,
        "unknown filter",
    );
    refused(
        &[b"x", &[0, 3, 4, 0, 0x78, 1, 0, 0x81, 0x80, 4], b"abcd"],
        1,
        "too many chunks",
    );
    // An image of very many empty chunks.
    let stored = [
        &[0, 3, 1, 6, 6, 62, 14, 1, 4, 1][..],
        &[0x78, 1, 0, 1, 0],
        &[0xFF, 0xFF, 0xFF, 0xFF, 15],
    ];
    refused(&[b"", &stored.concat(), b"a"], 1000, "more than the block");
    let error = Deflate
        .inverse(1, &[0], vec![vec![], vec![]], 0, &FREE)
        .unwrap_err();
    assert!(error.to_string().contains("no parameters"));
}

#[test]
fn memory_is_asked_for_first() {
    // Tables, and a token of 4 bytes for each byte; then the rows of an image and its stream.
    let text = gzip_member(&text(20_000), USUAL);
    let image = png_image(50, 40, 500).0;
    for (block, needed) in [(&text, (1 << 19) + 80_000), (&image, 2 * 6000 + 1000)] {
        let streams = datas(opened(block));
        let back = |memory| {
            let limits = Limits { memory, ..FREE };
            Deflate.inverse(1, &[], streams.clone(), block.len(), &limits)
        };
        let error = back(needed - 1).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error}");
        assert!(back(needed + (1 << 20)).is_ok());
    }
}

#[test]
fn every_beginning_of_a_stream_is_refused() {
    let block = png_image(50, 40, 500).0;
    let streams = datas(opened(&block));
    for number in 0..streams.len() {
        for length in 0..streams[number].len() {
            let mut streams = streams.clone();
            streams[number].truncate(length);
            assert!(
                back(streams, block.len()).is_err(),
                "stream {number}, {length} bytes"
            );
        }
    }
    assert!(back(streams.clone(), block.len() - 1).is_err());
    assert!(back(streams, block.len() + 1).is_err());
}

#[test]
fn numbers_are_as_they_were() {
    for value in [0, 127, 128, 16_383, 16_384, u32::MAX as usize] {
        let mut bytes = Vec::new();
        put(&mut bytes, value);
        assert_eq!(Fields(&bytes).number().unwrap(), value);
        bytes.pop();
        assert!(Fields(&bytes).number().is_err());
    }
}

proptest! {
    /// Changed records give other bytes or an error, and as many bytes as there shall be.
    #[test]
    fn nothing_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        what in 0..3usize,
    ) {
        let block = match what {
            0 => png_image(20, 30, 100).0,
            // Another encoder's: there are differences and codes of its own.
            1 => {
                let mut out = gzip_member(&text(3000), USUAL);
                let end = out.len() - 9;
                out[20..end].reverse();
                out
            }
            _ => zip_member("name", &text(5000), Zlib { level: 2, hash: 12, window: 10, ..USUAL }),
        };
        let mut streams = datas(opened(&block));
        for (place, value) in changes {
            let records = &mut streams[1];
            if !records.is_empty() {
                let place = place.index(records.len());
                records[place] = value;
            }
        }
        if let Ok(out) = back(streams, block.len()) {
            prop_assert_eq!(out.len(), block.len());
        }
    }

    #[test]
    fn noise_does_not_panic(
        first in 0..128u8,
        second in 0..72u8,
        rest in prop::collection::vec(0..24u8, 0..200),
        plain in prop::collection::vec(97..100u8, 0..200),
    ) {
        let corrections = [vec![first, second, 14], rest].concat();
        let mut out = Vec::new();
        let _ = rebuild(&plain, &corrections, 1000, &FREE, 0, &mut out);
        prop_assert!(out.len() < 100_000);
    }
}
