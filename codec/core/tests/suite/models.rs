//! Models: found by hash, listed by frames, embedded in files.

use std::io::Cursor;
use std::slice::from_ref;
use std::sync::Arc;

use umoec_codec::Error;
use umoec_codec::packed::pack;
use umoec_codec::pipeline::{
    Archive, DecodeOptions, EncodeOptions, Profile, compress, decompress, inspect,
};
use umoec_codec::plugin::{Model, Registry, hex};

use crate::bytes::{FRAME, HEADER, OPENING, member, section, stored, varint};
use crate::plugins::{profile, with_models};

const MODEL: u8 = 0x05;

/// Counts of all bytes that make `e` very probable.
fn counts() -> Vec<u8> {
    (0..=255u8)
        .map(|b| if b == b'e' { 200 } else { 1 })
        .collect()
}

fn model() -> Arc<Model> {
    Model::new("letters", counts())
}

fn text() -> Vec<u8> {
    (0..3000u32)
        .map(|i| if i % 7 == 0 { (i / 7) as u8 } else { b'e' })
        .collect()
}

fn options(block_size: u64, embed: bool) -> EncodeOptions {
    EncodeOptions {
        embed_models: embed,
        ..EncodeOptions::new(profile("same", "table", block_size))
    }
}

fn has() -> Arc<Registry> {
    with_models(|models| models.insert(model()))
}

fn lacks() -> Arc<Registry> {
    with_models(|_| {})
}

fn decode(file: &[u8], registry: &Arc<Registry>) -> Result<Vec<u8>, Error> {
    decompress(file, registry, &DecodeOptions::default())
}

#[test]
fn frames_name_their_model_and_decode_where_it_is() {
    for block_size in [500, 10_000] {
        let file = compress(&text(), &has(), &options(block_size, false)).unwrap();
        assert!(file.len() < 2200, "{}", file.len());
        assert_eq!(decode(&file, &has()).unwrap(), text());
        let inspection = inspect(&file[..]).unwrap();
        for frame in &inspection.members[0].frames {
            assert_eq!(frame.models, [hex(&model().hash())]);
        }
    }
}

#[test]
fn a_missing_model_is_named_with_its_hash() {
    for block_size in [500, 10_000] {
        let file = compress(&text(), &has(), &options(block_size, false)).unwrap();
        match decode(&file, &lacks()) {
            Err(Error::Unsupported { what, hint }) => {
                assert!(what.contains("`letters`"), "{what}");
                assert!(what.contains(&hex(&model().hash())), "{what}");
                assert!(hint.contains("umoec model add"), "{hint}");
            }
            other => panic!("{other:?}"),
        }
        let mut archive =
            Archive::open(Cursor::new(&file), lacks(), DecodeOptions::default()).unwrap();
        let read = archive.read_range(0, 1);
        assert!(matches!(read, Err(Error::Unsupported { .. })), "{read:?}");
    }
}

#[test]
fn a_profile_that_names_no_model_there_is_fails_at_once() {
    match compress(b"abc", &lacks(), &options(500, false)) {
        Err(Error::Config(text)) => assert!(text.contains("letters"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_embedded_model_needs_no_other() {
    for block_size in [500, 10_000] {
        let file = compress(&text(), &has(), &options(block_size, true)).unwrap();
        assert_eq!(decode(&file, &lacks()).unwrap(), text());
        let mut archive =
            Archive::open(Cursor::new(&file), lacks(), DecodeOptions::default()).unwrap();
        assert_eq!(archive.read_range(700, 1100).unwrap(), text()[700..1800]);
        // Twice the same content: two members, each with its own.
        let twice = [&file[..], &file].concat();
        assert_eq!(decode(&twice, &lacks()).unwrap(), text().repeat(2));
    }
    let empty = compress(b"", &has(), &options(500, true)).unwrap();
    assert_eq!(decode(&empty, &lacks()).unwrap(), b"");
}

#[test]
fn an_embedded_model_cut_or_changed_anywhere_is_noticed() {
    let file = compress(&text()[..600], &has(), &options(300, true)).unwrap();
    for position in 0..file.len() {
        assert!(decode(&file[..position], &lacks()).is_err(), "{position}");
        let mut changed = file.clone();
        changed[position] ^= 0x10;
        // Bits that nobody uses may change: the profile.
        if let Ok(content) = decode(&changed, &lacks()) {
            assert_eq!(content, text()[..600], "{position}");
        }
    }
}

/// A HEADER that lists these models, and one stored block with these sections before and after.
fn around(listed: &[[u8; 32]], before: &[Vec<u8>], after: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![0, 0, 100, 64];
    header.extend(varint(listed.len() as u64));
    header.extend(listed.concat());
    header.extend([1, 2, 1, 1]);
    let frame = section(FRAME, &stored(b"abc"));
    let sections = [&[section(HEADER, &header)], before, &[frame], after].concat();
    member(&sections, 0, b"abc")
}

fn model_section(hash: [u8; 32], bytes: &[u8]) -> Vec<u8> {
    let length = varint(bytes.len() as u64);
    section(MODEL, &[&hash[..], &length, &[0], bytes].concat())
}

#[test]
fn a_model_section_must_be_true_listed_single_and_before_the_frames() {
    let hash = *blake3::hash(b"weights").as_bytes();
    let good = model_section(hash, b"weights");
    assert_eq!(
        decode(&around(&[hash], from_ref(&good), &[]), &lacks()).unwrap(),
        b"abc"
    );
    let comment = section(0x82, b"between");
    let parted = around(&[hash], &[comment, good.clone()], &[]);
    assert_eq!(decode(&parted, &lacks()).unwrap(), b"abc");
    let bad = [
        (
            "another hash",
            around(&[hash], &[model_section(hash, b"weight5")], &[]),
        ),
        ("not listed", around(&[], from_ref(&good), &[])),
        ("another listed", around(&[[1; 32]], from_ref(&good), &[])),
        ("twice", around(&[hash], &[good.clone(), good.clone()], &[])),
        ("behind", around(&[hash], &[], from_ref(&good))),
        ("both", around(&[hash], from_ref(&good), from_ref(&good))),
    ];
    for (what, file) in bad {
        let outcome = decode(&file, &has());
        // What comes behind the frame is noticed after a frame that lacks its model.
        let lacking = what == "behind" && matches!(outcome, Err(Error::Unsupported { .. }));
        assert!(
            lacking || matches!(outcome, Err(Error::Format { .. })),
            "{what}: {outcome:?}"
        );
        let archive = Archive::open(Cursor::new(&file), has(), DecodeOptions::default());
        assert!(
            matches!(archive.err(), Some(Error::Format { .. })),
            "{what}"
        );
    }
}

#[test]
fn a_model_section_takes_no_more_memory_than_allowed() {
    let hash = *blake3::hash(&[0; 5000]).as_bytes();
    let packed = [&hash[..], &varint(5000), &[1], &pack(&[0; 5000])].concat();
    assert!(packed.len() < 100);
    for sections in [model_section(hash, &[0; 5000]), section(MODEL, &packed)] {
        let file = around(&[hash], &[sections], &[]);
        let limited = |memory| {
            let options = DecodeOptions {
                memory,
                ..DecodeOptions::default()
            };
            decompress(&file, &lacks(), &options)
        };
        // What is packed takes its place beside what it is unpacked to.
        for memory in [4000, 5000] {
            let outcome = limited(Some(memory));
            assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
        }
        assert_eq!(limited(None).unwrap(), b"abc");
    }
    // A few bytes that claim more than any machine has.
    let claims = [&hash[..], &varint(1 << 50), &[1], &pack(&[0; 5000])].concat();
    let outcome = decode(&around(&[hash], &[section(MODEL, &claims)], &[]), &lacks());
    assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
}

#[test]
fn a_frame_must_not_use_a_model_that_its_header_does_not_list() {
    let model = model();
    let frame = [&[4, 3, 0, 1][..], &model.hash(), &[0, 1, 1], b"abc"].concat();
    let header = section(HEADER, &[0, 0, 100, 64, 0, 1, 2, 1, 1]);
    let file = member(&[header, section(FRAME, &frame)], 0, b"abc");
    assert!(file.starts_with(&OPENING));
    assert!(matches!(decode(&file, &has()), Err(Error::Format { .. })));
}

#[test]
fn a_folder_is_searched_by_hash_and_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let hash = hex(&model().hash());
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("other.onnx", b"another");
    write("notes.txt", &counts());
    let there = with_models(|models| models.add_folder(folder.path()));
    assert!(there.models().by_hash(&model().hash()).unwrap().is_none());
    for name in ["plain.onnx".to_owned(), format!("letters.{hash}.onnx")] {
        write(&name, &counts());
        // A registry of its own: one remembers what it has found.
        let there = with_models(|models| models.add_folder(folder.path()));
        let found = there.models().by_hash(&model().hash()).unwrap().unwrap();
        assert_eq!(found.bytes(), counts());
        assert_eq!(
            there.models().find(&hash[..12]).unwrap().hash(),
            model().hash()
        );
        let short = name.split('.').next().unwrap();
        assert_eq!(there.models().find(short).unwrap().hash(), model().hash());
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert!(there.models().find("letters").is_err());
}

#[test]
fn a_file_whose_name_claims_another_hash_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("letters.{}.onnx", hex(&model().hash()));
    std::fs::write(folder.path().join(name), b"others").unwrap();
    let there = with_models(|models| models.add_folder(folder.path()));
    let outcome = there.models().by_hash(&model().hash());
    match outcome {
        Err(Error::Config(text)) => assert!(text.contains("damaged"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_backend_that_fails_is_reported_with_its_own_words() {
    let settings = Profile::from_toml(
        "name = 'test'\nblock_size = 1000\nmemory = '1 MiB'\nadapter = { plugin = 'same' }\n\
         predictor = { plugin = 'table', fails_at = 3 }\ncoder = { plugin = 'range' }\n",
    );
    let outcome = compress(b"abcdef", &has(), &EncodeOptions::new(settings.unwrap()));
    match outcome {
        Err(Error::Config(text)) => assert_eq!(text, "the device has gone"),
        other => panic!("{other:?}"),
    }
}
