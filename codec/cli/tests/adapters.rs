//! `--adapter NAME|auto|none`: each takes anything, and `inspect` says what was done.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::path::Path;

use common::{Place, text};

/// Records of three f32: a walk, a wave, a counter.
fn floats(records: u32) -> Vec<u8> {
    let walk = |i: u32| 100.0 + (i as f32 * 0.01).sin() * 9.0 + (i.wrapping_mul(77) % 50) as f32;
    (0..records)
        .flat_map(|i| [walk(i), (i as f32 / 20.0).cos(), i as f32 * 0.125])
        .flat_map(f32::to_le_bytes)
        .collect()
}

/// A WAV file of two tones in stereo that claims to have `claim` bytes of samples.
fn wav(frames: u32, claim: u32) -> Vec<u8> {
    let sample = |t: f32| ((t * 0.05).sin() * 9e3 + (t * 0.31).cos() * 2e3) as i16;
    let mut out =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data"
            .to_vec();
    out.extend(claim.to_le_bytes());
    out.extend(
        (0..frames)
            .flat_map(|i| [sample(i as f32), sample(i as f32 - 3.0)])
            .flat_map(i16::to_le_bytes),
    );
    out
}

/// Calls of a few functions, behind the header of an ELF file of x86-64.
fn elf(calls: u32) -> Vec<u8> {
    let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0".to_vec();
    for i in 0..calls {
        let from = out.len() as u32 + 5;
        out.push(0xe8);
        out.extend((0x1000 * (i * i % 7)).wrapping_sub(from).to_le_bytes());
        out.extend(&[0x48, 0x89, 0xc7, 0x31, 0xf6][..(i * i % 5) as usize + 1]);
    }
    out
}

/// There and back; the compressed file.
#[track_caller]
fn round_trip(place: &Place, adapter: &str, name: &str, content: &[u8]) -> Vec<u8> {
    place.write(name, content);
    let compress = ["compress", "-q", "-f", "--profile", "turbo", "--adapter"];
    place.run(&[&compress[..], &[adapter, name]].concat()).ok();
    let file = format!("{name}.umc");
    let back = place.run(&["decompress", "-q", "-c", &file]).ok();
    assert!(back.stdout() == content, "{name} with --adapter {adapter}");
    place.read(&file)
}

#[test]
fn every_adapter_takes_anything() {
    let place = Place::new();
    let (floats, sound, program) = (floats(700), wav(2000, 8000), elf(600));
    let noise: Vec<u8> = (0..5000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761).rotate_left(9) >> 11) as u8)
        .collect();
    let contents: [(&str, &[u8]); 13] = [
        ("empty", b""),
        ("byte", b"a"),
        ("noise", &noise),
        ("text", &text(3000, 1)),
        ("floats", &floats),
        ("floats-cut-in-a-value", &floats[..5003]),
        ("floats-shifted", &floats[1..]),
        ("sound", &sound),
        ("sound-cut-in-a-sample", &sound[..4045]),
        ("sound-cut-in-the-header", &sound[..30]),
        ("sound-that-claims-too-much", &wav(2000, u32::MAX)),
        ("sound-that-claims-too-little", &wav(2000, 1025)),
        ("program-cut-short", &program[..program.len() - 2]),
    ];
    for adapter in ["bytes", "float", "audio", "exe", "auto", "none"] {
        for (name, content) in contents {
            round_trip(&place, adapter, name, content);
        }
        // A header that ends within each of its fields.
        for len in [1, 3, 4, 5, 17, 18, 19, 20] {
            round_trip(&place, adapter, "elf", &program[..len]);
        }
    }
}

#[test]
fn inspection_says_which_adapter_took_a_block_and_how() {
    let place = Place::new();
    let size = |bytes: Vec<u8>| bytes.len();
    let contents = [
        (
            "floats",
            floats(20_000),
            "record v1",
            "20000 records of 12 bytes: 1 f32",
        ),
        (
            "sound",
            wav(40_000, 160_000),
            "audio v1",
            "16-bit, little-endian, 2 channels, 160000 bytes from byte 44 on",
        ),
        (
            "program",
            elf(20_000),
            "exe v1",
            "x86, the first byte at address 0",
        ),
        ("text", text(100_000, 2), "bytes v1", ""),
    ];
    for (name, content, adapter, words) in contents {
        let plain = size(round_trip(&place, "none", name, &content));
        let auto = size(round_trip(&place, "auto", name, &content));
        let text = place.run(&["inspect", &format!("{name}.umc")]).ok().text();
        assert!(text.contains(adapter) && text.contains(words), "{text}");
        assert!(auto <= plain, "{name}: {auto} bytes, {plain} without");
    }
}

#[test]
fn an_adapter_that_is_not_there_is_refused() {
    let place = Place::new();
    place.write("a", b"content");
    let ran = place.run(&["compress", "-q", "--adapter", "flaot", "a"]);
    ran.fails(1, "flaot");
    assert!(!Path::new(&place.path("a.umc")).exists());
}

#[test]
fn a_schema_is_taken_and_a_wrong_one_does_no_harm() {
    let place = Place::new();
    place.write("data", &floats(5000));
    let fields =
        br#"{"record": 12, "fields": [{"name": "x", "type": "f32", "count": 3}], "note": null}"#;
    place.write("right.json", fields);
    place.write("right.toml", b"fields = [{ type = 'f32', count = 3 }]");
    place.write(
        "wrong.toml",
        b"header = 7\nfields = [{ type = 'f64', count = 9 }, { type = 'u8' }]",
    );
    place.write(
        "longer.toml",
        b"header = 99999999\nfields = [{ type = 'f64' }]",
    );
    for (schema, words) in [
        ("right.json", "records of 12 bytes"),
        ("right.toml", "records of 12 bytes"),
        ("wrong.toml", "records of 73 bytes"),
        ("longer.toml", "record v1"),
    ] {
        place
            .run(&["compress", "-qf", "--schema", schema, "data"])
            .ok();
        let text = place.run(&["inspect", "data.umc"]).ok().text();
        assert!(
            text.contains("record v1") && text.contains(words),
            "{schema}: {text}"
        );
        place
            .run(&["decompress", "-qf", "-o", "back", "data.umc"])
            .ok();
        assert!(place.read("back") == floats(5000), "{schema}");
    }
    place
        .run(&[
            "compress",
            "-qf",
            "--adapter",
            "auto",
            "--schema",
            "right.toml",
            "data",
        ])
        .ok();
    place.write("nonsense.toml", b"fields = [{ type = 'f31' }]");
    place.write("text.toml", b"it is no schema");
    for (args, words) in [
        (&["--schema", "nonsense.toml"][..], "f31"),
        (&["--schema", "text.toml"], "no schema"),
        (&["--schema", "nowhere.toml"], "nowhere.toml"),
        (&["--schema", "right.toml", "--adapter", "exe"], "record"),
    ] {
        let ran = place.run(&[&["compress", "-qf"], args, &["data"]].concat());
        let said = ran.stderr();
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn an_archive_goes_to_several_adapters_and_who_asks_is_told_why() {
    let place = Place::new();
    let archive = [
        text(60_000, 3),
        wav(40_000, 160_000),
        text(30_000, 4),
        elf(60_000),
        text(9000, 5),
    ]
    .concat();
    let plain = round_trip(&place, "none", "archive", &archive).len();
    let auto = round_trip(&place, "auto", "archive", &archive).len();
    assert!(auto < plain, "{auto} {plain}");
    let said = place.run(&["inspect", "archive.umc"]).ok().text();
    for words in [
        "part 0",
        "adapter audio",
        "16-bit",
        "content at byte 60,000",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let ran = place.run(&["compress", "-vf", "archive"]);
    let said = ran.ok().stderr();
    assert!(
        said.contains("* adapter audio: about") && said.contains("  adapter bytes: about"),
        "{said}"
    );
    let page = place.run(&["explain", "archive"]).ok().text();
    assert!(page.contains("Why these adapters") && page.contains("<b>audio</b>"));
}
