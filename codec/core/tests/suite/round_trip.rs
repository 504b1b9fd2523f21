use std::io::{Read, Write};

use proptest::prelude::*;
use umoec_codec::pipeline::{self, DecodeOptions, Decoder, EncodeOptions, Encoder};

use crate::bytes;
use crate::plugins::{compress, decompress, options, profile, registry};

/// Text-like bytes, so that something shrinks.
pub(crate) fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| b"etaoin shrdlu"[i * i / 7 % 13]).collect()
}

fn stream(data: &[u8], options: EncodeOptions, piece: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), registry(), options).unwrap();
    for piece in data.chunks(piece.max(1)) {
        encoder.write_all(piece).unwrap();
    }
    let (file, summary) = encoder.finish().unwrap();
    assert_eq!(summary.input, data.len() as u64);
    assert_eq!(summary.output, file.len() as u64);
    file
}

#[test]
fn sizes_around_block_borders_come_back() {
    for size in [0, 1, 99, 100, 101, 199, 200, 201, 300, 1000] {
        let data = content(size);
        assert_eq!(decompress(&compress(&data, 100)).unwrap(), data, "{size}");
        let unknown = stream(&data, options(100), 33);
        assert_eq!(decompress(&unknown).unwrap(), data, "{size}");
    }
}

#[test]
fn the_empty_content_has_the_bytes_of_the_example() {
    let mut options = options(100);
    options.profile.number = 0;
    let file = pipeline::compress(b"", &registry(), &options).unwrap();
    assert_eq!(file, include_bytes!("../../../../spec/examples/empty.umc"));
}

#[test]
fn one_block_makes_a_solo_and_more_make_frames() {
    let ids = |file: &[u8]| -> Vec<u8> {
        let members = pipeline::inspect(file).unwrap().members;
        members[0].sections.iter().map(|s| s.id).collect()
    };
    assert_eq!(ids(&compress(&content(100), 100)), [bytes::SOLO]);
    assert_eq!(ids(&stream(&content(100), options(100), 7)), [bytes::SOLO]);
    let framed = [
        bytes::HEADER,
        bytes::FRAME,
        bytes::FRAME,
        bytes::INDEX,
        bytes::END,
    ];
    assert_eq!(ids(&compress(&content(101), 100)), framed);
    assert_eq!(ids(&stream(&content(101), options(100), 7)), framed);
}

#[test]
fn a_known_size_is_cut_evenly() {
    let report = pipeline::inspect(&compress(&content(101), 100)[..]).unwrap();
    let raw: Vec<_> = report.members[0]
        .frames
        .iter()
        .map(|f| f.raw_length)
        .collect();
    assert_eq!(raw, [51, 50]);
    let mut split = options(1 << 20);
    split.profile.split = Some(50);
    let file = pipeline::compress(&content(60), &registry(), &split).unwrap();
    assert_eq!(
        pipeline::inspect(&file[..]).unwrap().members[0]
            .frames
            .len(),
        2
    );
    assert_eq!(decompress(&file).unwrap(), content(60));
}

#[test]
fn two_hundred_bytes_cost_at_most_28_bytes_of_container() {
    let data = content(200);
    let file = compress(&data, 1 << 20);
    let report = pipeline::inspect(&file[..]).unwrap();
    let payload = report.members[0].frames[0].streams[0].payload_length;
    assert!(payload < 200, "the test needs a content that shrinks");
    assert!(
        file.len() as u64 - payload <= 28,
        "{}",
        file.len() as u64 - payload
    );
}

#[test]
fn what_does_not_shrink_is_stored() {
    let mut noise = vec![0; 1000];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    for adapter in ["same", "halves"] {
        let options = EncodeOptions::new(profile(adapter, "bits", 1 << 20));
        let file = pipeline::compress(&noise, &registry(), &options).unwrap();
        assert!(file.len() <= noise.len() + 28, "{}", file.len());
        let report = pipeline::inspect(&file[..]).unwrap();
        let frame = &report.members[0].frames[0];
        assert!(frame.adapter.is_none() && frame.streams[0].predictor.is_none());
        assert_eq!(decompress(&file).unwrap(), noise);
    }
}

#[test]
fn several_streams_come_back() {
    let options = EncodeOptions::new(profile("halves", "bits", 500));
    for size in [0, 1, 2, 3, 499, 500, 501, 1234] {
        let data = content(size);
        let file = pipeline::compress(&data, &registry(), &options).unwrap();
        assert_eq!(decompress(&file).unwrap(), data, "{size}");
    }
    let file = pipeline::compress(&content(500), &registry(), &options).unwrap();
    let report = pipeline::inspect(&file[..]).unwrap();
    let streams = &report.members[0].frames[0].streams;
    let lengths: Vec<_> = streams.iter().map(|s| s.length).collect();
    assert_eq!(lengths, [250, 250, 0]);
}

#[test]
fn every_check_kind_comes_back() {
    for kind in [
        pipeline::CheckKind::Crc32,
        pipeline::CheckKind::Blake3_128,
        pipeline::CheckKind::Blake3_256,
    ] {
        for size in [0, 50, 250] {
            let mut options = options(100);
            options.check = Some(kind);
            let data = content(size);
            let file = pipeline::compress(&data, &registry(), &options).unwrap();
            assert_eq!(decompress(&file).unwrap(), data);
            let report = &pipeline::inspect(&file[..]).unwrap().members[0];
            let solo = report.solo.as_ref().map(|solo| solo.check);
            assert_eq!(report.header.as_ref().map(|h| h.check).or(solo), Some(kind));
        }
    }
}

#[test]
fn the_size_decides_on_the_check() {
    let kind = |size: usize| {
        let file = compress(&content(size), 1 << 22);
        pipeline::inspect(&file[..]).unwrap().members[0]
            .solo
            .clone()
            .unwrap()
            .check
    };
    assert_eq!(kind((1 << 20) - 1), pipeline::CheckKind::Crc32);
    assert_eq!(kind(1 << 20), pipeline::CheckKind::Blake3_128);
}

#[test]
fn a_size_that_was_announced_must_be_true() {
    for (announced, actual) in [(10, 9), (10, 11), (0, 1), (300, 299), (300, 301)] {
        let mut options = options(100);
        options.content_size = Some(announced);
        let mut encoder = Encoder::new(Vec::new(), registry(), options).unwrap();
        let result = encoder
            .write_all(&content(actual))
            .map_err(umoec_codec::Error::from_io)
            .and_then(|()| encoder.finish().map(|_| ()));
        assert!(
            matches!(result, Err(umoec_codec::Error::Config(_))),
            "{announced} {actual}"
        );
    }
}

#[test]
fn the_summary_of_a_decoder_counts() {
    let file = compress(&content(250), 100);
    let decoder = Decoder::new(&file[..], registry(), DecodeOptions::default()).unwrap();
    assert_eq!(decoder.content_size(), Some(250));
    let (rest, summary) = decoder.finish().unwrap();
    assert!(rest.is_empty());
    assert_eq!((summary.input, summary.output), (file.len() as u64, 250));
    assert_eq!((summary.frames, summary.members), (3, 1));
    assert_eq!(summary.memory, 64 << 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_bytes_do_not_depend_on_threads_or_pieces(
        size in 0usize..2000, block in 1u64..400, piece in 1usize..500, known: bool,
        adapter in prop::sample::select(vec!["same", "halves"]),
    ) {
        let data = content(size);
        let mut options = EncodeOptions::new(profile(adapter, "bits", block));
        options.content_size = known.then_some(size as u64);
        let file = stream(&data, options.clone(), size);
        for threads in 1..=3 {
            options.threads = threads;
            prop_assert!(stream(&data, options.clone(), piece) == file, "{} threads", threads);
            let decode = DecodeOptions { threads, ..DecodeOptions::default() };
            let mut decoder = Decoder::new(&file[..], registry(), decode).unwrap();
            let mut back = vec![0; piece];
            let mut all = Vec::new();
            loop {
                match decoder.read(&mut back).unwrap() {
                    0 => break,
                    n => all.extend_from_slice(&back[..n]),
                }
            }
            prop_assert_eq!(&all, &data);
        }
    }

    #[test]
    fn any_bytes_come_back(data: Vec<u8>, block in 1u64..100) {
        prop_assert_eq!(decompress(&compress(&data, block)).unwrap(), data);
    }
}
