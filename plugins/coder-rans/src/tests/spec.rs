//! The example of `spec.md` is what the code does.

use std::fmt::Write as _;

use super::*;
use crate::{CHUNK, LOWER_BOUND};

const SPEC: &str = include_str!("../../spec.md");

#[test]
fn the_example_is_what_the_code_does() {
    let bit = |bit, one| {
        let what = format!("bit {}, `one` = {one}", u8::from(bit));
        (what, Interval::of_bit(bit, BitProbability::clamped(one)))
    };
    let uniform = ByteDistribution::from_counts(&[0; 256]);
    let decisions = [
        bit(true, 49_152),
        bit(false, 65_535),
        bit(true, 100),
        ("byte 0x42, uniform".into(), uniform.interval(0x42)),
        bit(false, 1),
        bit(true, 1),
        bit(false, 65_535),
        bit(false, 60_000),
    ];
    let payload = reference::encode(&decisions.each_ref().map(|d| d.1), 1, CHUNK);
    let mut rows = Vec::new();
    let mut x = 0;
    for (i, (what, interval)) in decisions.into_iter().enumerate().rev() {
        let (after, word) = reference::push(x, interval);
        let word = word.map_or("-".into(), |w| format!("{w:#010x}"));
        rows.push(format!(
            "| {i} | {what} | {} | {} | {x:#x} | {word} | {after:#x} |\n",
            interval.start, interval.size
        ));
        x = after;
    }
    let mut text = String::from(
        "| i | decision | start | size | state before | word | state after |\n|--:|---|--:|--:|--:|--:|--:|\n",
    );
    text.extend(rows);
    write!(
        text,
        "\nPayload, {} bytes: `{payload:02x?}`\n",
        payload.len()
    )
    .unwrap();
    assert!(SPEC.contains(&text), "spec.md must contain:\n{text}");
}

#[test]
fn the_constants_are_those_of_the_text() {
    assert_eq!((LOWER_BOUND, CHUNK), (1 << 32, 1 << 22));
    for row in [
        "| `L` | 2^32,",
        "| `CHUNK` | 2^22 decisions |",
        "| kind, id, name | coder, 2, `rans` |",
    ] {
        assert!(SPEC.contains(row), "{row}");
    }
}

#[test]
fn the_sections_that_the_code_quotes_exist() {
    let sources = [
        include_str!("../lib.rs"),
        include_str!("../params.rs"),
        include_str!("../encoder.rs"),
        include_str!("../decoder.rs"),
    ];
    let mut quotes = 0;
    for quote in sources
        .iter()
        .flat_map(|s| s.split("(`spec.md`, section ").skip(1))
    {
        let (number, _) = quote.split_once(')').unwrap();
        assert!(
            SPEC.contains(&format!("\n## {number}. ")),
            "section {number}"
        );
        quotes += 1;
    }
    assert!(quotes >= 5, "only {quotes} quotes were found");
}
