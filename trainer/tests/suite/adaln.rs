//! Scale, shift and gate around a block.

use std::sync::Arc;

use burn::tensor::Tensor;
use umoec_trainer::conditions::{Conditions, Observed};
use umoec_trainer::config::{AdalnConfig, BlockConfig, MixerConfig, MlpConfig};
use umoec_trainer::data::Stretch;
use umoec_trainer::grid::{FEATURE, MODULATION, RESIDUAL, WEIGHT};
use umoec_trainer::layer::{Features, Layer, Place, build, initial, initial_states};
use umoec_trainer::random::Random;

use crate::burned::{close, leaf, mlp, normal, round, round_inside, stream, values};

const WIDTH: usize = 32;
const HIDDEN: usize = 48;
const ROWS: usize = 40;
const COUNT: usize = 28;

fn layer(
    block: &BlockConfig,
    starts: &[bool],
    features: &[u8],
    states: Vec<Vec<f32>>,
) -> Arc<dyn Layer> {
    let stretch = Stretch {
        lanes: 1,
        starts: starts.to_vec(),
        ..Stretch::default()
    };
    let place = Place {
        features: Features {
            count: COUNT,
            rows: Arc::new(features.to_vec()),
        },
        ..Place::new(WIDTH, &stretch)
    };
    build(block, &place, &mut states.into_iter())
}

fn around(inner: BlockConfig) -> BlockConfig {
    BlockConfig::Adaln(AdalnConfig {
        inner: Box::new(inner),
    })
}

/// Numbers on the residual stream's grid, some beyond ±8.
fn stream_values(random: &mut Random) -> Vec<f32> {
    let all = normal(random, ROWS * WIDTH, 2.5);
    all.iter()
        .map(|x| (x / RESIDUAL.step).round() * RESIDUAL.step)
        .collect()
}

#[test]
fn it_is_the_formula_and_its_gradient() {
    let mut random = Random::new(11, 0);
    let features: Vec<u8> = (0..ROWS * COUNT).map(|_| random.below(256) as u8).collect();
    let block = around(BlockConfig::Mlp(MlpConfig { hidden: HIDDEN }));
    let layer = layer(&block, &[false; ROWS], &features, Vec::new());
    let sizes = [
        COUNT * 3 * WIDTH,
        3 * WIDTH,
        WIDTH * HIDDEN,
        HIDDEN,
        HIDDEN * WIDTH,
    ];
    assert_eq!(
        layer.blocks().iter().map(|b| b.size()).collect::<Vec<_>>(),
        sizes
    );
    let spreads = [0.2, 0.5, 0.2, 0.3, 0.4];
    let mut parameters = Vec::new();
    for (size, spread) in sizes.into_iter().zip(spreads) {
        parameters.extend(normal(&mut random, size, spread));
    }
    let x = stream_values(&mut random);
    assert!(x.iter().any(|x| x.abs() > 8.0));
    let dy = normal(&mut random, x.len(), 1.0);
    let (y, kept) = layer.forward(&x, &parameters);
    let (dx, gradient) = layer.backward(&parameters, kept, &dy);

    let mut rest = &parameters[..];
    let mut part = |size: usize, columns: usize| {
        let (own, later) = rest.split_at(size);
        rest = later;
        leaf(own, columns)
    };
    let columns = [3 * WIDTH, 3 * WIDTH, HIDDEN, HIDDEN, WIDTH];
    let [weight, bias, up, up_bias, down] = std::array::from_fn(|i| part(sizes[i], columns[i]));
    let given = leaf(&x, WIDTH);
    let told: Vec<f32> = features
        .iter()
        .map(|&n| (f32::from(n) - 128.0) / 128.0)
        .collect();
    assert_eq!(FEATURE.low * FEATURE.step, -1.0);
    let m = leaf(&told, COUNT).matmul(round(weight.clone(), WEIGHT)) + bias.clone();
    let m = round_inside(m, MODULATION);
    let of = |i: usize| -> Tensor<2> { m.clone().slice([0..ROWS, i * WIDTH..(i + 1) * WIDTH]) };
    let h = stream(round_inside(given.clone(), RESIDUAL) * (of(0) + 1.0) + of(1));
    let f = round_inside(
        mlp(h, [up.clone(), up_bias.clone(), down.clone()]),
        RESIDUAL,
    );
    let wanted = given.clone() + stream((of(2) + 1.0) * f);
    assert_eq!(y, values(wanted.clone()));
    let gradients = (wanted * leaf(&dy, WIDTH)).sum().backward();
    close(&dx, &values(given.grad(&gradients).unwrap()), "x");
    let mut at = 0;
    for (name, leaf) in [
        ("modulation", weight),
        ("modulation bias", bias),
        ("up", up),
        ("up bias", up_bias),
        ("down", down),
    ] {
        let wanted = values(leaf.grad(&gradients).unwrap());
        close(&gradient[at..at + wanted.len()], &wanted, name);
        at += wanted.len();
    }
}

#[test]
fn an_untrained_one_is_the_block_within_states_and_all() {
    let inner = BlockConfig::Mixer(MixerConfig {
        channels: 32,
        heads: 4,
        states: 8,
        shift: 9,
    });
    let block = around(inner.clone());
    let mut random = Random::new(12, 0);
    let mut starts = [false; ROWS];
    starts[0] = true;
    let mut carried = initial_states(&block, WIDTH, 1);
    let mut plain = initial_states(&inner, WIDTH, 1);
    assert_eq!(carried, plain);
    for stretch in 0..2 {
        starts[17] = stretch == 1;
        let features: Vec<u8> = (0..ROWS * COUNT).map(|_| random.below(256) as u8).collect();
        let outer = layer(&block, &starts, &features, carried);
        let bare = layer(&inner, &starts, &[], plain);
        let parameters = initial(&*outer, &mut Random::new(3, 3));
        let own = parameters.len() - bare.blocks().iter().map(|b| b.size()).sum::<usize>();
        assert!(parameters[..own].iter().all(|&p| p == 0.0));
        let x = stream_values(&mut random);
        let dy = normal(&mut random, x.len(), 1.0);
        let (y, kept) = outer.forward(&x, &parameters);
        let (wanted, bare_kept) = bare.forward(&x, &parameters[own..]);
        assert_eq!(y, wanted);
        let (dx, gradient) = outer.backward(&parameters, kept, &dy);
        let (bare_dx, bare_gradient) = bare.backward(&parameters[own..], bare_kept, &dy);
        close(&dx, &bare_dx, "x");
        close(&gradient[own..], &bare_gradient, "parameters");
        assert!(gradient[..own].iter().any(|&g| g != 0.0), "it can learn");
        (carried, plain) = (outer.states(), bare.states());
        assert_eq!(carried, plain);
    }
}

#[test]
fn features_are_those_of_the_stream_and_of_the_bytes_before() {
    let stream = crate::common::prose(5, 300);
    let all = |conditions: Conditions, stream: &[u8]| {
        let (mut features, mut last) = (Vec::new(), 0);
        let mut observed = Observed::new(conditions, stream);
        for &byte in stream {
            observed.next(last, &mut features);
            last = byte;
        }
        features
    };
    assert!(all(Conditions::None, &stream).is_empty());
    let (whole, local) = (
        all(Conditions::Global, &stream),
        all(Conditions::Local, &stream),
    );
    let both = all(Conditions::Both, &stream);
    assert_eq!(Conditions::Both.count(), COUNT);
    for (at, both) in both.chunks_exact(COUNT).enumerate() {
        assert_eq!(both[..16], umoec_exact::condition::statistics(&stream));
        assert_eq!(both[..16], whole[at * 16..][..16]);
        assert_eq!(both[16..], local[at * 12..][..12]);
    }
    // Local ones know nothing of what comes.
    let mut changed = stream.clone();
    changed[100] = 0xff;
    let after = all(Conditions::Local, &changed);
    assert_eq!(local[..101 * 12], after[..101 * 12]);
    assert_ne!(local[101 * 12..102 * 12], after[101 * 12..102 * 12]);
}
