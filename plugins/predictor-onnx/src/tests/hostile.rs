//! What must be refused: parameters, models, too little memory.

use std::sync::Arc;

use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, compress, decompress};
use umoec_codec::plugin::{Kind, Model, Opened};
use umoec_codec::{Error, Limits, Result};

use super::{decode, options, registry, text, tiny};
use crate::Loaded;

fn open(params: &[u8], models: &[Arc<Model>], limits: &Limits) -> Result<Box<dyn Opened>> {
    let registry = registry(&[]);
    let plugin = registry.predictor(crate::ID, 1).unwrap();
    plugin.open_with_models(1, params, 100, models, limits)
}

fn refused(params: &[u8], models: &[Arc<Model>]) -> String {
    match open(params, models, &Limits::default()) {
        Err(Error::Plugin {
            kind: Kind::Predictor,
            id,
            reason,
        }) => {
            assert_eq!(id, crate::ID);
            reason
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{params:?} was taken"),
    }
}

#[test]
fn a_place_beyond_the_models_is_refused() {
    assert!(refused(&[1, 64], &[]).contains("model 0 of 0"));
    assert!(refused(&[1, 65], &[tiny()]).contains("model 1 of 1"));
    let second = [Model::new("", vec![]), tiny()];
    assert!(open(&[1, 65], &second, &Limits::default()).is_ok());
}

#[test]
fn a_known_model_of_a_later_program_is_unsupported() {
    match open(&[1, 63], &[tiny()], &Limits::default()) {
        Err(Error::Unsupported { what, .. }) => assert!(what.contains("known model 63")),
        _ => panic!("there cannot be so many"),
    }
}

#[test]
fn a_model_that_is_none_is_refused_with_its_hash_and_the_reason() {
    let mut cut = tiny().bytes().to_vec();
    cut.truncate(cut.len() / 2);
    for bytes in [b"not a model".to_vec(), vec![], cut] {
        let model = Model::new("bad", bytes);
        let reason = refused(&[1, 64], &[Arc::clone(&model)]);
        let hash = umoec_codec::plugin::hex(&model.hash());
        assert!(
            reason.contains(&hash) && reason.contains("`bad`"),
            "{reason}"
        );
    }
}

#[test]
fn memory_is_what_the_specification_says_and_is_checked_first() {
    let loaded = Loaded::new(tiny()).unwrap();
    let cost = loaded.model().cost();
    for (params, lanes, segment) in [(&[1, 64][..], 1, 0), (&[16, 0xfb, 0, 16, 64], 16, 4096)] {
        let expected = cost.file_bytes
            + 4 * cost.parameters
            + lanes * (16_384 + 2 * cost.state_bytes + segment);
        let limits = |memory| Limits {
            memory,
            ..Limits::default()
        };
        let opened = open(params, &[tiny()], &limits(expected)).unwrap();
        assert_eq!(opened.memory(), expected);
        for memory in [0, expected - 1] {
            let outcome = open(params, &[tiny()], &limits(memory));
            assert!(matches!(outcome, Err(Error::Limit { .. })), "{memory}");
        }
    }
}

#[test]
fn a_profile_without_a_model_or_with_nonsense_fails_at_once() {
    let fails =
        |settings: &str| match compress(b"abc", &registry(&[tiny()]), &options(100, settings)) {
            Err(Error::Config(text)) => text,
            other => panic!("{other:?}"),
        };
    if crate::EMBEDDED.is_empty() {
        assert!(fails("").contains("--model"));
    }
    assert!(fails("model = 'other'").contains("tiny"));
    assert!(fails("model = 'tiny'\nlanes = 0").contains("lanes"));
    assert!(fails("models = 'tiny'").contains("models"));
}

#[test]
fn a_damaged_file_never_panics_and_never_decodes_to_something_else() {
    let registry = registry(&[tiny()]);
    let settings = "model = 'tiny'\nlanes = 3\nsegment = 16";
    let data = text(150);
    let file = compress(&data, &registry, &options(1000, settings)).unwrap();
    for position in 0..file.len() {
        assert!(decode(&file[..position], &registry).is_err());
        let mut changed = file.clone();
        changed[position] ^= 0x20;
        if let Ok(content) = decode(&changed, &registry) {
            assert_eq!(content, data, "{position}");
        }
    }
}

#[test]
fn too_little_memory_to_decode_is_a_limit() {
    let registry = registry(&[tiny()]);
    let options: EncodeOptions = options(1000, "model = 'tiny'");
    let file = compress(&text(500), &registry, &options).unwrap();
    let little = DecodeOptions {
        memory: Some(10_000),
        ..DecodeOptions::default()
    };
    let outcome = decompress(&file, &registry, &little);
    assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
}
