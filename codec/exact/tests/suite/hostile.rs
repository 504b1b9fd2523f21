//! Bytes from nowhere: nothing panics, nothing takes memory by what it claims.

use proptest::prelude::*;
use umoec_exact::onnx::ModelProto;
use umoec_exact::random::{Random, model};
use umoec_exact::{ExactError, ModelLimits, StepModel};

use crate::common::{load, recurrent, refusal};

/// A protobuf field with a length.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag << 3 | 2];
    let mut length = content.len();
    while length >= 128 {
        bytes.push(length as u8 | 128);
        length >>= 7;
    }
    bytes.push(length as u8);
    [&bytes, content].concat()
}

#[test]
fn a_file_cut_at_any_byte_is_refused() {
    let file = recurrent();
    let mut malformed = 0;
    for end in 0..file.len() {
        match load(&file[..end]) {
            Err(ExactError::Malformed { .. }) => malformed += 1,
            // Cut between two fields, it is a model that lacks something.
            Err(_) => {}
            Ok(_) => panic!("accepted when cut at {end} of {}", file.len()),
        }
    }
    assert!(malformed + 40 > file.len(), "{malformed} of {}", file.len());
}

#[test]
fn a_thousand_million_nodes() {
    // A node is two bytes here and a hundred times that when decoded.
    let many = field(7, &[0x0a, 0].repeat(20_000));
    let text = "the model's nodes: 16385, the limit is 16384";
    assert_eq!(refusal(&many), text);
    // As a claim: the graph says to be two gigabytes long.
    let claim = [0x3a, 0x80, 0xa8, 0xd6, 0xb9, 0x07, 0x0a, 0x00];
    assert_eq!(
        refusal(&claim),
        "not a readable ONNX model, at byte 6: it ends too early"
    );
    // As a file that is really there, the limit on its size comes first.
    let limits = ModelLimits {
        file_bytes: 1 << 20,
        ..ModelLimits::default()
    };
    let file = field(7, &[0x0a, 0].repeat(1 << 20));
    let error = StepModel::load(&file, &limits).unwrap_err().to_string();
    assert!(error.starts_with("the model's file in bytes: "), "{error}");
}

#[test]
fn many_small_fields_are_counted() {
    // Dimensions of a tensor one by one, packed integers, and inputs of a node.
    let tensor = field(7, &field(5, &[0x08, 1].repeat(300_000)));
    let packed = field(7, &field(5, &field(5, &vec![1; 300_000])));
    let node = field(7, &field(1, &[0x0a, 0].repeat(300_000)));
    for file in [tensor, packed, node] {
        assert!(
            refusal(&file).starts_with("the model's fields: "),
            "{}",
            refusal(&file)
        );
    }
}

#[test]
fn what_the_subset_does_not_have_is_named() {
    for (path, what) in [
        (&[20][..], "training information"),
        (&[25], "functions"),
        (&[7, 15], "sparse initializers"),
        (&[7, 14], "quantisation annotations"),
        (&[7, 1, 5, 6], "subgraphs"),
        (&[7, 1, 5, 11], "subgraphs"),
        (&[7, 1, 5, 21], "references to attributes of functions"),
        (&[7, 5, 13], "external data"),
        (&[7, 5, 10], "tensors of doubles"),
        (&[7, 11, 2, 4], "values that are not tensors"),
    ] {
        let file = path.iter().rev().fold(Vec::new(), |content, &tag: &u8| {
            // Tags from 16 on take two bytes.
            let bytes = field(tag & 15, &content);
            if tag < 16 {
                bytes
            } else {
                [&[(tag & 15) << 3 | 0x82, 1], &bytes[1..]].concat()
            }
        });
        let reason = refusal(&file);
        assert!(
            reason.starts_with(&format!("{what} are outside the exact subset")),
            "{reason}"
        );
    }
}

#[test]
fn what_decoders_disagree_on_is_refused() {
    let graph = field(7, &[]);
    for (file, text) in [
        ([&graph[..], &graph].concat(), "the model has field 7 twice"),
        (vec![0x08, 8, 0x08, 8], "the model has field 1 twice"),
        (vec![0x9a, 6, 0], "the model has no field 99"),
        (vec![0x0a, 0], "wire type 2 does not fit the field"),
        (vec![0x3b], "wire type 3 does not fit the field"),
        (
            vec![
                0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
            ],
            "more than 64 bits",
        ),
        (vec![0x12, 1, 0xff], "not a readable ONNX model"),
    ] {
        let reason = refusal(&file);
        assert!(reason.contains(text), "{reason:?} does not say {text:?}");
    }
}

/// A change to the messages of a model that leaves it readable.
fn mutate(model: &mut ModelProto, random: &mut Random) {
    let Some(graph) = model.graph.as_mut() else {
        return;
    };
    let numbers = [0, 1, -1, 2, 7, 255, 256, 1 << 24, i64::MAX, i64::MIN];
    let number = numbers[random.index(numbers.len())];
    let nodes = graph.node.len();
    let (one, other) = (random.index(nodes), random.index(nodes));
    let tensor = random.index(graph.initializer.len());
    match random.below(10) {
        0 => {
            let name = graph.node[other].output[0].clone();
            let inputs = graph.node[one].input.len();
            if inputs > 0 {
                graph.node[one].input[random.index(inputs)] = name;
            }
        }
        1 => graph.node[one].op_type = graph.node[other].op_type.clone(),
        2 => graph.node[one].attribute = graph.node[other].attribute.clone(),
        3 => graph.node.swap(one, other),
        4 => {
            let dims = &mut graph.initializer[tensor].dims;
            match random.index(dims.len() + 1) {
                at if at < dims.len() => dims[at] = number,
                _ => dims.push(number),
            }
        }
        5 => {
            if let Some(raw) = &mut graph.initializer[tensor].raw_data {
                let at = random.index(raw.len().max(1));
                if let Some(byte) = raw.get_mut(at) {
                    *byte = random.byte();
                }
            }
        }
        6 => graph.initializer[tensor].data_type = random.below(17) as i32,
        7 => {
            if let Some(attribute) = graph.node[one].attribute.first_mut() {
                attribute.i = Some(number);
            }
        }
        8 => {
            graph.node[one].input.pop();
        }
        _ => {
            let input = graph.node[other].input.first().cloned();
            graph.node[one].input.extend(input);
        }
    }
}

#[test]
fn mutated_models_are_refused_or_still_exact() {
    let (mut accepted, rounds) = (0, 1500);
    for seed in 0..rounds {
        let mut random = Random::new(seed);
        let file = crate::common::edited(&model(seed % 40), |proto| {
            for _ in 0..1 + random.index(3) {
                mutate(proto, &mut random);
            }
        });
        if let Ok(model) = load(&file) {
            accepted += 1;
            if accepted % 8 == 0 {
                crate::fuzz::check(&std::sync::Arc::new(model), &mut random, usize::MAX);
            }
        }
    }
    assert!(
        accepted > rounds / 50 && accepted < rounds / 2,
        "{accepted} of {rounds}"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(load(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_does_not_panic(seed in 0u64..20, at in any::<prop::sample::Index>(), byte: u8) {
        let mut file = model(seed);
        let at = at.index(file.len());
        file[at] = byte;
        let _ = load(&file).map(drop);
    }
}
