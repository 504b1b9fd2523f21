//! What the fuzzers do with their bytes. Each of these takes anything and must neither panic nor
//! hang: `tests/fuzz` drives them with libFuzzer, the suite with mutated vectors.

use umoec_codec::pipeline::{DecodeOptions, decompress, inspect};
use umoec_codec::plugin::{Kind, Opened, PluginId};
use umoec_codec::{Error, Limits, Result};

use crate::sections::repair;
use crate::stack::{Fault, decode_by_index, registry};
use crate::wire::{Header, Member, crc32};

/// Memory that a case may take: the vectors decode within it.
const MEMORY: u64 = 128 << 20;

/// Output that a case may give.
const OUTPUT: u64 = 8 << 20;

const LIMITS: Limits = Limits {
    memory: MEMORY,
    output: OUTPUT,
};

fn options(threads: usize) -> DecodeOptions {
    DecodeOptions {
        threads,
        memory: Some(MEMORY),
        output_limit: OUTPUT,
        ..DecodeOptions::default()
    }
}

/// A file is at fault, or this program is.
#[track_caller]
fn faulty(error: &Error) {
    assert!(Fault::of(error).is_some(), "{error:?}");
}

/// A whole file, in every way in which it can be read. What two ways give is the same.
///
/// # Panics
/// Where a reader breaks its promises.
pub fn decode(file: &[u8]) {
    let one = decompress(file, &registry(), &options(1));
    let two = decompress(file, &registry(), &options(2));
    match (&one, &two) {
        (Ok(one), Ok(two)) => assert!(one == two, "threads change the content"),
        (Err(one), Err(two)) => {
            faulty(one);
            assert_eq!(one.to_string(), two.to_string());
        }
        _ => panic!(
            "threads change the outcome: {:?}, {:?}",
            one.err(),
            two.err()
        ),
    }
    match (one, decode_by_index(file, options(1))) {
        (Ok(content), Ok(by_index)) => assert!(content == by_index, "the index lies"),
        (Ok(_), Err(error)) => panic!("only the way from the start works: {error}"),
        // Without the content check, and without what stands between the frames, the way by
        // the index may find nothing wrong.
        (Err(_), Ok(_)) => {}
        (Err(_), Err(error)) => faulty(&error),
    }
}

/// The framing alone: inspection needs no plugin, so it gets everywhere.
///
/// # Panics
/// Where inspection breaks its promises.
pub fn sections(file: &[u8]) {
    let mut repaired = file.to_vec();
    repair(&mut repaired);
    for file in [file, &repaired] {
        match inspect(file) {
            Ok(report) => assert_eq!(report.size, file.len() as u64),
            Err(error) => faulty(&error),
        }
    }
    if let Err(error) = decompress(&repaired, &registry(), &options(1)) {
        faulty(&error);
    }
}

/// The body of a frame, within a member that lists every plugin.
///
/// # Panics
/// Where the decoder breaks its promises.
pub fn frame(body: &[u8]) {
    let header = Header {
        block: 1 << 20,
        memory: MEMORY / 1024,
        plugins: vec![(0, 1, 1), (1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 1)],
        ..Header::default()
    };
    let member = Member::new(&header).frame(&[], body);
    if let Err(error) = decompress(&member.end(), &registry(), &options(1)) {
        faulty(&error);
    }
    // The same within a SOLO, whose check is right for the empty content alone.
    let solo = [&[0x80], body, &crc32(&[]), &[0x80]].concat();
    decode(&crate::wire::solo_member(&solo));
}

/// A stream's length, then parameters of predictor `cm`.
fn open_cm(bytes: &[u8]) -> Option<(usize, Result<Box<dyn Opened>>)> {
    let (length, params) = bytes.split_at_checked(2)?;
    let length = u16::from_le_bytes([length[0], length[1]]);
    let registry = registry();
    let predictor = registry.predictor(PluginId(2), 1).unwrap();
    let opened = predictor.open(1, params, length.into(), &LIMITS);
    Some((length.into(), opened))
}

/// Whether `cm` takes these parameters.
#[must_use]
pub fn cm_opens(bytes: &[u8]) -> bool {
    matches!(open_cm(bytes), Some((_, Ok(_))))
}

/// Parameters of predictor `cm`: refused, or a model within its limits that codes.
///
/// # Panics
/// Where the predictor breaks its promises.
pub fn cm_params(bytes: &[u8]) {
    let (length, opened) = match open_cm(bytes) {
        None => return,
        Some((length, Ok(opened))) => (length, opened),
        Some((_, Err(Error::Plugin { kind, id, .. }))) => {
            return assert_eq!((kind, id), (Kind::Predictor, PluginId(2)));
        }
        Some((_, Err(error))) => return faulty(&error),
    };
    assert!(opened.memory() <= MEMORY, "{} bytes", opened.memory());
    // What is decoded means nothing; the model must survive it all the same.
    let registry = registry();
    let coder = registry.coder(PluginId(1), 1).unwrap();
    let mut decoder = coder.decoder(1, &[], bytes, &LIMITS).unwrap();
    let (mut state, mut history) = (opened.start().unwrap(), Vec::new());
    let length = length.min(2048);
    state.code(length / 3, &mut *decoder, &mut history);
    state.code(length - length / 3, &mut *decoder, &mut history);
    assert_eq!(history.len(), length);
}

/// Takes any bytes.
pub type Target = fn(&[u8]);

/// The targets by name, in the order of `tests/fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Target); 4] = [
    ("cm_params", cm_params),
    ("decode", decode),
    ("frame", frame),
    ("sections", sections),
];
