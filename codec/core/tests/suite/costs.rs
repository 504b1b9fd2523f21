use umoec_codec::Error;
use umoec_codec::pipeline::{Costs, DecodeOptions, EncodeOptions, compress, decompress};
use umoec_codec::plugin::Model;

use crate::plugins::{options, profile, registry, with_models};

/// Bytes that a model of bits or of bytes learns something about.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| b"tally-ho! "[i * i % 10]).collect()
}

#[test]
fn the_ledger_adds_up_to_the_payloads() {
    let data = content(5000);
    // One predictor codes bits, the other whole bytes by a model's counts.
    let counts: Vec<u8> = (0..=255)
        .map(|b| if data.contains(&b) { 50 } else { 1 })
        .collect();
    let model = Model::new("letters", counts);
    let registry = with_models(|models| models.insert(model));
    for predictor in ["bits", "table"] {
        for (adapter, streams, plain) in [("same", 1, true), ("halves", 3, false)] {
            let options = EncodeOptions::new(profile(adapter, predictor, 2000));
            let file = compress(&data, &registry, &options).unwrap();
            let costs = Costs::default();
            let options = DecodeOptions {
                threads: 3,
                costs: Some(costs.clone()),
                ..DecodeOptions::default()
            };
            assert!(decompress(&file, &registry, &options).unwrap() == data);
            let frames = costs.take();
            let lengths: Vec<u64> = frames.iter().map(|f| f.content[0].0).collect();
            assert_eq!((lengths.len(), lengths.iter().sum()), (3, 5000));
            assert!(frames.is_sorted_by_key(|f| f.offset));
            for frame in &frames {
                assert_eq!(frame.streams.len(), streams);
                let [(length, origin)] = frame.content[..] else {
                    panic!("a part of its own")
                };
                assert_eq!(origin, plain.then_some(0));
                let len: usize = frame.streams.iter().map(|s| s.bits.len()).sum();
                assert_eq!(len as u64, length);
                for stream in &frame.streams {
                    let bits: f64 = stream.bits.iter().map(|&b| f64::from(b)).sum();
                    let payload = stream.payload as f64;
                    // The coder rounds, and ends with some bytes.
                    assert!(
                        (bits / 8.0 - payload).abs() < 8.0 + payload / 100.0,
                        "{predictor}, {adapter}: {bits} bits, {payload} bytes"
                    );
                }
            }
            assert!(costs.take().is_empty(), "what was taken is gone");
        }
    }
}

/// Decodes what was coded by `bits` with that claim.
fn claiming(claim: i64, costs: &Costs) -> umoec_codec::Result<Vec<u8>> {
    let mut options = options(2000);
    let settings = &mut options.profile.predictor.settings;
    settings.insert("claim".into(), claim.into());
    let file = compress(&content(5000), &registry(), &options).unwrap();
    let options = DecodeOptions {
        costs: Some(costs.clone()),
        ..DecodeOptions::default()
    };
    decompress(&file, &registry(), &options)
}

#[test]
fn variants_are_measured_for_who_asks() {
    // A claim of 12 has a variant with a claim of 2, which codes the same; one of 2 has none.
    for (claim, costs, count) in [
        (12, Costs::with_variants(), 1),
        (2, Costs::with_variants(), 0),
        (12, Costs::default(), 0),
    ] {
        assert!(claiming(claim, &costs).unwrap() == content(5000));
        let frames = costs.take();
        assert_eq!(frames.len(), 3);
        for stream in frames.iter().flat_map(|frame| &frame.streams) {
            assert_eq!(stream.variants.len(), count);
            for variant in &stream.variants {
                assert_eq!(variant.name, "another claim");
                assert!(variant.bits == stream.bits);
            }
        }
    }
}

#[test]
fn a_variant_may_not_take_more_memory() {
    // The variant of a claim of 0 is one of 9, by the plugin's mistake.
    let outcome = claiming(0, &Costs::with_variants());
    assert!(
        matches!(
            outcome,
            Err(Error::Limit {
                needed: 9216,
                limit: 0,
                ..
            })
        ),
        "{outcome:?}"
    );
    assert!(claiming(0, &Costs::default()).is_ok());
}
