//! The shipped plugins and profiles together with the core.

// clippy's leave for tests covers only functions that are marked as such.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;
use std::sync::Arc;

use umoec_builtin::{profile, profiles, registry};
use umoec_codec::pipeline::{Archive, DecodeOptions, EncodeOptions, compress, decompress, inspect};
use umoec_codec::plugin::Registry;

fn shared() -> Arc<Registry> {
    Arc::new(registry().unwrap())
}

/// Prose that does not repeat exactly.
fn prose(len: usize) -> Vec<u8> {
    let words = [
        "the ",
        "model ",
        "predicts ",
        "a ",
        "byte ",
        "and ",
        "codes ",
        "it, ",
    ];
    let mut out = Vec::new();
    let mut state = 1u32;
    while out.len() < len {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        out.extend_from_slice(words[(state >> 29) as usize].as_bytes());
    }
    out.truncate(len);
    out
}

#[test]
fn the_expected_plugins_are_linked() {
    let found: Vec<_> = registry()
        .unwrap()
        .iter()
        .map(|(plugin, _)| {
            let d = plugin.descriptor();
            (d.kind.to_string(), d.id.0, d.name.to_string())
        })
        .collect();
    let expected = [
        ("adapter", 1, "bytes"),
        ("adapter", 2, "float"),
        ("adapter", 3, "audio"),
        ("adapter", 4, "exe"),
        ("adapter", 5, "image"),
        ("adapter", 6, "record"),
        ("adapter", 7, "deflate"),
        ("predictor", 1, "order0"),
        ("predictor", 2, "cm"),
        ("predictor", 3, "tier1-onnx"),
        ("predictor", 4, "mix"),
        ("coder", 1, "stored"),
        ("coder", 2, "rans"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|&(kind, id, name)| (kind.to_owned(), id, name.to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn every_profile_brings_back_what_it_was_given() {
    let registry = shared();
    for name in profiles() {
        for size in [0, 1, 200, 70_000] {
            let data = prose(size);
            let mut options = EncodeOptions::new(profile(name).unwrap());
            let file = compress(&data, &registry, &options).unwrap();
            // Small blocks give frames, an index and work for threads.
            options.profile.block_size = 20_000;
            let framed = compress(&data, &registry, &options).unwrap();
            options.threads = 2;
            assert!(compress(&data, &registry, &options).unwrap() == framed);
            for file in [&file, &framed] {
                let back = decompress(file, &registry, &DecodeOptions::default()).unwrap();
                assert!(back == data, "{name}, {size} bytes");
                assert!(file.len() <= size + 256);
            }
            let input = Cursor::new(&framed[..]);
            let mut archive =
                Archive::open(input, Arc::clone(&registry), DecodeOptions::default()).unwrap();
            let (from, len) = (size / 3, size / 2);
            let range = archive.read_range(from as u64, len as u64).unwrap();
            assert!(range == data[from..from + len], "{name}, {size} bytes");
        }
    }
}

#[test]
fn two_hundred_bytes_cost_at_most_28_bytes_of_container() {
    let registry = shared();
    for name in profiles() {
        let options = EncodeOptions::new(profile(name).unwrap());
        let file = compress(&prose(200), &registry, &options).unwrap();
        let stream = inspect(&file[..]).unwrap().members[0].frames[0].streams[0].clone();
        assert!(
            stream.payload_length < 150,
            "{name}: {} bytes",
            stream.payload_length
        );
        let container = file.len() as u64 - stream.payload_length;
        assert!(container <= 28, "{name}: {container} bytes of container");
    }
}

#[test]
fn the_examples_of_the_specification_are_decoded() {
    let examples: [(&[u8], &[u8]); 3] = [
        (include_bytes!("../../../spec/examples/empty.umc"), b""),
        (
            include_bytes!("../../../spec/examples/one-block.umc"),
            b"abracadabra",
        ),
        (
            include_bytes!("../../../spec/examples/blake3.umc"),
            b"to be or not to be, that is the question",
        ),
    ];
    for (file, content) in examples {
        let back = decompress(file, &shared(), &DecodeOptions::default()).unwrap();
        assert_eq!(back, content);
    }
}
