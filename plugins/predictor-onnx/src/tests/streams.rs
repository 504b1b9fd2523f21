//! Streams in lanes.

use std::sync::Arc;

use proptest::prelude::*;
use umoec_codec::pipeline::compress;
use umoec_codec::plugin::{AnyPlugin, Coder, Kind, PredictorState, Registry};
use umoec_codec::{Error, Limits};
use umoec_exact::{Reference, Stepper, softmax};

use super::{decode, options, registry, step_model, text, tiny};
use crate::superblock::Superblocks;
use crate::{Backend, Loaded};

fn rans() -> Arc<dyn Coder> {
    let registry = Registry::linked().unwrap();
    match registry.by_name(Kind::Coder, "rans").unwrap() {
        AnyPlugin::Coder(coder) => coder.clone(),
        _ => unreachable!("the registry keeps kinds apart"),
    }
}

fn state(backend: Backend, lanes: usize, segment: usize, len: usize) -> Superblocks {
    let prepared = Loaded::new(tiny())
        .unwrap()
        .prepare(backend, lanes)
        .unwrap();
    Superblocks::new(prepared.start().unwrap(), segment, len as u64, 0, 1)
}

fn encode(state: &mut dyn PredictorState, data: &[u8], piece: usize) -> Vec<u8> {
    let rans = rans();
    let mut encoder = rans.encoder(&[], data).unwrap();
    let mut history = Vec::new();
    for piece in data.chunks(piece) {
        state.code(piece.len(), &mut *encoder, &mut history);
        assert_eq!(history[history.len() - piece.len()..], *piece);
    }
    assert_eq!(history, data);
    let mut payload = Vec::new();
    encoder.finish(&mut payload);
    payload
}

fn read(state: &mut dyn PredictorState, payload: &[u8], len: usize, piece: usize) -> Vec<u8> {
    let rans = rans();
    let mut decoder = rans.decoder(1, &[], payload, &Limits::default()).unwrap();
    let mut history = Vec::new();
    while history.len() < len {
        let piece = piece.min(len - history.len());
        state.code(piece, &mut *decoder, &mut history);
    }
    assert!(decoder.finish());
    history
}

/// The specification word by word (`spec.md`, section 3): the order of the bytes, each with the
/// logits under which it is coded.
fn by_the_specification(data: &[u8], lanes: usize, segment: usize) -> Vec<(usize, Vec<i32>)> {
    let mut order = Vec::new();
    let mut stepper = Reference::new(step_model(&tiny()), lanes).unwrap();
    let mut inputs = vec![0; lanes];
    let mut p = 0;
    while p < data.len() {
        let rest = data.len() - p;
        let s = if rest < lanes * segment {
            rest.div_ceil(lanes)
        } else {
            segment
        };
        for i in 0..s {
            let mut logits = vec![0; lanes * 256];
            stepper.step(&inputs, &mut logits).unwrap();
            for l in 0..lanes {
                let at = p + l * s + i;
                if at < data.len() && at < p + lanes * s {
                    order.push((at, logits[l * 256..(l + 1) * 256].to_vec()));
                    inputs[l] = data[at];
                }
            }
        }
        p += (lanes * s).min(rest);
        stepper.broadcast(lanes - 1);
        inputs = vec![inputs[lanes - 1]; lanes];
    }
    order
}

#[test]
fn bytes_are_coded_in_the_order_of_the_specification() {
    for (len, lanes, segment) in [
        (100, 1, 0),
        (100, 4, 7),
        (84, 4, 7),
        (30, 8, 100),
        (29, 8, 2),
    ] {
        let data = text(len);
        let order = by_the_specification(&data, lanes, segment.max(1));
        let mut positions: Vec<usize> = order.iter().map(|(at, _)| *at).collect();
        let rans = rans();
        let mut encoder = rans.encoder(&[], &data).unwrap();
        for (at, logits) in &order {
            encoder.seek(*at);
            let logits: &[i32; 256] = logits[..].try_into().unwrap();
            encoder.byte(&softmax::cumulative(logits));
        }
        let mut expected = Vec::new();
        encoder.finish(&mut expected);
        let mut state = state(Backend::Tract, lanes, segment, len);
        assert_eq!(
            encode(&mut state, &data, len),
            expected,
            "{lanes} of {segment}"
        );
        positions.sort_unstable();
        assert!(positions.into_iter().eq(0..len));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_lanes_and_pieces_round_trip_between_backends(
        len in 1usize..300,
        lanes in 1usize..9,
        segment in 1usize..40,
        pieces in (1usize..200, 1usize..200),
    ) {
        let data = text(len);
        let payload = encode(&mut state(Backend::Tract, lanes, segment, len), &data, pieces.0);
        let mut reader = state(Backend::Reference, lanes, segment, len);
        prop_assert_eq!(read(&mut reader, &payload, len, pieces.1), data);
    }
}

#[test]
fn files_shrink_and_decode_on_any_number_of_threads() {
    let registry = registry(&[tiny()]);
    let data = text(20_000);
    for settings in ["model = 'tiny'", "model = 'tiny'\nlanes = 5\nsegment = 64"] {
        let mut files = Vec::new();
        for threads in [1, 2, 3] {
            let mut options = options(3000, settings);
            options.threads = threads;
            files.push(compress(&data, &registry, &options).unwrap());
        }
        assert!(files[0].len() < data.len() * 8 / 10, "{}", files[0].len());
        assert!(files.iter().all(|file| *file == files[0]));
        assert_eq!(decode(&files[0], &registry).unwrap(), data);
    }
}

#[test]
fn a_missing_model_is_named() {
    let file = compress(
        &text(500),
        &registry(&[tiny()]),
        &options(1000, "model = 'tiny'"),
    );
    match decode(&file.unwrap(), &registry(&[])) {
        Err(Error::Unsupported { what, .. }) => {
            assert!(what.contains("`tiny`"), "{what}");
            assert!(
                what.contains(&umoec_codec::plugin::hex(&tiny().hash())),
                "{what}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_embedded_model_is_enough() {
    let mut options = options(1000, "model = 'tiny'");
    options.embed_models = true;
    let file = compress(&text(2500), &registry(&[tiny()]), &options).unwrap();
    assert!(file.len() > tiny().bytes().len());
    assert_eq!(decode(&file, &registry(&[])).unwrap(), text(2500));
}
