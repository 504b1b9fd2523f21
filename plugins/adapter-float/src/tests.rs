use proptest::prelude::*;
use umoec_codec::Error;

use super::*;

fn back(input: &[u8], adapted: Adapted) -> Vec<u8> {
    let streams = adapted.streams.into_iter().map(|s| s.data).collect();
    let limits = Limits::default();
    Float
        .inverse(1, &adapted.params, streams, input.len(), &limits)
        .unwrap()
}

fn propose(input: &[u8]) -> Vec<Proposal> {
    let place = Place::default();
    Float.propose(input, &place, &Settings::new()).unwrap()
}

/// A random walk of records: three floats, one of them a counter.
fn records(count: u32) -> Vec<u8> {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut walk = 100.0f32;
    (1..=count)
        .flat_map(|i| {
            walk += noise();
            let fields = [
                walk.to_le_bytes(),
                noise().to_le_bytes(),
                (i as f32 * 1e-9).to_le_bytes(),
            ];
            fields.concat()
        })
        .collect()
}

#[test]
fn records_of_floats_are_found() {
    let data = records(4000);
    let proposals = propose(&data);
    let params = Params::read(&proposals[0].adapted.params).unwrap();
    assert_eq!((params.width, params.record()), (4, 12));
    let kinds: Vec<_> = params.columns.iter().map(|c| c.number).collect();
    assert_eq!(kinds, [Number::Float; 3]);
    let with = Params::read(&proposals[1].adapted.params).unwrap();
    let deltas: Vec<_> = with.columns.iter().map(|c| c.delta).collect();
    assert_eq!(deltas, [true, false, true]);
    for proposal in proposals {
        assert_eq!(back(&data, proposal.adapted), data);
    }
}

#[test]
fn doubles_of_either_order_are_found() {
    let values = (0..3000).map(|i| (f64::from(i) / 50.0).sin() * 1e3);
    let little: Vec<u8> = values.clone().flat_map(f64::to_le_bytes).collect();
    let big: Vec<u8> = values.flat_map(f64::to_be_bytes).collect();
    for (data, big_endian) in [(little, false), (big, true)] {
        let params = Params::read(&propose(&data)[0].adapted.params).unwrap();
        assert_eq!((params.width, params.big_endian), (8, big_endian));
    }
}

/// A block begins where the one before it ended, within a number too.
#[test]
fn numbers_are_found_wherever_a_block_begins() {
    let little = records(4000);
    let big: Vec<u8> = little
        .chunks(4)
        .flat_map(|n| n.iter().rev().copied())
        .collect();
    for (data, big_endian) in [(little, false), (big, true)] {
        for cut in 0..12 {
            let proposals = propose(&data[cut..]);
            let params = Params::read(&proposals[0].adapted.params).unwrap();
            let place = (params.width, params.big_endian, params.skip);
            assert_eq!(place, (4, big_endian, (12 - cut) % 4), "from byte {cut} on");
        }
    }
}

/// Weights as a network has them: about normal, of both signs.
fn weights(count: u32) -> impl Iterator<Item = f32> {
    let mut state = 7u64;
    let mut noise = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(move |_| (noise() + noise() + noise() + noise()) * 0.08)
}

/// The upper half of an f32, and the same value with 5 bits of exponent.
fn bf16(value: f32) -> u16 {
    (value.to_bits() >> 16) as u16
}

fn f16(value: f32) -> u16 {
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 255).saturating_sub(112);
    let mantissa = if exponent == 0 { 0 } else { bits >> 13 & 1023 };
    ((bits >> 31) << 15 | exponent << 10 | mantissa) as u16
}

#[test]
fn weights_of_16_bits_are_found() {
    for half in [bf16 as fn(f32) -> u16, f16] {
        let little: Vec<u8> = weights(6000).flat_map(|w| half(w).to_le_bytes()).collect();
        let big: Vec<u8> = weights(6000).flat_map(|w| half(w).to_be_bytes()).collect();
        for (data, big_endian) in [(little, false), (big, true)] {
            // In an f16 the lower byte could be that of any other.
            for cut in 0..=usize::from(half(1.0) == bf16(1.0)) {
                let data = &data[cut..];
                let proposals = propose(data);
                let params = Params::read(&proposals[0].adapted.params).unwrap();
                let found = (params.width, params.big_endian, params.skip);
                assert_eq!(found, (2, big_endian, cut));
                assert_eq!(back(data, proposals[0].adapted.clone()), data);
            }
        }
    }
}

#[test]
fn samples_of_16_bits_are_no_weights() {
    for scale in [30.0, 900.0, 1e5] {
        let audio: Vec<u8> = weights(6000)
            .flat_map(|w| ((w * scale) as i16).to_le_bytes())
            .collect();
        assert!(propose(&audio).is_empty(), "{scale}");
    }
}

#[test]
fn a_given_type_is_taken() {
    let settings = |text: &str| toml::from_str::<Settings>(text).unwrap();
    for (text, params) in [
        ("type = 'bf16'", [2, 0, 2]),
        ("type = 'f16'\nendian = 'big'", [2 | 16, 0, 2]),
        ("type = 'f64'\nendian = 'little'", [8, 0, 2]),
    ] {
        let data = [7; 33];
        let adapted = Float.forward(&data, &settings(text)).unwrap();
        assert_eq!(adapted.params, params);
        let place = Place::default();
        let proposals = Float.propose(&data, &place, &settings(text)).unwrap();
        assert_eq!(proposals[0].adapted, adapted);
        assert_eq!(back(&data, adapted), data);
    }
    for text in ["type = 'f8'", "type = 2", "endian = 'big'", "types = 'f32'"] {
        let refused = Float.forward(&[], &settings(text));
        assert!(matches!(refused, Err(Error::Config(_))), "{text}");
    }
}

#[test]
fn parameters_are_told_in_words() {
    let told = |params: &[u8]| Float.describe(1, params);
    let is = |params: &[u8], text: &str| assert_eq!(told(params).as_deref(), Some(text));
    is(&[4, 0, 2, 2, 2], "f32, little-endian, 3 columns");
    is(
        &[8 | 16, 5, 6],
        "f64, big-endian, 1 column, as differences, from byte 5 on",
    );
    is(
        &[4, 0, 2, 6, 1],
        "2 f32 and 1 i32, little-endian, 3 columns, 1 as differences",
    );
    assert_eq!(told(&[3, 0, 2]), None);
}

#[test]
fn text_and_noise_are_left_alone() {
    let text = b"It is a truth universally acknowledged, that a single man in ".repeat(90);
    let noise: Vec<u8> = (0..60_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for data in [&text[..], &noise, &[], &[1; 5000]] {
        assert!(propose(data).is_empty());
    }
}

proptest! {
    #[test]
    fn any_block_comes_back_under_any_parameters(
        data in prop::collection::vec(any::<u8>(), 0..400),
        width in prop::sample::select(vec![2usize, 4, 8]),
        big_endian: bool,
        skip in 0usize..500,
        kinds in prop::collection::vec((0u8..3, any::<bool>()), 1..9),
    ) {
        let number = |n| [Number::Unsigned, Number::Signed, Number::Float][usize::from(n)];
        let columns = kinds.iter().map(|&(n, delta)| Column { number: number(n), delta }).collect();
        let params = Params { width, big_endian, skip, columns };
        prop_assert_eq!(&Params::read(&params.write()).unwrap(), &params);
        prop_assert_eq!(back(&data, adapted(&data, &params, None)), data);
    }

    #[test]
    fn hostile_parameters_are_refused_or_do_no_harm(
        params in prop::collection::vec(any::<u8>(), 0..40),
        stream in prop::collection::vec(any::<u8>(), 0..200),
        len in 0usize..200,
    ) {
        let result = Float.inverse(1, &params, vec![stream.clone()], len, &Limits::default());
        match result {
            Ok(block) => prop_assert_eq!(block.len(), stream.len()),
            Err(Error::Plugin { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
