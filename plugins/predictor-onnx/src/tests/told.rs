//! What a network is told of a stream.

use std::sync::Arc;

use umoec_codec::pipeline::{compress, inspect};
use umoec_codec::plugin::{Kind, Layout, Model, Opened, PredictorState};
use umoec_codec::{Error, Limits, Result};
use umoec_exact::build::{GraphBuilder, ModelCard};
use umoec_exact::condition::{STATISTICS, statistics};
use umoec_exact::{Fused, Isa, Reference, StateRange, Stepper};

use super::{decode, options, registry, step_model, text, tiny};
use crate::params::Params;
use crate::sample::{Size, sample};
use crate::superblock::Superblocks;
use crate::{Backend, Loaded, choose_backend};

fn told() -> Arc<Model> {
    Model::new("told", sample("told", Size::TOLD, 7).unwrap())
}

/// A model that takes `size` values of `low..=high`, and says nothing.
fn asking(size: usize, low: i32, high: i32) -> Arc<Model> {
    let mut graph = GraphBuilder::new(&ModelCard::named("asking", "1"));
    graph.byte_input();
    let range = StateRange {
        initial: low,
        ..StateRange::integers(low, high)
    };
    let condition = graph.condition_input(size, range);
    let weights = graph.weights_i8("weights", &[size, 256], &vec![1; size * 256]);
    let sums = graph.matmul(&condition, &weights);
    let logits = graph.clip(&sums, -4096.0, 4095.0);
    graph.output("logits", &logits, &[256]);
    Model::new("asking", graph.finish())
}

/// Logits of some steps: told once, then put back to the start and on, then with the last lane's states in all.
fn logits(stepper: &mut dyn Stepper, condition: Option<&[i32]>) -> Vec<i32> {
    let lanes = stepper.lanes();
    let mut all = Vec::new();
    if let Some(condition) = condition {
        stepper.set_condition(condition).unwrap();
    }
    for step in 0..12 {
        match step {
            5 => stepper.reset(),
            8 => stepper.broadcast(lanes - 1),
            _ => {}
        }
        let bytes: Vec<u8> = (0..lanes)
            .map(|lane| (step * 91 + lane * 57) as u8)
            .collect();
        let mut logits = vec![0; lanes * 256];
        stepper.step(&bytes, &mut logits).unwrap();
        all.extend(logits);
    }
    all
}

/// Tells each lane something else, and compares each step with the reference.
fn same_bits(stepper: &mut dyn Stepper, what: &str) {
    let lanes = stepper.lanes();
    let condition: Vec<i32> = (0..lanes * STATISTICS)
        .map(|i| (i * i * 89 % 256) as i32)
        .collect();
    let mut reference = Reference::new(step_model(&told()), lanes).unwrap();
    let expected = logits(&mut reference, Some(&condition));
    assert!(
        logits(stepper, Some(&condition)) == expected,
        "{what}, {lanes} lanes"
    );
    let mut untold = Reference::new(step_model(&told()), lanes).unwrap();
    assert!(
        logits(&mut untold, None) != expected,
        "it makes no difference"
    );
}

#[test]
fn every_backend_that_is_always_there_gives_the_same_bits() {
    let loaded = Loaded::new(told()).unwrap();
    for lanes in [1, 3, 17] {
        for isa in Isa::here() {
            let fused = Fused::with_isa(Arc::clone(loaded.model()), lanes, isa).unwrap();
            same_bits(&mut fused.start(), &format!("{isa:?}"));
        }
        let tract = loaded.prepare(Backend::Tract, lanes).unwrap();
        same_bits(&mut *tract.start().unwrap(), "tract");
    }
}

#[test]
fn the_statistics_of_a_stream_stand_in_its_parameters() {
    let registry = registry(&[told()]);
    let data = text(5000);
    for (settings, first) in [
        ("lanes = 1", &[1, 64][..]),
        ("lanes = 3\nsegment = 40", &[3, 40, 64]),
    ] {
        let options = options(3000, &format!("model = 'told'\n{settings}"));
        choose_backend(Some(Backend::Tract));
        let file = compress(&data, &registry, &options).unwrap();
        choose_backend(Some(Backend::Reference));
        assert!(compress(&data, &registry, &options).unwrap() == file);
        assert!(decode(&file, &registry).unwrap() == data);
        choose_backend(None);
        assert!(decode(&file, &registry).unwrap() == data);
        let report = inspect(&file[..]).unwrap();
        let frames = &report.members[0].frames;
        for frame in frames {
            let from = frame.content_offset as usize;
            let block = &data[from..from + frame.raw_length as usize];
            let params = &frame.streams[0].predictor.as_ref().unwrap().params;
            let expected = [first, &[16], &statistics(block), b"told"].concat();
            let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(*params, expected);
        }
        assert_eq!(frames.len(), 2);
    }
}

#[test]
fn what_a_network_is_told_changes_what_it_says() {
    let registry = registry(&[]);
    let plugin = registry.predictor(crate::ID, 1).unwrap();
    let cost = |value: u8| {
        let params = [&[1, 64, 16][..], &[value; 16]].concat();
        let limits = Limits::default();
        let opened = plugin.open_with_models(1, &params, 200, &[told()], &limits);
        let data = text(200);
        let mut meter = umoec_codec::plugin::Meter::new(&data);
        let mut state = opened.unwrap().start().unwrap();
        state.code(200, &mut meter, &mut Vec::new());
        meter.cost()
    };
    assert_ne!(cost(0), cost(200));
}

fn open(params: &[u8], model: &Arc<Model>) -> Result<Box<dyn Opened>> {
    let registry = registry(&[]);
    let plugin = registry.predictor(crate::ID, 1).unwrap();
    plugin.open_with_models(1, params, 100, &[Arc::clone(model)], &Limits::default())
}

fn refused(params: &[u8], model: &Arc<Model>) -> String {
    match open(params, model) {
        Err(Error::Plugin {
            kind: Kind::Predictor,
            id,
            reason,
        }) if id == crate::ID => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{params:?} was taken"),
    }
}

#[test]
fn another_number_of_values_is_refused() {
    for count in [0, 1, 15, 17, 32] {
        let mut params = vec![1, 64];
        params.extend((count > 0).then_some(count));
        params.extend(std::iter::repeat_n(7, count.into()));
        let reason = refused(&params, &told());
        for part in [
            "tier1-onnx",
            "`told`",
            &format!(" {count} values"),
            "takes 16",
        ] {
            assert!(reason.contains(part), "{part}: {reason}");
        }
    }
    let reason = refused(&[1, 64, 2, 7, 7], &tiny());
    assert!(
        reason.contains("2 values") && reason.contains("takes 0"),
        "{reason}"
    );
    assert!(open(&[1, 64], &tiny()).is_ok());
}

#[test]
fn a_value_out_of_range_is_refused() {
    let model = asking(2, 3, 9);
    assert!(open(&[1, 64, 2, 3, 9], &model).is_ok());
    for values in [[2, 3], [9, 10], [255, 3]] {
        let reason = refused(&[&[1, 64, 2][..], &values].concat(), &model);
        assert!(
            reason.contains("`asking`") && reason.contains("3..=9"),
            "{reason}"
        );
    }
}

#[test]
fn an_encoder_has_nothing_else_to_tell() {
    for model in [
        asking(2, 0, 255),
        asking(18, 0, 255),
        asking(16, 0, 254),
        asking(1, 1, 255),
    ] {
        let file = compress(
            &text(50),
            &registry(&[model]),
            &options(100, "model = 'asking'"),
        );
        match file {
            Err(Error::Config(text)) => assert!(text.contains("`asking`"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    // A wider range holds the statistics too.
    let wide = registry(&[asking(16, -1, 300)]);
    let file = compress(&text(50), &wide, &options(100, "model = 'asking'")).unwrap();
    assert!(decode(&file, &wide).unwrap() == text(50));
}

#[test]
fn haste_stands_behind_the_statistics() {
    let registry = registry(&[]);
    let plugin = registry.predictor(crate::ID, 1).unwrap();
    let data = text(50);
    let statistics = statistics(&data);
    for (size, settings, expected) in [
        (1, "haste = 77", [&[1, 77][..], &[]]),
        (1, "", [&[1, 0], &[]]),
        (
            17,
            "haste = 200",
            [&[17], &[&statistics[..], &[200]].concat()],
        ),
    ] {
        let settings = format!("model = 'asking'\nlanes = 1\n{settings}");
        let settings = settings.parse().unwrap();
        let models = [asking(size, 0, 255)];
        let params = plugin.plan_with_models(&data, &Layout::default(), &settings, &models);
        let expected = [&[1, 64], expected[0], expected[1], b"asking"].concat();
        assert_eq!(params.unwrap(), expected);
    }
    let wrong = options(100, "haste = 256");
    let refused = compress(&data, &registry, &wrong);
    assert!(matches!(refused, Err(Error::Config(_))));
}

/// Multiplications of the second part below.
const MORE: usize = 1 << 16;

/// A model that ends behind its first part where it is told to be hasty at all and the byte is none of the upper half.
fn ending_early() -> Arc<Model> {
    let mut graph = GraphBuilder::new(&ModelCard::named("early", "1"));
    let byte = graph.byte_input();
    let haste = graph.condition_input(1, StateRange::integers(0, 255));
    let weights = graph.weights_i8("weights", &[1, 256], &[1; 256]);
    let near = graph.matmul(&byte, &weights);
    let weights = graph.weights_i8("more", &[256, 256], &[1; MORE]);
    let far = graph.matmul(&near, &weights);
    let far = graph.clip(&far, -4096.0, 4095.0);
    let zero = graph.scalar(0.0);
    let bound = graph.scalar(128.0);
    let told = graph.greater(&haste, &zero);
    let low = graph.less(&byte, &bound);
    let ends = graph.and(&told, &low);
    let logits = graph.select(&ends, &near, &far);
    graph.output("logits", &logits, &[256]);
    Model::new("early", graph.finish())
}

#[test]
fn what_was_left_out_is_counted() {
    let loaded = Loaded::new(ending_early()).unwrap();
    let data: Vec<u8> = (0..200).map(|i| (i * 64) as u8).collect();
    // With two lanes a step leaves the part out where both do, which are in the same place of the pattern.
    for (lanes, haste, expected) in [(1, 0, 0), (1, 9, 101), (2, 9, 102)] {
        let prepared = loaded.prepare(Backend::Fused, lanes).unwrap();
        let mut stepper = prepared.start().unwrap();
        stepper.set_condition(&vec![haste; lanes]).unwrap();
        let mut state = Superblocks::new(stepper, 100, 200, 0, MORE as u64);
        let mut meter = umoec_codec::plugin::Meter::new(&data);
        state.code(200, &mut meter, &mut Vec::new());
        let counts = state.counts();
        let [(what, n)] = counts[..] else {
            panic!("{counts:?}")
        };
        assert!(what.contains("left out"), "{what}");
        assert_eq!(n, expected, "{lanes} lanes, haste {haste}");
    }
}

#[test]
fn it_is_said_in_the_description() {
    let registry = registry(&[]);
    let plugin = registry.predictor(crate::ID, 1).unwrap();
    let params = Params {
        condition: vec![1; 16],
        ..Params::default()
    };
    let said = plugin.describe(1, &params.write()).unwrap();
    assert!(
        said.ends_with(" told 16 statistics of the stream"),
        "{said}"
    );
    let params = Params {
        condition: vec![5; 17],
        ..Params::default()
    };
    let said = plugin.describe(1, &params.write()).unwrap();
    let end = " told 16 statistics of the stream in haste 5";
    assert!(said.ends_with(end), "{said}");
}
