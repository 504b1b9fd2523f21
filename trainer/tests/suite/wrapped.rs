//! Whole networks with blocks around blocks: what is exported is what was trained.

use std::sync::Arc;

use umoec_exact::condition::statistics;
use umoec_exact::{Fused, Reference, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::conditions::Conditions;
use umoec_trainer::config::{AdalnConfig, BlockConfig, Config, ModConfig};
use umoec_trainer::evaluate::{bits, exact_bits, graph_bits};
use umoec_trainer::random::Random;
use umoec_trainer::sample::{Sampler, Sampling};
use umoec_trainer::trainer::Trainer;

use crate::common::load;

fn around(inner: BlockConfig) -> BlockConfig {
    BlockConfig::Adaln(AdalnConfig {
        inner: Box::new(inner),
    })
}

fn half_of(inner: BlockConfig) -> BlockConfig {
    BlockConfig::Mod(ModConfig {
        capacity: 0.5,
        inner: Box::new(inner),
    })
}

/// The first two blocks of `config` under features, the second for half of the bytes, and such a one bare.
fn wrapped(mut config: Config, conditions: Conditions) -> Config {
    config.model.conditions = conditions;
    let [mixer, mlp, ..] = &config.model.blocks[..] else {
        panic!("a mixer and an mlp, to begin with")
    };
    config.model.blocks = vec![
        around(mixer.clone()),
        around(half_of(mlp.clone())),
        half_of(mlp.clone()),
    ];
    config.check().unwrap();
    config
}

fn run(config: &Config, folder: &std::path::Path, threads: usize) -> Trainer {
    crate::common::run(config.clone(), folder, threads)
}

/// Gives parameters that are zero at the start, the modulations, some values.
fn stir(trained: &mut Trained) {
    let mut random = Random::new(5, 0);
    for value in trained.parameters.iter_mut().flatten() {
        if *value == 0.0 {
            *value = 0.3 * random.normal();
        }
    }
}

#[test]
fn the_exported_graph_spends_what_training_counts() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    for conditions in [Conditions::Global, Conditions::Local, Conditions::Both] {
        let config = wrapped(crate::common::smoke(), conditions);
        let trained = run(&config, folder.path(), 2).trained();
        let text = crate::common::prose(9, 600);
        let streams: Vec<&[u8]> = text.chunks(200).collect();
        let counted = bits(&trained, &streams).unwrap();
        let untrained = bits(&Trained::initial(config), &streams).unwrap();
        assert!(counted < 0.7 * untrained, "{counted} of {untrained} bits");
        let model = load(&trained);
        let spent = graph_bits(&model, &streams).unwrap();
        // Three streams on lanes for four.
        let fused = exact_bits(&model, &streams, 0, 2).unwrap();
        assert_eq!(fused.iter().sum::<f64>(), spent);
        let excess = spent - 0.0056 * text.len() as f64 - counted;
        assert!(excess.abs() < 0.005 * counted, "{spent} {counted}");
    }
}

#[test]
fn threads_and_interruptions_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let config = wrapped(crate::common::smoke(), Conditions::Both);
    let (once, again) = (
        run(&config, folder.path(), 1),
        run(&config, folder.path(), 2),
    );
    assert!(once.parameters == again.parameters);
    let path = folder.path().join("run.checkpoint");
    let mut first = Trainer::new(config.clone(), folder.path()).unwrap();
    for _ in 0..17 {
        first.advance(2).unwrap();
    }
    first.save(&path).unwrap();
    let mut second = Trainer::load(config, folder.path(), &path).unwrap();
    while second.step < second.config.training.steps {
        second.advance(1).unwrap();
    }
    assert!(once.parameters == second.parameters);
    assert!(once.states == second.states);
    assert_eq!(once.feeder.state(), second.feeder.state());
}

/// Logits of each step of `stream`, told the statistics of `of`.
fn logits(stepper: &mut dyn Stepper, stream: &[u8], of: &[u8]) -> Vec<[i32; 256]> {
    stepper.reset();
    stepper
        .set_condition(&statistics(of).map(i32::from))
        .unwrap();
    let mut last = 0;
    let step = |&byte: &u8| {
        let mut logits = [0; 256];
        stepper.step(&[last], &mut logits).unwrap();
        last = byte;
        logits
    };
    stream.iter().map(step).collect()
}

#[test]
fn a_byte_changes_nothing_at_or_before_itself_in_any_engine() {
    let mut trained = Trained::initial(wrapped(crate::common::smoke(), Conditions::Both));
    stir(&mut trained);
    let model = load(&trained);
    let mut reference = Reference::new(Arc::clone(&model), 1).unwrap();
    let mut fused = Fused::new(Arc::clone(&model), 1).unwrap().start();
    for seed in 0..3 {
        let text = crate::common::prose(seed, 60);
        let before = logits(&mut reference, &text, &text);
        assert!(before == logits(&mut fused, &text, &text));
        assert!(before != logits(&mut reference, &text, b"other statistics"));
        for at in [0, 17, 58] {
            let mut changed = text.clone();
            changed[at] ^= 0xd5;
            let after = logits(&mut reference, &changed, &text);
            assert!(before[..=at] == after[..=at], "byte {at}");
            assert!(before[at + 1..] != after[at + 1..], "byte {at}");
        }
    }
}

#[test]
fn what_writes_is_told_the_statistics_of_what_it_shall_be_like() {
    let mut trained = Trained::initial(wrapped(crate::common::smoke(), Conditions::Both));
    stir(&mut trained);
    let model = load(&trained);
    let mut reference = Reference::new(Arc::clone(&model), 1).unwrap();
    let text = crate::common::prose(1, 24);
    let likeliest = |logits: &[i32; 256]| {
        let greatest = logits.iter().max().unwrap();
        logits.iter().position(|n| n == greatest).unwrap() as u8
    };
    let mut written = Vec::new();
    for like in [&text[..], b"\x01\x80 other statistics"] {
        let logits = logits(&mut reference, &text, like);
        let wanted: Vec<u8> = logits.iter().map(likeliest).collect();
        let sampling = Sampling {
            temperature: 0.0,
            top_p: 0.0,
        };
        let found = (0..text.len()).map(|at| {
            let mut sampler = Sampler::new(&model, sampling, 1, like).unwrap();
            text[..at].iter().for_each(|&b| sampler.read(b).unwrap());
            sampler.write().unwrap()
        });
        assert_eq!(found.collect::<Vec<_>>(), wanted);
        written.push(wanted);
    }
    assert_ne!(written[0], written[1]);
}

#[test]
fn networks_of_real_sizes_are_proved() {
    let nano = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/train/nano.toml");
    for width in [128, 256] {
        let mut config = Config::load(std::path::Path::new(nano)).unwrap();
        config.model.width = width;
        config.model.blocks.truncate(2);
        let config = wrapped(config, Conditions::Both);
        let mut trained = Trained::initial(config);
        stir(&mut trained);
        let model = load(&trained);
        assert_eq!(model.interface().condition.as_ref().unwrap().size, 16);
    }
}

#[test]
fn what_cannot_be_wrapped_is_refused() {
    let smoke = crate::common::smoke;
    let said = |config: Config| config.check().unwrap_err().to_string();
    let mut config = wrapped(smoke(), Conditions::Both);
    config.model.conditions = Conditions::None;
    assert!(said(config).contains("an adaln block needs conditions"));
    let mut config = smoke();
    config.model.conditions = Conditions::Local;
    assert!(said(config).contains("no adaln block that reads them"));
    let mut config = smoke();
    config.model.blocks[0] = half_of(config.model.blocks[0].clone());
    assert!(said(config).contains("block 0: a mod block holds no block"));
    let mut config = wrapped(smoke(), Conditions::Both);
    config.model.blocks[2] = half_of(config.model.blocks[1].clone());
    assert!(said(config).contains("block 2: a mod block holds no block"));
    let mut config = smoke();
    config.model.blocks[1] = BlockConfig::Mod(ModConfig {
        capacity: 1.0,
        inner: Box::new(config.model.blocks[1].clone()),
    });
    assert!(said(config).contains("capacity is not above 0 and below 1"));
    let text = toml::to_string(&wrapped(smoke(), Conditions::Both)).unwrap();
    assert_eq!(
        toml::from_str::<Config>(&text).unwrap(),
        wrapped(smoke(), Conditions::Both)
    );
}
