//! Damaged files: the right exit code, a place, a hint, and no output.

mod common;

use std::fs;

use common::{Place, Ran, text};

#[track_caller]
fn refused(ran: Ran, codes: &[i32], case: &str) {
    let said = ran.stderr();
    let code = ran.code().expect("it was not killed");
    assert!(codes.contains(&code), "{case}: exit {code}: {said}");
    assert!(said.starts_with("umoec: bad.umc: "), "{case}: {said}");
    // What is not supported is so everywhere; a fault has a place.
    assert!(code == 5 || said.contains("at byte "), "{case}: {said}");
    assert!(said.contains("hint: "), "{case}: {said}");
}

#[test]
fn damage_anywhere_is_noticed_and_leaves_no_output() {
    let place = Place::new();
    // Several blocks, so that there are a header, frames, an index and an end.
    place.write("good", &text(60_000, 1));
    place
        .run(&["compress", "-q", "--profile", "turbo", "-B", "20K", "good"])
        .ok();
    let good = place.read("good.umc");
    let before = place.names().len();
    for at in [
        0,
        3,
        4,
        5,
        8,
        20,
        good.len() / 3,
        good.len() / 2,
        good.len() - 30,
        good.len() - 1,
    ] {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        place.write("bad.umc", &bad);
        refused(
            place.run(&["decompress", "bad.umc"]),
            &[3, 4, 5],
            &format!("byte {at}"),
        );
        assert_eq!(place.names().len(), before + 1, "byte {at}");
    }
}

#[test]
fn a_file_that_is_cut_is_noticed_and_leaves_no_output() {
    let place = Place::new();
    place.compressed("good", &text(60_000, 2));
    let good = place.read("good.umc");
    for len in [1, 2, 4, 6, 12, good.len() / 2, good.len() - 1] {
        place.write("bad.umc", &good[..len]);
        for command in ["decompress", "test", "list", "inspect", "cat"] {
            let case = format!("{command}, {len} bytes");
            refused(place.run(&[command, "bad.umc"]), &[3], &case);
        }
        assert_eq!(place.names(), ["bad.umc", "good", "good.umc"]);
    }
}

#[test]
fn each_kind_of_fault_has_its_exit_code() {
    let place = Place::new();
    place.compressed("good", &text(5000, 3));
    let good = place.read("good.umc");
    place.write("bad.umc", b"PK\x03\x04 something else entirely");
    refused(
        place.run(&["decompress", "bad.umc"]),
        &[3],
        "another format",
    );
    place.write("bad.umc", b"");
    refused(place.run(&["decompress", "bad.umc"]), &[3], "an empty file");
    place.write("bad.umc", &[&good[..], b"trailing garbage"].concat());
    refused(
        place.run(&["decompress", "bad.umc"]),
        &[3],
        "trailing garbage",
    );
    let mut future = good.clone();
    future[3] = 0x82;
    place.write("bad.umc", &future);
    place
        .run(&["decompress", "bad.umc"])
        .fails(5, "not supported");
    let mut flipped = good.clone();
    let payload = good.len() - 10;
    flipped[payload] ^= 1;
    place.write("bad.umc", &flipped);
    refused(place.run(&["decompress", "bad.umc"]), &[4], "payload");
    let ran = place.run(&["decompress", "--memory", "1K", "-o", "out", "good.umc"]);
    ran.fails(6, "limit");
    assert_eq!(place.names(), ["bad.umc", "good", "good.umc"]);
}

#[test]
fn damage_in_a_pipe_fails_too() {
    let place = Place::new();
    let packed = place.compressed("good", &text(50_000, 4));
    let mut bytes = fs::read(packed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    place.pipe(&["decompress"], &bytes).fails(4, "stdin: ");
    place.pipe(&["test"], &bytes).fails(4, "stdin: ");
}
