//! `umoec cat`: all, and parts.

mod common;

use std::fs::File;

use common::{Place, text};

#[test]
fn any_range_is_that_part_of_the_content() {
    let place = Place::new();
    let input = text(50_000, 1);
    place.write("a", &input);
    place
        .run(&["compress", "-q", "--profile", "turbo", "-B", "8K", "a"])
        .ok();
    let whole = place.run(&["cat", "a.umc"]).ok();
    assert!(whole.stdout() == input);
    for (offset, length) in [
        (0, 1),
        (0, 0),
        (8191, 2),
        (8192, 8192),
        (20_000, 30_000),
        (49_999, 1),
        (50_000, 0),
    ] {
        let (o, l) = (offset.to_string(), length.to_string());
        let args = ["cat", "a.umc", "--offset", &o, "--length", &l];
        let part = place.run(&args).ok();
        assert!(
            part.stdout() == &input[offset..offset + length],
            "{offset}+{length}"
        );
        // The same through standard input that can be sought, and through a pipe.
        let output = place
            .command(&["cat", "--offset", &o, "--length", &l])
            .stdin(File::open(place.path("a.umc")).unwrap())
            .output()
            .unwrap();
        assert!(output.stdout == input[offset..offset + length]);
        let piped = place
            .pipe(
                &["cat", "--offset", &o, "--length", &l],
                &place.read("a.umc"),
            )
            .ok();
        assert!(piped.stdout() == &input[offset..offset + length]);
    }
    let rest = place.run(&["cat", "a.umc", "--offset", "48K"]).ok();
    assert!(rest.stdout() == &input[48 << 10..]);
    let beyond = place
        .run(&["cat", "a.umc", "--offset", "100", "--length", "1G"])
        .ok();
    assert!(beyond.stdout() == &input[100..]);
}

#[test]
fn an_offset_beyond_the_end_is_refused() {
    let place = Place::new();
    place.compressed("a", &text(500, 2));
    let ran = place.run(&["cat", "a.umc", "--offset", "501"]);
    assert!(
        ran.fails(1, "beyond the end")
            .stderr()
            .contains("500 bytes")
    );
    let packed = place.read("a.umc");
    place
        .pipe(&["cat", "--offset", "501"], &packed)
        .fails(1, "beyond the end");
    place.compressed("b", b"b");
    place
        .run(&["cat", "a.umc", "b.umc", "--length", "1"])
        .fails(1, "a range is of one file");
}

#[test]
fn several_files_are_joined() {
    let place = Place::new();
    place.compressed("a", b"first ");
    place.compressed("b", b"second");
    let ran = place.run(&["cat", "a.umc", "b.umc"]).ok();
    assert_eq!(ran.stdout(), b"first second");
}
