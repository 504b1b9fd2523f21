//! Files that encoders write.

use umoec_codec::pipeline::{CheckKind, Profile};

use super::{Vector, good};
use crate::content::Kind;
use crate::stack::{encode, encode_checked, encode_stream, fixed, order0};

fn rans(states: &str) -> Profile {
    fixed(1 << 20, ("order0", ""), ("rans", states))
}

pub(super) fn vectors() -> Vec<Vector> {
    [small(), blocks(), coders()].concat()
}

fn small() -> Vec<Vector> {
    let text = Kind::Text.generate(1000, 1);
    let noise = Kind::Noise.generate(300, 2);
    // Three times its length and 8 bytes are 8 KiB; what stands around the frame is more.
    let border = Kind::Noise.generate(2728, 13);
    let check = |name, sentence, kind| {
        good(
            name,
            sentence,
            &text,
            encode_checked(&text, order0(4096), kind),
        )
    };
    vec![
        good(
            "empty",
            "The empty content: a SOLO.",
            b"",
            encode(b"", order0(4096)),
        ),
        good(
            "one-byte",
            "One byte, stored.",
            b"a",
            encode(b"a", order0(4096)),
        ),
        good(
            "solo-order0",
            "A text of one block: SOLO, predictor `order0`, coder `rans`.",
            &text,
            encode(&text, order0(4096)),
        ),
        good(
            "solo-stored",
            "Noise of one block: a stored frame in a SOLO; its lengths are varints of three bytes.",
            &noise,
            encode(&noise, order0(4096)),
        ),
        good(
            "solo-memory",
            "A SOLO whose frame alone would need exactly 8 KiB: it declares 9.",
            &border,
            encode(&border, order0(4096)),
        ),
        check(
            "solo-crc32",
            "A SOLO with the check CRC-32.",
            CheckKind::Crc32,
        ),
        check(
            "solo-blake3-128",
            "A SOLO with the check BLAKE3-128.",
            CheckKind::Blake3_128,
        ),
        check(
            "solo-blake3-256",
            "A SOLO with the check BLAKE3-256.",
            CheckKind::Blake3_256,
        ),
    ]
}

fn blocks() -> Vec<Vector> {
    let text = Kind::Text.generate(3000, 3);
    let check = |name, sentence, kind| {
        good(
            name,
            sentence,
            &text,
            encode_checked(&text, order0(1000), kind),
        )
    };
    let [first, noise, last] = [Kind::Text, Kind::Noise, Kind::Runs].map(|k| k.generate(500, 4));
    let mixed = [first, noise, last].concat();
    let csv = Kind::Csv.generate(2500, 5);
    let empty = encode(b"", order0(4096));
    let solo = encode(&text, order0(4096));
    let framed = encode(&csv, order0(1000));
    vec![
        check(
            "blocks-crc32",
            "Three blocks, INDEX, check CRC-32.",
            CheckKind::Crc32,
        ),
        check(
            "blocks-blake3-128",
            "Three blocks, check BLAKE3-128.",
            CheckKind::Blake3_128,
        ),
        check(
            "blocks-blake3-256",
            "Three blocks, check BLAKE3-256.",
            CheckKind::Blake3_256,
        ),
        good(
            "blocks-one-stored",
            "Three blocks of which the second, noise, is stored.",
            &mixed,
            encode(&mixed, order0(500)),
        ),
        good(
            "unknown-length",
            "Three blocks of a content whose length was not known: HEADER has no content size, the last block is shorter.",
            &csv,
            encode_stream(&csv, order0(1000), 333),
        ),
        good(
            "unknown-length-short",
            "A content of unknown length that ended within the first block: a SOLO.",
            &csv[..700],
            encode_stream(&csv[..700], order0(1000), 99),
        ),
        good(
            "concatenated",
            "Four members: blocks, SOLO, the empty content, blocks.",
            &[&csv[..], &text, &csv].concat(),
            [&framed[..], &solo, &empty, &framed].concat(),
        ),
        good(
            "concatenated-solos",
            "Three members, each a SOLO.",
            &[&text[..], &text].concat(),
            [&solo[..], &empty, &solo].concat(),
        ),
    ]
}

fn coders() -> Vec<Vector> {
    let text = Kind::Text.generate(2000, 6);
    let states = |name, sentence, states| good(name, sentence, &text, encode(&text, rans(states)));
    // More than 2^22 whole bytes.
    let mut long = vec![0; 5_000_000];
    long[4_999_000] = 7;
    vec![
        states("rans-1", "Coder `rans` with one state, the default.", ""),
        states("rans-2", "Coder `rans` with two states.", "states = 2"),
        states("rans-4", "Coder `rans` with four states.", "states = 4"),
        states("rans-8", "Coder `rans` with eight states.", "states = 8"),
        good(
            "rans-chunks",
            "5,000,000 whole-byte decisions, nearly all 0: two chunks of coder `rans`.",
            &long,
            encode(&long, order0(8 << 20)),
        ),
    ]
}
