//! The patch block as a graph of integers, in whole networks.

use std::sync::Arc;

use umoec_exact::{Fused, Reference, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::conditions::Conditions;
use umoec_trainer::config::{BlockConfig, Config};
use umoec_trainer::evaluate::{bits, graph_bits};
use umoec_trainer::random::Random;
use umoec_trainer::trainer::Trainer;

use super::{adaln, mixer, mlp, patch};
use crate::common::{load, prose, run, smoke, write_data};

/// The network at its beginning, moved a little: before, a patch gives nothing to anyone.
fn untrained(config: Config) -> Trained {
    let mut trained = Trained::initial(config);
    let mut random = Random::new(3, 0);
    let values = trained.parameters.iter_mut().flatten();
    values.for_each(|v| *v += 0.03 * random.normal());
    trained
}

/// The smoke configuration with these blocks.
fn with(blocks: Vec<BlockConfig>) -> Config {
    let mut config = smoke();
    config.model.blocks = blocks;
    config
}

/// Two scales, one within the other, beside blocks of bytes.
fn nested() -> Config {
    let inner = patch(4, 48, vec![mixer(32), mlp(32)]);
    let outer = patch(4, 32, vec![mixer(32), inner]);
    with(vec![mixer(32), outer, mlp(48)])
}

/// Blocks that are told counts of the bytes before, at each of two scales.
fn conditioned() -> Config {
    let inner = patch(2, 32, vec![adaln(mlp(32))]);
    let mut config = with(vec![patch(4, 32, vec![adaln(mixer(32)), inner]), mlp(48)]);
    config.model.conditions = Conditions::Local;
    config.check().unwrap();
    config
}

#[test]
fn the_graph_spends_what_training_counts() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path());
    let text = prose(9, 600);
    // The last is shorter than a patch, and none is a number of whole patches.
    let streams = [&text[..250], &text[250..587], &text[587..]];
    for config in [
        with(vec![patch(1, 32, vec![mixer(32)]), mlp(48)]),
        with(vec![mixer(32), patch(16, 64, vec![mixer(32), mlp(32)])]),
        nested(),
        conditioned(),
    ] {
        let before = bits(&Trained::initial(config.clone()), &streams).unwrap();
        let trained = run(config, folder.path(), 2).trained();
        let counted = bits(&trained, &streams).unwrap();
        assert!(counted < 0.8 * before, "{counted} of {before} bits");
        let spent = graph_bits(&load(&trained), &streams).unwrap();
        // 0.0056 bits per byte are the coder's: no byte has less than a 65536th.
        let excess = spent - 0.0056 * text.len() as f64 - counted;
        assert!(excess.abs() < 0.005 * counted, "{spent} {counted}");
    }
}

#[test]
fn threads_and_interruptions_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path());
    let whole = run(nested(), folder.path(), 1);
    let path = folder.path().join("run.checkpoint");
    let mut first = Trainer::new(nested(), folder.path()).unwrap();
    for _ in 0..17 {
        first.advance(2).unwrap();
    }
    first.save(&path).unwrap();
    let mut second = Trainer::load(nested(), folder.path(), &path).unwrap();
    while second.step < second.config.training.steps {
        second.advance(2).unwrap();
    }
    assert!(whole.parameters == second.parameters);
    assert!(whole.states == second.states);
}

/// Logits of `streams` of equal length, step by step: [steps][lanes · 256].
fn logits(stepper: &mut dyn Stepper, streams: &[Vec<u8>]) -> Vec<Vec<i32>> {
    let mut last = vec![0; streams.len()];
    (0..streams[0].len())
        .map(|at| {
            let mut logits = vec![0; streams.len() * 256];
            stepper.step(&last, &mut logits).unwrap();
            last = streams.iter().map(|stream| stream[at]).collect();
            logits
        })
        .collect()
}

#[test]
fn in_the_graph_a_byte_changes_no_logit_at_or_before_itself() {
    let model = load(&untrained(nested()));
    let texts = [prose(20, 70), prose(21, 70)];
    for at in [0, 1, 14, 15, 16, 33, 47] {
        let changed = texts.clone().map(|mut text| {
            text[at] ^= 0x15;
            text
        });
        let streams = [texts.clone(), changed].concat();
        let mut stepper = Reference::new(Arc::clone(&model), 4).unwrap();
        let all = logits(&mut stepper, &streams);
        let same = all
            .iter()
            .take_while(|logits| logits[..512] == logits[512..])
            .count();
        assert_eq!(same, at + 1);
        // And the change reaches the next patches, far behind the last byte's context.
        assert!(all[64..].iter().any(|l| l[..256] != l[512..768]), "{at}");
    }
}

#[test]
fn the_fused_engine_gives_the_same_logits() {
    let model = load(&untrained(nested()));
    let mut reference = Reference::new(Arc::clone(&model), 3).unwrap();
    let mut fused = Fused::new(Arc::clone(&model), 3).unwrap().start();
    let texts = [prose(30, 55), prose(31, 55), prose(32, 55)];
    // The second run begins in the middle of a patch, from the state of one lane.
    for _ in 0..2 {
        let slow = logits(&mut reference, &texts);
        assert!(slow == logits(&mut fused, &texts));
        reference.broadcast(1);
        fused.broadcast(1);
    }
    reference.reset();
    let mut fresh = Reference::new(model, 3).unwrap();
    assert!(logits(&mut reference, &texts) == logits(&mut fresh, &texts));
}

#[test]
fn models_of_real_sizes_are_proved() {
    for (width, inner) in [(128, 256), (256, 384)] {
        let mut config = with(vec![
            mixer(width),
            patch(16, inner, vec![mixer(inner), mlp(2 * inner)]),
            mlp(width),
        ]);
        config.model.width = width;
        let model = load(&untrained(config));
        let layers = 2 * 16 * width * inner;
        assert!(model.cost().parameters as usize > layers);
    }
}

#[test]
fn weights_as_large_as_can_be_are_proved_too() {
    // 64 rows of 64: sums of all products at once would reach 2^26.
    let mut config = with(vec![patch(64, 16, vec![mlp(8)])]);
    config.model.width = 64;
    let mut trained = Trained::initial(config);
    trained.parameters[1].iter_mut().for_each(|p| *p = 64.0);
    load(&trained);
}
