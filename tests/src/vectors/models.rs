//! Models that travel with the content. No frame here uses one: what they mean is a predictor's
//! matter.

use std::slice::from_ref;

use super::{Vector, faulty, good};
use crate::stack::Fault::Malformed;
use crate::wire::{COMMENT, Header, MODEL, Member, varint};

pub(super) fn vectors() -> Vec<Vector> {
    [valid(), malformed()].concat()
}

fn hash(model: &[u8]) -> [u8; 32] {
    *blake3::hash(model).as_bytes()
}

fn lists(models: &[&[u8]]) -> Member {
    Member::new(&Header {
        models: models.iter().map(|model| hash(model)).collect(),
        ..Header::default()
    })
}

/// The body of a MODEL (spec umc §5.7) of form 0.
fn body(model: &[u8]) -> Vec<u8> {
    of_form(0, model, model)
}

fn of_form(form: u8, model: &[u8], data: &[u8]) -> Vec<u8> {
    let length = varint(model.len() as u64);
    [&hash(model)[..], &length, &[form], data].concat()
}

/// A packed piece in its parts (spec umc §5.7.1).
#[derive(Clone)]
struct Piece {
    length: u32,
    frequencies: Vec<u8>,
    states: [u32; 4],
    words: Vec<u16>,
}

impl Piece {
    /// The piece that holds `bytes`, of which `often` says how frequent each is.
    fn new(bytes: &[u8], often: &[(u8, u32)]) -> Self {
        let mut frequencies = Vec::new();
        let mut next = 0;
        for &(byte, frequency) in often {
            if usize::from(byte) > next {
                frequencies.extend([0, (usize::from(byte) - next - 1) as u8]);
            }
            match frequency {
                0..128 => frequencies.push(frequency as u8),
                _ => frequencies.extend([0x80 | (frequency >> 8) as u8, frequency as u8]),
            }
            next = usize::from(byte) + 1;
        }
        if next < 256 {
            frequencies.extend([0, (255 - next) as u8]);
        }
        // Backwards: each step undoes one of the decoder's.
        let (mut states, mut words) = ([1u64 << 16; 4], Vec::new());
        for (i, byte) in bytes.iter().enumerate().rev() {
            let (below, rest): (Vec<_>, Vec<_>) = often.iter().partition(|(b, _)| b < byte);
            let start: u32 = below.iter().map(|(_, f)| f).sum();
            let (start, frequency) = (u64::from(start), u64::from(rest[0].1));
            let state = &mut states[i % 4];
            if *state >= frequency << 20 {
                words.insert(0, *state as u16);
                *state >>= 16;
            }
            *state = (*state / frequency) * 4096 + *state % frequency + start;
        }
        Self {
            length: bytes.len() as u32,
            frequencies,
            states: states.map(|state| state as u32),
            words,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let states: Vec<u8> = self.states.iter().flat_map(|s| s.to_le_bytes()).collect();
        let words: Vec<u8> = self.words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let length = self.length.to_le_bytes();
        [&length[..], &self.frequencies, &states, &words].concat()
    }
}

/// A packed model of two pieces: the bytes, and what packs them.
fn packed() -> (Vec<u8>, [Piece; 2]) {
    let weights: Vec<u8> = (0..203u32)
        .map(|i| [3, 0, 7, 0][(i * i % 11 % 4) as usize])
        .collect();
    let same = vec![255; 1000];
    let pieces = [
        Piece::new(&weights, &[(0, 2100), (3, 1896), (7, 100)]),
        Piece::new(&same, &[(255, 4096)]),
    ];
    ([weights, same].concat(), pieces)
}

/// Faults of what is packed.
fn packed_wrong() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let (_, [first, last]) = packed();
    let of = |piece: Piece| [piece.bytes(), last.bytes()].concat();
    let with = |change: fn(&mut Piece)| {
        let mut piece = first.clone();
        change(&mut piece);
        of(piece)
    };
    let whole = of(first.clone());
    vec![
        (
            "model-packed-short",
            "Packed bytes end too early.",
            whole[..whole.len() - 1].to_vec(),
        ),
        (
            "model-packed-long",
            "A byte follows the packed bytes.",
            [&whole[..], b"?"].concat(),
        ),
        (
            "model-packed-missing",
            "The last piece of packed bytes is missing.",
            first.bytes(),
        ),
        (
            "model-packed-piece-0",
            "A piece of no bytes.",
            with(|p| p.length = 0),
        ),
        (
            "model-packed-piece-long",
            "A piece of more bytes than the model has.",
            with(|p| p.length = 2000),
        ),
        (
            "model-packed-frequencies",
            "The frequencies of a piece add up to 4097.",
            with(|p| *p.frequencies.iter_mut().find(|f| **f == 100).unwrap() = 101),
        ),
        (
            "model-packed-frequency-long",
            "A frequency of 100 in two bytes.",
            with(|p| {
                let at = p.frequencies.iter().position(|&f| f == 100).unwrap();
                p.frequencies.insert(at, 0x80);
            }),
        ),
        (
            "model-packed-zeros",
            "A run of zeros that goes beyond 256 frequencies.",
            with(|p| *p.frequencies.last_mut().unwrap() += 1),
        ),
        (
            "model-packed-state",
            "A state below 2^16.",
            with(|p| p.states[2] = (1 << 16) - 1),
        ),
        (
            "model-packed-end",
            "A state that does not end as 2^16.",
            with(|p| p.states[1] += 4096),
        ),
    ]
}

fn valid() -> Vec<Vector> {
    let long = vec![7; 300];
    let (model, pieces) = packed();
    vec![
        good(
            "model",
            "An embedded model.",
            b"abc",
            lists(&[b"model"])
                .section(MODEL, &body(b"model"))
                .stored(b"abc")
                .index()
                .end(),
        ),
        good(
            "models",
            "Two embedded models in another order than that of the list, and a COMMENT between them.",
            b"abc",
            lists(&[b"", &long])
                .section(MODEL, &body(&long))
                .section(COMMENT, b"between models")
                .section(MODEL, &body(b""))
                .stored(b"abc")
                .index()
                .end(),
        ),
        good(
            "model-packed",
            "An embedded model that is packed, in two pieces.",
            b"abc",
            lists(&[&model])
                .section(
                    MODEL,
                    &of_form(1, &model, &pieces.map(|p| p.bytes()).concat()),
                )
                .stored(b"abc")
                .index()
                .end(),
        ),
    ]
}

fn malformed() -> Vec<Vector> {
    let with = |name, sentence, listed: &[&[u8]], bodies: &[Vec<u8>]| {
        let mut member = lists(listed);
        for body in bodies {
            member = member.section(MODEL, body);
        }
        faulty(
            name,
            Malformed,
            sentence,
            member.stored(b"abc").index().end(),
        )
    };
    let model = body(b"model");
    let mut other = model.clone();
    other[0] ^= 1;
    let mut changed = model.clone();
    changed[36] ^= 1;
    let whole = packed().0;
    let packed = packed_wrong().into_iter().map(|(name, sentence, data)| {
        with(name, sentence, &[&whole], &[of_form(1, &whole, &data)])
    });
    let mut vectors: Vec<_> = packed.collect();
    vectors.extend([
        with(
            "model-form",
            "A MODEL of form 2.",
            &[b"model"],
            &[of_form(2, b"model", b"model")],
        ),
        with(
            "model-unlisted",
            "A MODEL that the HEADER does not list.",
            &[],
            from_ref(&model),
        ),
        with(
            "model-other",
            "A MODEL, but the HEADER lists another.",
            &[b"other"],
            from_ref(&model),
        ),
        with(
            "model-twice",
            "The same MODEL twice.",
            &[b"model"],
            &[model.clone(), model.clone()],
        ),
        with(
            "model-hash",
            "The hash of a MODEL is not that of its bytes.",
            &[b"model"],
            &[other],
        ),
        with(
            "model-bytes",
            "The bytes of a MODEL are not those of its hash.",
            &[b"model"],
            &[changed],
        ),
        with(
            "model-short",
            "A MODEL ends within its bytes.",
            &[b"model"],
            &[model[..model.len() - 1].to_vec()],
        ),
        with(
            "model-long",
            "A byte follows the bytes of a MODEL.",
            &[b"model"],
            &[[&model[..], b"?"].concat()],
        ),
        with(
            "model-empty",
            "A MODEL without a body.",
            &[b"model"],
            &[vec![]],
        ),
        faulty(
            "model-behind",
            Malformed,
            "A MODEL behind the INDEX.",
            lists(&[b"model"]).index().section(MODEL, &model).end(),
        ),
    ]);
    vectors
}
