//! Whole streams, with a small model made here.

mod explained;

use std::sync::Arc;

use proptest::prelude::*;
use umoec_adapter_bytes as _;
use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, Profile, compress, decompress, inspect};
use umoec_codec::plugin::{Layout, Model, NumberLayout, Predictor as _, Registry, Settings};
use umoec_codec::{Error, Limits};
use umoec_coder_rans as _;
use umoec_coder_stored as _;
use umoec_predictor_onnx::sample::{Size, sample};
use umoec_predictor_onnx::{Backend, choose_backend};

use crate::params::{Lanes, NetworkParams, Params};
use crate::plugin::Mix;

fn registry() -> Arc<Registry> {
    let mut registry = Registry::linked().unwrap();
    let model = sample("tiny", Size::TINY, 7).unwrap();
    registry.models_mut().insert(Model::new("tiny", model));
    Arc::new(registry)
}

fn options(network: &str) -> EncodeOptions {
    EncodeOptions::new(
        Profile::from_toml(&format!(
            "name = 'test'\nblock_size = 9000\nmemory = '256 MiB'\n\
             adapter = {{ plugin = 'bytes' }}\ncoder = {{ plugin = 'rans' }}\n\
             [predictor]\nplugin = 'mix'\nnetwork = '{network}'\nmodel = 'tiny'\n\
             cm = {{ models = ['text'], table_mib = 4 }}\n"
        ))
        .unwrap(),
    )
}

fn text(len: usize) -> Vec<u8> {
    let words =
        b"all happy families resemble one another; each unhappy family is unhappy in its own way. ";
    words.iter().copied().cycle().take(len).collect()
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn streams_come_back_through_any_backend() {
    let registry = registry();
    for len in [0, 1, 2, 700, 20_000] {
        let data = [text(len / 2), noise(len - len / 2)].concat();
        for network in ["auto", "always", "never"] {
            let mut files = Vec::new();
            for backend in [Backend::Tract, Backend::Reference] {
                choose_backend(Some(backend));
                files.push(compress(&data, &registry, &options(network)).unwrap());
            }
            assert!(files[0] == files[1], "{network} {len}");
            for backend in [Backend::Tract, Backend::Reference] {
                choose_backend(Some(backend));
                let again = decompress(&files[0], &registry, &DecodeOptions::default()).unwrap();
                assert!(again == data, "{network} {len} {backend}");
            }
        }
    }
}

#[test]
fn a_model_that_is_missing_is_named() {
    let file = compress(&text(600), &registry(), &options("always")).unwrap();
    let without = Arc::new(Registry::linked().unwrap());
    let error = decompress(&file, &without, &DecodeOptions::default()).unwrap_err();
    assert!(error.to_string().contains("tiny"), "{error}");
    assert!(inspect(&file[..]).is_ok());
}

#[test]
fn too_little_memory_is_an_error_that_says_so() {
    let params = Params {
        network: Some(NetworkParams {
            params: Vec::new(),
            rest: 0,
            lanes: None,
        }),
        cm: vec![1, 8 | 7 << 5],
    };
    for memory in [0, 1 << 10, 1 << 20] {
        let limits = Limits {
            memory,
            ..Limits::default()
        };
        let outcome = Mix.open(1, &params.write(), 1000, &limits);
        assert!(
            matches!(outcome.err(), Some(Error::Limit { .. })),
            "{memory}"
        );
    }
}

#[test]
fn several_lanes_are_refused() {
    let params = Params {
        network: Some(NetworkParams {
            params: vec![2, 100],
            rest: 0,
            lanes: None,
        }),
        cm: vec![1, 8],
    };
    let outcome = Mix.open(1, &params.write(), 1000, &Limits::default());
    let error = outcome.err().unwrap().to_string();
    assert!(error.contains("lanes"), "{error}");
}

/// Words in random order: text enough for the network.
fn words(len: usize) -> Vec<u8> {
    let words = [
        "the ", "river ", "and ", "winter, ", "old ", "was ", "frozen. ", "he ", "told ",
    ];
    let picks = noise(len);
    let text = picks
        .iter()
        .flat_map(|&n| words[usize::from(n) % words.len()].bytes());
    text.take(len).collect()
}

#[test]
fn lanes_are_the_same_on_one_thread_and_on_two() {
    // Many superblocks, and a part of one.
    let data = words(53_001);
    let registry = registry();
    let mut profile = options("always").profile;
    profile.block_size = 2 << 20;
    let settings = &mut profile.predictor.settings;
    settings.insert("lanes".into(), 2.into());
    settings.insert("lanes_kib".into(), 40.into());
    let files: Vec<Vec<u8>> = [1, 2]
        .map(|threads| {
            let options = EncodeOptions {
                threads,
                ..EncodeOptions::new(profile.clone())
            };
            compress(&data, &registry, &options).unwrap()
        })
        .to_vec();
    assert!(files[0] == files[1]);
    for threads in [1, 2] {
        let options = DecodeOptions {
            threads,
            ..DecodeOptions::default()
        };
        assert!(decompress(&files[0], &registry, &options).unwrap() == data);
    }
}

#[test]
fn only_long_streams_that_say_something_new_have_lanes() {
    let lanes = |data: &[u8], model: &str, lanes: u8| {
        let settings = format!(
            "network = 'always'\nlanes = {lanes}\nlanes_kib = 9\ncm = {{ models = ['{model}'], table_mib = 1 }}"
        );
        let layout = Layout {
            number: Some(NumberLayout { width: 4, phase: 0 }),
            strides: vec![4],
        };
        let settings: Settings = settings.parse().unwrap();
        let wire = Mix.plan(data, &layout, &settings).unwrap();
        Params::read(&wire).unwrap().network.unwrap().lanes
    };
    let data = words(9 << 10);
    let two = Some(Lanes { count: 2, log2: 12 });
    assert_eq!(lanes(&data, "fast-text", 2), two);
    assert_eq!(lanes(&data, "fast-text", 1), None);
    assert_eq!(lanes(&data, "number", 2), None);
    assert_eq!(lanes(&data[1..], "fast-text", 2), None);
    assert_eq!(lanes(&data.repeat(3), "fast-text", 2), None);
    let hostile = Params {
        network: Some(NetworkParams {
            params: Vec::new(),
            rest: 0,
            lanes: two,
        }),
        cm: vec![9, 8, 0, 4, 0],
    };
    let error = Mix.open(1, &hostile.write(), 1 << 20, &Limits::default());
    assert!(matches!(error.err(), Some(Error::Plugin { .. })));
}

#[test]
fn the_embedded_network_is_taken_where_it_pays() {
    let settings: Settings = "cm = { models = ['text'], table_mib = 4 }".parse().unwrap();
    let prose = b"It was the year of the great frost, and nobody in the village could remember \
        a winter so cold. The old man sat beside the fire and told his grandchildren how the \
        river had once been frozen for three months, so that the merchants came over the ice \
        with their horses, and a fair was held where the boats used to lie at anchor.";
    let uses = |data: &[u8]| {
        let wire = Mix.plan(data, &Layout::default(), &settings).unwrap();
        Params::read(&wire).unwrap().network.is_some()
    };
    assert!(uses(prose));
    assert!(!uses(&noise(3000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_parameters_are_refused_or_opened(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        let limits = Limits { memory: 64 << 20, ..Limits::default() };
        if let Ok(opened) = Mix.open(1, &bytes, 100, &limits) {
            prop_assert!(opened.memory() <= limits.memory);
        }
    }
}
