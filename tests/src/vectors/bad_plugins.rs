//! Faults that only a plugin can find: parameters and payloads.

use super::bad_frames::of;
use super::payload::{order0_rans, uniform_rans};
use super::{Vector, faulty};
use crate::stack::Fault::{Damaged, Malformed};
use crate::wire::{frame, reference, several, solo, solo_member};

pub(super) fn vectors() -> Vec<Vector> {
    [
        payloads(),
        parameters(),
        of_adapters(),
        of_tables(),
        deflate(),
        of_numbers(),
    ]
    .concat()
}

fn payloads() -> Vec<Vector> {
    let data = b"abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc";
    let n = data.len() as u64;
    let with = |name, sentence, predictor: &[u8], coder: &[u8], payload: &[u8]| {
        let body = frame(n, &[1, 1], predictor, coder, payload);
        faulty(
            name,
            Damaged,
            sentence,
            solo_member(&solo(8, &body, data, 0x80)),
        )
    };
    let stored = |name, sentence, payload: &[u8]| with(name, sentence, &[0], &[1, 1], payload);
    let rans = |name, sentence, payload: &[u8]| with(name, sentence, &[1, 1], &[2, 1], payload);
    let coded = order0_rans(data);
    let uniform = uniform_rans(data);
    let mut other = uniform.clone();
    other[20] ^= 1;
    vec![
        stored(
            "stored-short",
            "Coder `stored` with a byte too few.",
            &data[1..],
        ),
        stored(
            "stored-long",
            "Coder `stored` with a byte too many.",
            &[&data[..], b"d"].concat(),
        ),
        rans("rans-none", "Coder `rans` without a payload.", b""),
        rans(
            "rans-short",
            "Coder `rans` without the last word.",
            &coded[..coded.len() - 4],
        ),
        rans(
            "rans-long",
            "Coder `rans` with a word too many.",
            &[&coded[..], &[0; 4]].concat(),
        ),
        rans(
            "rans-zeros",
            "Coder `rans` with a payload of zeros.",
            &vec![0; coded.len()],
        ),
        with(
            "rans-other-bytes",
            "A payload of other bytes: only the content check can tell.",
            &[0],
            &[2, 1],
            &other,
        ),
        with(
            "rans-states-payload",
            "Coder `rans` with eight states, but a payload of one.",
            &[1, 1],
            &reference(2, 1, &[8]),
            &coded,
        ),
    ]
}

fn deflate() -> Vec<Vector> {
    let bad = |name, sentence, params: &[u8], streams: &[&[u8]]| {
        let streams: Vec<_> = streams.iter().map(|s| s.to_vec()).collect();
        let body = several(3, &reference(7, 1, params), &streams);
        of(name, Malformed, sentence, &body)
    };
    vec![
        bad(
            "params-deflate",
            "Parameters for adapter `deflate`, which has none.",
            &[1],
            &[b"abc", b""],
        ),
        bad(
            "deflate-record-short",
            "Adapter `deflate` with a record that ends early.",
            &[],
            &[b"abc", &[3, 0], b""],
        ),
        bad(
            "deflate-gap",
            "Adapter `deflate` with a record behind four bytes of three.",
            &[],
            &[b"abc", &[4, 0, 0, 0], b""],
        ),
        bad(
            "deflate-content-left",
            "Adapter `deflate` with a content that no record takes.",
            &[],
            &[b"abc", b"", b"x"],
        ),
    ]
}

fn of_tables() -> Vec<Vector> {
    let bad = |name, sentence, adapter: u64, params: &[u8]| {
        let adapter = reference(adapter, 1, params);
        of(
            name,
            Malformed,
            sentence,
            &frame(3, &adapter, &[0], &[1, 1], b"abc"),
        )
    };
    vec![
        bad(
            "params-image-none",
            "Adapter `image` without parameters.",
            5,
            &[],
        ),
        bad(
            "params-image-colour",
            "Adapter `image` with colour transform 3.",
            5,
            &[0x30, 0, 0, 3, 0, 1],
        ),
        bad(
            "params-image-outside",
            "Adapter `image` with rows that go on behind the block.",
            5,
            &[0, 0, 0, 2, 0, 2],
        ),
        bad(
            "params-image-long",
            "Adapter `image` with a byte too many.",
            5,
            &[0, 0, 0, 3, 0, 1, 0],
        ),
        bad(
            "params-record-none",
            "Adapter `record` without parameters.",
            6,
            &[],
        ),
        bad(
            "params-record-short",
            "Adapter `record` whose parameters end before the fields.",
            6,
            &[0, 3, 1],
        ),
    ]
}

fn parameters() -> Vec<Vector> {
    let of = |name, sentence, adapter: &[u8], predictor: &[u8], coder: &[u8]| {
        of(
            name,
            Malformed,
            sentence,
            &frame(3, adapter, predictor, coder, b"abc"),
        )
    };
    let cm =
        |name, sentence, params: &[u8]| of(name, sentence, &[0], &reference(2, 1, params), &[1, 1]);
    let bytes = reference(1, 1, &[0]);
    vec![
        of(
            "params-bytes",
            "Parameters for adapter `bytes`, which has none.",
            &bytes,
            &[0],
            &[1, 1],
        ),
        of(
            "params-order0",
            "Parameters for predictor `order0`, which has none.",
            &[0],
            &bytes,
            &[1, 1],
        ),
        of(
            "params-stored",
            "Parameters for coder `stored`, which has none.",
            &[0],
            &[0],
            &bytes,
        ),
        of(
            "params-rans-3",
            "Coder `rans` with three states.",
            &[0],
            &[0],
            &reference(2, 1, &[3]),
        ),
        of(
            "params-rans-0",
            "Coder `rans` with no states.",
            &[0],
            &[0],
            &reference(2, 1, &[0]),
        ),
        of(
            "params-rans-two",
            "Two bytes of parameters for coder `rans`.",
            &[0],
            &[0],
            &reference(2, 1, &[1, 1]),
        ),
        of(
            "params-cm-none",
            "Predictor `cm` without parameters.",
            &[0],
            &[2, 1],
            &[1, 1],
        ),
        cm(
            "params-cm-short",
            "Predictor `cm` without the size of its table.",
            &[1],
        ),
        cm(
            "params-cm-preset",
            "Predictor `cm` with preset 255.",
            &[255, 4],
        ),
        cm(
            "params-cm-size",
            "Predictor `cm` with a table of eight lines.",
            &[1, 0],
        ),
        cm(
            "params-cm-size-large",
            "Predictor `cm` with a table of 15 * 2^31 lines.",
            &[1, 0xff],
        ),
        cm(
            "params-cm-strides-0",
            "Predictor `cm` with strides of 0, which must be absent.",
            &[1, 4, 0, 0],
        ),
        cm(
            "params-cm-one-stride",
            "Predictor `cm` with one of the two strides.",
            &[1, 4, 3],
        ),
        cm(
            "params-cm-long",
            "Predictor `cm` with a zero behind the strides: numbers of no bytes.",
            &[1, 4, 3, 0, 0],
        ),
        cm(
            "params-cm-stride-large",
            "Predictor `cm` with a stride of 2^24.",
            &[1, 4, 0x80, 0x80, 0x80, 8, 0],
        ),
        cm(
            "params-cm-recipe-short",
            "Predictor `cm` with a recipe that ends early.",
            &[0, 4, 2, 1],
        ),
        cm(
            "params-cm-context",
            "Predictor `cm` with a recipe that names context 255.",
            &[0, 4, 1, 255, 0, 0, 1, 0, 9, 9, 9, 9],
        ),
        cm(
            "params-cm-many",
            "Predictor `cm` with a recipe of 49 contexts.",
            &[&[0, 4, 49][..], &[1; 49], &[0, 0, 1, 0, 9, 9, 9, 9]].concat(),
        ),
    ]
}

fn of_numbers() -> Vec<Vector> {
    let cm = |name, sentence, params: &[u8]| {
        let body = frame(3, &[0], &reference(2, 1, params), &[1, 1], b"abc");
        of(name, Malformed, sentence, &body)
    };
    vec![
        cm(
            "params-cm-numbers-9",
            "Predictor `cm` with numbers of nine bytes.",
            &[9, 4, 9, 0, 0x90],
        ),
        cm(
            "params-cm-numbers-phase",
            "Predictor `cm` with numbers of four bytes, the first at byte 4.",
            &[9, 4, 4, 0, 0x44],
        ),
        cm(
            "params-cm-longer",
            "Predictor `cm` with a byte behind the numbers.",
            &[1, 4, 3, 0, 0x40, 0],
        ),
    ]
}

fn of_adapters() -> Vec<Vector> {
    let adapter = |name, sentence, id, params: &[u8]| {
        let body = frame(3, &reference(id, 1, params), &[0], &[1, 1], b"abc");
        of(name, Malformed, sentence, &body)
    };
    let float = |name, sentence, params: &[u8]| adapter(name, sentence, 2, params);
    let audio = |name, sentence, params: &[u8]| adapter(name, sentence, 3, params);
    let exe = |name, sentence, params: &[u8]| adapter(name, sentence, 4, params);
    vec![
        float(
            "params-float-none",
            "Adapter `float` without parameters.",
            &[],
        ),
        float(
            "params-float-width",
            "Adapter `float` with numbers of three bytes.",
            &[3, 0, 2],
        ),
        float(
            "params-float-reserved",
            "Adapter `float` with reserved bit 5.",
            &[4 | 32, 0, 2],
        ),
        float(
            "params-float-skip",
            "Adapter `float` with six bytes of a number to skip.",
            &[4, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 2],
        ),
        float(
            "params-float-no-columns",
            "Adapter `float` with records of no columns.",
            &[4, 0],
        ),
        float(
            "params-float-columns",
            "Adapter `float` with records of 4097 columns.",
            &[&[4, 0][..], &[2; 4097]].concat(),
        ),
        float(
            "params-float-kind",
            "Adapter `float` with a column of kind 3.",
            &[4, 0, 3],
        ),
        float(
            "params-float-column",
            "Adapter `float` with a reserved bit of a column.",
            &[4, 0, 2 | 8],
        ),
        audio(
            "params-audio-short",
            "Adapter `audio` without the length of the samples.",
            &[1, 0, 0],
        ),
        audio(
            "params-audio-long",
            "Adapter `audio` with a byte too many.",
            &[1, 0, 0, 2, 0],
        ),
        audio(
            "params-audio-reserved",
            "Adapter `audio` with reserved bit 4.",
            &[1 | 16, 0, 0, 2],
        ),
        audio(
            "params-audio-channels",
            "Adapter `audio` with 33 channels.",
            &[1, 32, 0, 2],
        ),
        audio(
            "params-audio-outside",
            "Adapter `audio` with samples that go on behind the block.",
            &[0, 0, 1, 3],
        ),
        audio(
            "params-audio-far",
            "Adapter `audio` with samples from 2^35 - 1 on.",
            &[0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
        ),
        exe(
            "params-exe-machine",
            "Adapter `exe` with machine 3.",
            &[3, 0, 0, 0, 0],
        ),
        exe(
            "params-exe-short",
            "Adapter `exe` with an address of three bytes.",
            &[1, 0, 0, 0],
        ),
        exe(
            "params-exe-long",
            "Adapter `exe` with an address of five bytes.",
            &[1, 0, 0, 0, 0, 0],
        ),
    ]
}
