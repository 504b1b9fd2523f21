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

/// The body of a MODEL (spec umc §5.7).
fn body(model: &[u8]) -> Vec<u8> {
    [&hash(model)[..], &varint(model.len() as u64), model].concat()
}

fn valid() -> Vec<Vector> {
    let long = vec![7; 300];
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
    vec![
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
    ]
}
