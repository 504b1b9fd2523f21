//! Data and configuration for runs of seconds.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use umoec_exact::{ModelLimits, StepModel};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::Config;
use umoec_trainer::data::Stretch;
use umoec_trainer::export::export;
use umoec_trainer::network::{Outcome, initial_states, pass};
use umoec_trainer::random::Random;
use umoec_trainer::trainer::Trainer;

/// The smoke configuration.
pub(crate) fn smoke() -> Config {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/train/smoke.toml");
    Config::load(Path::new(path)).unwrap()
}

/// Sentences of made-up words, always the same for a seed.
pub(crate) fn prose(seed: u64, bytes: usize) -> Vec<u8> {
    const SYLLABLES: [&str; 12] = [
        "ka", "ro", "mi", "ten", "sul", "or", "ban", "e", "lif", "du", "an", "vo",
    ];
    let mut random = Random::new(seed, 0);
    let mut text = Vec::new();
    while text.len() < bytes {
        for _ in 0..=random.below(3) {
            text.extend(SYLLABLES[random.below(SYLLABLES.len())].bytes());
        }
        text.extend(if random.below(8) == 0 { ". " } else { " " }.bytes());
    }
    text.truncate(bytes);
    text
}

/// Writes the sources that the smoke configuration names.
pub(crate) fn write_data(folder: &Path) {
    fs::write(folder.join("prose.txt"), prose(1, 20_000)).unwrap();
    let mut tar = Vec::new();
    for member in 0..10 {
        let body = prose(100 + member, 150 + 40 * member as usize);
        let mut header = [0u8; 512];
        header[..2].copy_from_slice(&[b'm', b'0' + member as u8]);
        header[124..135].copy_from_slice(format!("{:011o}", body.len()).as_bytes());
        header[156] = b'0';
        tar.extend(header);
        tar.extend(&body);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend([0; 1024]);
    fs::write(folder.join("members.tar"), tar).unwrap();
}

/// A whole run on data that is there.
pub(crate) fn run(config: Config, folder: &Path, threads: usize) -> Trainer {
    let mut trainer = Trainer::new(config, folder).unwrap();
    while trainer.step < trainer.config.training.steps {
        trainer.advance(threads).unwrap();
    }
    trainer
}

/// The exported graph, as the codec loads it.
pub(crate) fn load(trained: &Trained) -> Arc<StepModel> {
    let file = export(trained).unwrap();
    Arc::new(StepModel::load(&file, &ModelLimits::default()).unwrap())
}

/// One pass of the network over `stretch`, one lane from its beginning on.
pub(crate) fn passed(trained: &Trained, stretch: &Stretch) -> Outcome {
    let model = &trained.config.model;
    let rows = trained.tables.gather(&stretch.rows);
    let mut states = initial_states(model, 1);
    let parameters = &trained.parameters;
    pass(model, false, parameters, stretch, rows, &mut states).unwrap()
}
