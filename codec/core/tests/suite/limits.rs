use std::io::Write;

use umoec_codec::Error;
use umoec_codec::pipeline::{self, CheckKind, DecodeOptions, EncodeOptions};

use crate::bytes::*;
use crate::plugins::{compress, decompress, options, profile, registry};
use crate::round_trip::content;

fn limited(file: &[u8], memory: Option<u64>, output_limit: u64) -> Result<Vec<u8>, Error> {
    let options = DecodeOptions {
        memory,
        output_limit,
        ..DecodeOptions::default()
    };
    pipeline::decompress(file, &registry(), &options)
}

/// A profile whose predictor says that it takes 100 KiB.
fn hungry(block_size: u64) -> EncodeOptions {
    let mut profile = profile("same", "bits", block_size);
    profile
        .predictor
        .settings
        .insert("claim".into(), 100.into());
    EncodeOptions::new(profile)
}

#[test]
fn memory_over_the_limit_is_refused() {
    for block_size in [1000, 100] {
        let data = content(300);
        let file = pipeline::compress(&data, &registry(), &hungry(block_size)).unwrap();
        assert_eq!(limited(&file, Some(120 << 10), u64::MAX).unwrap(), data);
        match limited(&file, Some(100 << 10), u64::MAX) {
            Err(Error::Limit { needed, limit, .. }) => {
                assert!(needed >= 100 << 10);
                assert!(limit <= 100 << 10);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What a SOLO declares must do for all of its body, at each size at which the declaration changes.
#[test]
fn a_solo_declares_enough_at_every_size() {
    // Nothing predicts this, so the frame is stored and needs three times its size.
    let noise: Vec<u8> = (0..6000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ (i >> 3) as u8)
        .collect();
    for check in [CheckKind::Crc32, CheckKind::Blake3_256] {
        for size in 2600..noise.len() {
            let mut options = options(100_000);
            options.check = Some(check);
            let file = pipeline::compress(&noise[..size], &registry(), &options).unwrap();
            assert!(decompress(&file).unwrap() == noise[..size], "{size} bytes");
        }
    }
}

#[test]
fn blocks_wait_for_memory_and_still_come_in_order() {
    // Memory for one frame at a time, for two, and for all.
    let data = content(3000);
    for memory in [110u64 << 10, 220 << 10, 64 << 20] {
        let mut encode = hungry(100);
        encode.threads = 4;
        encode.memory = Some(memory);
        let file = pipeline::compress(&data, &registry(), &encode).unwrap();
        let decode = DecodeOptions {
            threads: 4,
            ..DecodeOptions::default()
        };
        assert_eq!(
            pipeline::decompress(&file, &registry(), &decode).unwrap(),
            data
        );
        let summary = pipeline::Decoder::new(&file[..], registry(), decode)
            .and_then(pipeline::Decoder::finish)
            .unwrap()
            .1;
        assert_eq!(summary.memory, memory);
    }
}

#[test]
fn a_profile_whose_blocks_do_not_fit_its_memory_is_refused() {
    let mut small = hungry(1000);
    small.memory = Some(64 << 10);
    for size in [300, 3000] {
        let error = pipeline::compress(&content(size), &registry(), &small).unwrap_err();
        assert!(
            matches!(&error, Error::Config(text) if text.contains("memory")),
            "{error}"
        );
    }
}

#[test]
fn output_over_the_limit_is_refused() {
    let data = content(300);
    let mut unknown = pipeline::Encoder::new(Vec::new(), registry(), options(100)).unwrap();
    unknown.write_all(&data).unwrap();
    for file in [
        compress(&data, 100),
        compress(&data, 300),
        unknown.finish().unwrap().0,
    ] {
        assert_eq!(limited(&file, None, 300).unwrap(), data);
        assert!(matches!(
            limited(&file, None, 299),
            Err(Error::Limit { needed, limit: 299, .. }) if needed <= 300
        ));
        // Two members together.
        let twice = [&file[..], &file].concat();
        assert!(matches!(
            limited(&twice, None, 599),
            Err(Error::Limit { .. })
        ));
    }
}

/// A header that allows everything.
fn generous() -> Vec<u8> {
    section(HEADER, &header(1 << 32, 1 << 40))
}

#[test]
fn a_section_is_not_believed_to_be_as_long_as_it_says() {
    // A FRAME, a MODEL and a COMMENT of 4 GiB, of which 3 bytes are there.
    for id in [FRAME, SOLO, COMMENT, INDEX] {
        let mut file = OPENING.to_vec();
        if id != SOLO {
            file.extend(generous());
        }
        file.push(id);
        file.extend(varint(1 << 30));
        file.extend(b"abc");
        assert!(
            matches!(decompress(&file), Err(Error::Truncated { .. })),
            "{id}"
        );
    }
    // Beyond what the format allows, and beyond what the caller allows.
    let mut file = [&OPENING[..], &generous(), &[FRAME]].concat();
    let long = [&file[..], &varint(u64::MAX)].concat();
    assert!(matches!(decompress(&long), Err(Error::Format { .. })));
    file.extend(varint(3 << 30));
    assert!(matches!(decompress(&file), Err(Error::Limit { .. })));
}

#[test]
fn a_frame_is_not_believed_to_hold_what_it_says() {
    // 512 MiB out of four bytes of payload: stored, and by predictor and coder.
    let raw = varint(1 << 29);
    let stored = [&[0][..], &raw, &[0, 0, 1, 1], b"abcd"].concat();
    let coded = [&[0][..], &raw, &[0, 1, 0x81, 1, 1, 2, 1], b"abcd"].concat();
    for frame in [stored, coded] {
        let file = [&OPENING[..], &generous(), &section(FRAME, &frame)].concat();
        match decompress(&file) {
            Err(Error::Integrity { section, .. }) => assert_eq!(section, "frame 0"),
            other => panic!("{other:?}"),
        }
        // More than the default memory.
        let mut larger = frame.clone();
        larger[1..6].copy_from_slice(&varint(1 << 30));
        let file = [&OPENING[..], &generous(), &section(FRAME, &larger)].concat();
        assert!(matches!(decompress(&file), Err(Error::Limit { .. })));
    }
}

#[test]
fn a_frame_that_needs_more_than_was_declared_is_refused() {
    let block = [7; 600];
    let file = |kib: u64| {
        let sections = [
            section(HEADER, &header(1000, kib)),
            section(FRAME, &stored(&block)),
        ];
        member(&sections, 0, &block)
    };
    // Body, stream and block are three times 600 bytes and a little more.
    assert_eq!(decompress(&file(2)).unwrap(), block);
    match decompress(&file(1)) {
        Err(Error::Format { reason, .. }) => assert!(reason.contains("declared"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_threads_are_no_trouble() {
    let data = content(2000);
    let mut encode = options(10);
    encode.threads = 50;
    let file = pipeline::compress(&data, &registry(), &encode).unwrap();
    assert_eq!(file, compress(&data, 10));
    let decode = DecodeOptions {
        threads: 0,
        ..DecodeOptions::default()
    };
    assert_eq!(
        pipeline::decompress(&file, &registry(), &decode).unwrap(),
        data
    );
}

#[test]
fn work_can_be_given_up_in_the_middle() {
    let mut encode = options(1000);
    encode.threads = 3;
    let mut encoder = pipeline::Encoder::new(Vec::new(), registry(), encode).unwrap();
    encoder.write_all(&content(10_000)).unwrap();
    drop(encoder);
    let file = compress(&content(10_000), 1000);
    let decode = DecodeOptions {
        threads: 3,
        ..DecodeOptions::default()
    };
    let mut decoder = pipeline::Decoder::new(&file[..], registry(), decode).unwrap();
    std::io::Read::read_exact(&mut decoder, &mut [0; 1500]).unwrap();
    drop(decoder);
}
