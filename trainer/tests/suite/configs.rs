//! The configurations in `configs/train`: each one loads, and a small network of the same blocks is exported and trained.

use std::path::Path;

use umoec_trainer::config::{BlockConfig, Config};
use umoec_trainer::context::Context;
use umoec_trainer::plan::{Plan, measure_step};

/// `block` with the kinds of blocks that it has inside, but small.
fn shrink(block: &mut BlockConfig) {
    match block {
        BlockConfig::Mixer(m) => (m.channels, m.heads, m.states) = (32, 4, 4),
        BlockConfig::Mamba2(m) => (m.channels, m.heads, m.states) = (32, 4, 4),
        BlockConfig::Mlp(m) => m.hidden = 24,
        BlockConfig::Moe(m) => (m.experts, m.chosen, m.hidden) = (4, 2, 8),
        BlockConfig::Attention(a) => {
            (a.heads, a.head_width, a.latent, a.window) = (2, 8, 8, 16);
        }
        BlockConfig::Gru(g) => g.channels = 16,
        BlockConfig::Adaln(m) => shrink(&mut m.inner),
        BlockConfig::Mod(m) => shrink(&mut m.inner),
        BlockConfig::Patch(p) => {
            p.width = 24;
            p.blocks.iter_mut().for_each(shrink);
        }
    }
}

/// `config` with narrow blocks, small tables and short steps.
fn small(mut config: Config) -> Config {
    let model = &mut config.model;
    (model.width, model.row_width) = (16, 4);
    for table in &mut model.tables {
        match &mut table.context {
            Context::Recall(recall) => recall.slots = 8,
            _ => table.bits = 8,
        }
    }
    model.blocks.iter_mut().for_each(shrink);
    let training = &mut config.training;
    // Long enough for every patch to become complete in a step.
    (training.lanes, training.parts, training.stretch) = (4, 2, 160);
    (training.steps, training.warmup, training.decay) = (4, 1, 1);
    training.grow.clear();
    config
}

#[test]
fn every_configuration_loads_and_a_small_network_of_its_blocks_is_exported_and_trained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/train");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|name| name != "toml") {
            continue;
        }
        let name = path.display();
        let config = Config::load(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        // A later stage has the model's name, and says behind it what it is.
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let stage = stem.strip_prefix(&config.name);
        assert!(
            stage.is_some_and(|s| s.is_empty() || s.starts_with('-')),
            "{name}"
        );
        let small = small(config);
        small
            .check()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let plan = Plan::new(&small, 2).unwrap_or_else(|error| panic!("{name}, small: {error}"));
        assert!(
            plan.macs > 0 && plan.active <= plan.parameters,
            "{name}: {plan:?}"
        );
        let step = measure_step(small, 2).unwrap_or_else(|error| panic!("{name}, small: {error}"));
        assert!(!step.time.is_zero() && step.multiplications > 0, "{name}");
        seen += 1;
    }
    assert!(seen >= 2, "nano and smoke at least, found {seen}");
}
