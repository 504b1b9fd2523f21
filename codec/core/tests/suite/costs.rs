use umoec_codec::pipeline::{Costs, DecodeOptions, EncodeOptions, compress, decompress};

use umoec_codec::plugin::Model;

use crate::plugins::{profile, with_models};

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
