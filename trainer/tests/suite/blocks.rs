//! Networks of other blocks than the smoke configuration's: trained for seconds, exported, and run.

use std::path::Path;
use std::sync::Arc;

use umoec_exact::{Reference, StepModel, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::conditions::Conditions;
use umoec_trainer::config::{
    AdalnConfig, AttentionConfig, BlockConfig, Config, GruConfig, Mamba2Config, MlpConfig,
    ModConfig, PatchConfig, TableConfig,
};
use umoec_trainer::context::Context;
use umoec_trainer::evaluate::{bits, graph_bits};
use umoec_trainer::trainer::Trainer;

use crate::common::load;

fn attention(heads: usize, head_width: usize, latent: usize, window: usize) -> BlockConfig {
    BlockConfig::Attention(AttentionConfig {
        heads,
        head_width,
        latent,
        window,
    })
}

fn gru(channels: usize, shift: i32) -> BlockConfig {
    BlockConfig::Gru(GruConfig { channels, shift })
}

fn mlp(hidden: usize) -> BlockConfig {
    BlockConfig::Mlp(MlpConfig { hidden })
}

/// The smoke configuration with other blocks.
fn with(blocks: Vec<BlockConfig>) -> Config {
    let mut config = crate::common::smoke();
    config.model.blocks = blocks;
    config
}

/// Every kind of block once.
fn mixed() -> Config {
    let mut blocks = crate::common::smoke().model.blocks;
    let inner = vec![gru(16, 8), mlp(24)];
    blocks.extend([
        attention(2, 8, 8, 48),
        gru(16, 8),
        BlockConfig::Mamba2(Mamba2Config {
            channels: 32,
            heads: 4,
            states: 8,
            shift: 9,
        }),
        BlockConfig::Adaln(AdalnConfig {
            inner: Box::new(mlp(24)),
        }),
        BlockConfig::Mod(ModConfig {
            capacity: 0.5,
            inner: Box::new(mlp(24)),
        }),
        BlockConfig::Patch(PatchConfig {
            bytes: 4,
            width: 24,
            blocks: inner,
        }),
    ]);
    let mut config = with(blocks);
    config.model.conditions = Conditions::Both;
    config
}

fn run(config: Config, folder: &Path, threads: usize) -> Trainer {
    crate::common::write_data(folder);
    crate::common::run(config, folder, threads)
}

fn spends_what_training_counts(blocks: Vec<BlockConfig>) {
    let folder = tempfile::tempdir().unwrap();
    let config = with(blocks);
    let trained = run(config.clone(), folder.path(), 2).trained();
    let text = crate::common::prose(9, 600);
    let streams: Vec<&[u8]> = text.chunks(200).collect();
    let counted = bits(&trained, &streams).unwrap();
    let untrained = bits(&Trained::initial(config), &streams).unwrap();
    assert!(
        counted < 0.7 * untrained,
        "it learned: {counted} of {untrained} bits"
    );
    let spent = graph_bits(&load(&trained), &streams).unwrap();
    // 0.0056 bits per byte are the coder's: no byte has less than a 65536th.
    let excess = spent - 0.0056 * text.len() as f64 - counted;
    assert!(excess.abs() < 0.005 * counted, "{spent} {counted}");
}

#[test]
fn a_graph_with_attention_spends_what_training_counts() {
    spends_what_training_counts(vec![attention(4, 8, 16, 64), mlp(48)]);
}

#[test]
fn a_graph_with_a_gated_recurrence_spends_what_training_counts() {
    spends_what_training_counts(vec![gru(32, 9), mlp(48)]);
}

/// Logits of a lane, step by step.
fn logits(model: &Arc<StepModel>, streams: &[&[u8]]) -> Vec<Vec<i32>> {
    let mut stepper = Reference::new(Arc::clone(model), streams.len()).unwrap();
    let mut all = vec![Vec::new(); streams.len()];
    let mut step = vec![0; streams.len() * 256];
    for at in 0..streams[0].len() {
        let bytes: Vec<u8> = streams.iter().map(|stream| stream[at]).collect();
        stepper.step(&bytes, &mut step).unwrap();
        for (all, step) in all.iter_mut().zip(step.chunks_exact(256)) {
            all.extend_from_slice(step);
        }
    }
    all
}

#[test]
fn a_byte_of_the_graph_changes_nothing_before_it_and_nothing_beyond_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let seen = 16;
    let blocks = [
        vec![attention(2, 8, 8, seen)],
        vec![gru(16, 9)],
        mixed().model.blocks,
    ];
    for (kind, blocks) in blocks.into_iter().enumerate() {
        let mut config = with(blocks);
        if kind == 2 {
            config.model.conditions = Conditions::Local;
        }
        // What a memory learned stays.
        let forgets = |table: &TableConfig| !matches!(table.context, Context::Recall(_));
        config.model.tables.retain(forgets);
        (
            config.training.steps,
            config.training.warmup,
            config.training.decay,
        ) = (5, 1, 1);
        let model = load(&run(config, folder.path(), 1).trained());
        for seed in 0..3 {
            let text = crate::common::prose(seed, 60);
            for at in [0, 1, 20, 59] {
                let mut changed = text.clone();
                changed[at] ^= 0x55;
                let [before, after] = &logits(&model, &[&text, &changed])[..] else {
                    panic!("two lanes")
                };
                assert!(before[..at * 256] == after[..at * 256], "{kind}, byte {at}");
                assert_ne!(before[at * 256..], after[at * 256..], "{kind}, byte {at}");
                // Hashes of words reach back over a few words; the longest here ends in time.
                let far = at + seen + 24;
                if kind == 0 && far < text.len() {
                    assert!(before[far * 256..] == after[far * 256..], "byte {at}");
                }
            }
        }
    }
}

#[test]
fn runs_with_every_block_repeat_whatever_the_threads_and_resume() {
    let folder = tempfile::tempdir().unwrap();
    let once = run(mixed(), folder.path(), 1);
    let path = folder.path().join("run.checkpoint");
    let mut first = Trainer::new(mixed(), folder.path()).unwrap();
    for _ in 0..11 {
        first.advance(2).unwrap();
    }
    first.save(&path).unwrap();
    let mut second = Trainer::load(mixed(), folder.path(), &path).unwrap();
    while second.step < second.config.training.steps {
        second.advance(2).unwrap();
    }
    assert!(once.parameters == second.parameters);
    assert!(once.states == second.states);
    // Nor does it matter whether layers make their forward passes once or twice.
    let mut twice = mixed();
    twice.training.recompute = true;
    let twice = run(twice, folder.path(), 2);
    assert!(once.parameters == twice.parameters);
    assert!(once.states == twice.states);
}

#[test]
fn models_of_real_sizes_are_proved() {
    for (width, blocks) in [
        (128, vec![attention(4, 16, 32, 128), gru(160, 9)]),
        (256, vec![attention(8, 32, 64, 512), gru(320, 12)]),
    ] {
        let mut config = with(blocks);
        config.model.width = width;
        let mut trained = Trained::initial(config);
        load(&trained);
        // And with weights as large as weights can be.
        let parameters = trained.parameters.iter_mut().skip(1).take(2).flatten();
        parameters.for_each(|p| *p = 0.99f32.copysign(*p));
        load(&trained);
    }
}

#[test]
fn sizes_that_cannot_be() {
    let said = |block: BlockConfig| with(vec![block]).check().unwrap_err().to_string();
    assert!(said(attention(0, 16, 32, 128)).contains("heads is not in 1..=16"));
    assert!(said(attention(4, 129, 32, 128)).contains("head_width is not in 1..=128"));
    assert!(said(attention(4, 16, 257, 128)).contains("latent is not in 1..=256"));
    let window = "block 0: window is no multiple of 16 in 16..=512";
    assert!(said(attention(4, 16, 32, 72)).contains(window));
    assert!(said(attention(4, 16, 32, 528)).contains(window));
    assert!(said(attention(4, 16, 32, 0)).contains(window));
    assert!(said(gru(40, 9)).contains("channels is no multiple of 16"));
    assert!(said(gru(48, 7)).contains("shift is not in 8..=12"));
}
