//! Random graphs pass the verifier and cover every operator.

use std::collections::BTreeSet;

use umoec_exact::Stepper;
use umoec_exact::graph::Op;
use umoec_exact::onnx::ModelProto;
use umoec_exact::random::{PARTS, bytes, model, model_of, switched_model};

use crate::common::{load, reference};

#[test]
fn every_part_and_every_seed_is_exact() {
    for part in 0..PARTS {
        load(&model_of(1, &[part])).unwrap_or_else(|error| panic!("part {part}: {error}"));
    }
    for seed in 0..200 {
        load(&model(seed)).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        load(&switched_model(seed)).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

#[test]
fn every_operator_is_covered() {
    let all: Vec<usize> = (0..PARTS).collect();
    let file = model_of(7, &all);
    let proto: ModelProto = prost::Message::decode(&file[..]).unwrap();
    let nodes = proto.graph.unwrap().node;
    let used: BTreeSet<&str> = nodes.iter().map(|node| node.op_type.as_str()).collect();
    let known: BTreeSet<&str> = Op::NAMES.into_iter().collect();
    assert_eq!(used, known);
}

#[test]
fn a_seed_always_gives_the_same_model_and_logits() {
    let digest = |seed| {
        let file = model(seed);
        let mut reference = reference(&file, 1);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&file);
        let mut logits = vec![0; 256];
        let mut seen = BTreeSet::new();
        for byte in bytes(seed, 40) {
            reference.step(&[byte], &mut logits).unwrap();
            seen.insert(logits.clone());
            hasher.update(
                &logits
                    .iter()
                    .flat_map(|n| n.to_le_bytes())
                    .collect::<Vec<_>>(),
            );
        }
        assert!(seen.len() > 20, "the logits of seed {seed} hardly change");
        hasher.finalize().to_hex()[..16].to_owned()
    };
    let digests: Vec<String> = (0..4).map(digest).collect();
    assert_eq!(
        digests,
        [
            "ff2ec22921736981",
            "5491edf45bbea595",
            "027a44687b902912",
            "86c6f53e231dd35d"
        ]
    );
}
