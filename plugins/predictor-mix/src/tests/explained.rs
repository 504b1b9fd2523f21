//! What is said of a stream beside its bytes: what it is told, where it rests, what its parts are worth.

use std::sync::Arc;

use umoec_codec::Limits;
use umoec_codec::pipeline::{
    Costs, DecodeOptions, EncodeOptions, StreamCosts, compress, decompress,
};
use umoec_codec::plugin::{Layout, Meter, Model, Predictor as _, Registry};
use umoec_exact::condition::statistics;
use umoec_predictor_onnx::sample::{Size, sample};

use super::{options, registry, words};
use crate::params::{Lanes, NetworkParams, Params};
use crate::plugin::Mix;

/// A member of one stream, decoded: what its bytes cost, and its variants.
fn costs(data: &[u8], registry: &Arc<Registry>, options: &EncodeOptions) -> StreamCosts {
    let file = compress(data, registry, options).unwrap();
    let costs = Costs::with_variants();
    let options = DecodeOptions {
        costs: Some(costs.clone()),
        ..DecodeOptions::default()
    };
    assert!(decompress(&file, registry, &options).unwrap() == data);
    costs.take().remove(0).streams.remove(0)
}

fn sum(bits: &[f32]) -> f64 {
    bits.iter().map(|&bits| f64::from(bits)).sum()
}

/// Options for a single stream with these settings of `mix`.
fn single(network: &str, more: &[(&str, i64)]) -> EncodeOptions {
    let mut options = options(network);
    options.profile.block_size = 1 << 20;
    for &(key, value) in more {
        let settings = &mut options.profile.predictor.settings;
        settings.insert(key.into(), value.into());
    }
    options
}

#[test]
fn variants_cost_what_they_would_have_cost() {
    let (data, registry) = (words(20_000), registry());
    let lanes = [("rest", 9), ("lanes", 2), ("lanes_kib", 1)];
    let all = costs(&data, &registry, &single("always", &lanes));
    let names: Vec<_> = all.variants.iter().map(|v| v.name).collect();
    assert_eq!(names, ["cm alone", "no rest", "one lane", "network alone"]);
    for variant in &all.variants {
        assert_eq!(variant.bits.len(), data.len());
        assert!(sum(&variant.bits) != sum(&all.bits), "{}", variant.name);
    }
    // What the encoder makes under the other settings costs just that.
    for (number, other) in [
        (0, single("never", &[])),
        (
            1,
            single("always", &[("rest", 0), ("lanes", 2), ("lanes_kib", 1)]),
        ),
        (2, single("always", &[("rest", 9)])),
    ] {
        let other = costs(&data, &registry, &other);
        assert!(other.bits == all.variants[number].bits, "{}", names[number]);
    }
    // Of a stream without a network there is but one kind.
    assert!(
        costs(&data, &registry, &single("never", &[]))
            .variants
            .is_empty()
    );
}

#[test]
fn where_the_network_rests_is_counted() {
    let data = words(3000).repeat(3);
    let registry = registry();
    let count = |settings: &[(&str, i64)]| {
        let counts = costs(&data, &registry, &single("always", settings)).counts;
        let [
            ("bytes at which the network rested", rested),
            ("steps that the network was spared", spared),
        ] = counts[..]
        else {
            panic!("{counts:?}")
        };
        (rested, spared)
    };
    assert_eq!(count(&[("rest", 0)]), (0, 0));
    for lanes in [1, 3] {
        let (rested, spared) = count(&[("rest", 20), ("lanes", lanes), ("lanes_kib", 1)]);
        // Much of the second and the third third, and a little of the first.
        assert!((3000..7000).contains(&rested), "{rested}");
        // After each rest but the last the network takes in some of what it missed.
        assert!(
            (rested / 2..=rested).contains(&spared),
            "{spared} of {rested}"
        );
    }
}

#[test]
fn a_network_is_told_the_statistics_of_the_stream() {
    // A name that does not fit beside them is cut.
    let name = "told-".repeat(13)[..64].to_owned();
    let model = Model::new(name.clone(), sample(&name, Size::TOLD, 7).unwrap());
    let mut registry = Registry::linked().unwrap();
    registry.models_mut().insert(Arc::clone(&model));
    let registry = Arc::new(registry);
    let data = words(9000);
    for lanes in [1, 2] {
        let mut options = single("always", &[("lanes", lanes), ("lanes_kib", 1)]);
        let settings = &mut options.profile.predictor.settings;
        settings.insert("model".into(), name.clone().into());
        let file = compress(&data, &registry, &options).unwrap();
        assert!(decompress(&file, &registry, &DecodeOptions::default()).unwrap() == data);

        let settings = &options.profile.predictor.settings;
        let models = [Arc::clone(&model)];
        let wire = Mix.plan_with_models(&data, &Layout::default(), settings, &models);
        let network = Params::read(&wire.unwrap()).unwrap().network.unwrap();
        let expected = [&[1, 64, 16][..], &statistics(&data), &name.as_bytes()[..43]].concat();
        assert_eq!(network.params, expected);
        assert_eq!(network.lanes.is_some(), lanes > 1);
    }
}

#[test]
fn what_it_is_told_reaches_the_network() {
    let models = [Model::new("told", sample("told", Size::TOLD, 7).unwrap())];
    let data = words(6000);
    for lanes in [None, Some(Lanes { count: 2, log2: 10 })] {
        let cost = |value: u8| {
            let network = NetworkParams {
                params: [&[1, 64, 16][..], &[value; 16]].concat(),
                rest: 0,
                lanes,
            };
            let params = Params {
                network: Some(network),
                cm: vec![1, 8],
            };
            let len = data.len() as u64;
            let opened = Mix.open_with_models(1, &params.write(), len, &models, &Limits::default());
            let mut state = opened.unwrap().start().unwrap();
            let mut meter = Meter::new(&data);
            state.code(data.len(), &mut meter, &mut Vec::new());
            meter.cost()
        };
        assert_ne!(cost(0), cost(200), "{lanes:?}");
    }
}
