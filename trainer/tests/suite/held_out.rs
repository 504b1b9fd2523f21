//! Held-out data: it is never trained on, decides when a run stops, and survives a pause.

use std::fs;
use std::path::Path;

use umoec_trainer::config::{Config, Schedule, ValidationConfig};
use umoec_trainer::data::{Feeder, fill_sources};
use umoec_trainer::trainer::Trainer;

fn validation(share: f64, files: &[&str]) -> ValidationConfig {
    ValidationConfig {
        every: 5,
        patience: 0,
        share,
        files: files.iter().map(|&file| file.to_owned()).collect(),
        bytes: 2_000,
    }
}

/// The smoke configuration with all that may be switched on.
fn full() -> Config {
    let mut config = crate::common::smoke();
    config.training.schedule = Schedule::Cosine;
    config.training.decay = 0;
    config.training.accumulate = 3;
    config.validation = Some(validation(0.2, &[]));
    config
}

fn go(trainer: &mut Trainer, until: u64, threads: usize) -> Vec<f64> {
    let mut seen = Vec::new();
    while trainer.step < until {
        trainer.advance(threads).unwrap();
        let validation = trainer.validate(threads).unwrap();
        seen.extend(validation.map(|validation| validation.bits()));
    }
    seen
}

#[test]
fn a_resumed_run_with_everything_on_is_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    crate::common::write_data(folder);
    let mut whole = Trainer::new(full(), folder).unwrap();
    let seen = go(&mut whole, 20, 1);
    assert_eq!(seen.len(), 4);
    assert!(seen[3] < seen[0], "{seen:?}");

    let path = folder.join("run.checkpoint");
    let mut first = Trainer::new(full(), folder).unwrap();
    let mut again = go(&mut first, 12, 2);
    first.save(&path).unwrap();
    let mut second = Trainer::load(full(), folder, &path).unwrap();
    again.extend(go(&mut second, 20, 2));
    assert_eq!(seen, again);
    assert_eq!(whole.progress, second.progress);
    assert!(whole.parameters == second.parameters);
    assert!(whole.tables.values == second.tables.values);
    assert!(whole.states == second.states);
    assert_eq!(whole.feeder.state(), second.feeder.state());
}

#[test]
fn accumulation_reads_more_for_one_step() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let training = full().training;
    let bytes = training.lanes * training.stretch;
    assert_eq!(training.bytes_per_step(), 3 * bytes);
    let mut trainer = Trainer::new(full(), folder.path()).unwrap();
    let report = trainer.advance(1).unwrap();
    assert_eq!(report.spent().bytes as usize, 3 * bytes);
    assert_eq!(report.step, 1);

    // Three passes are one reading of three times the stretch.
    let mut one = Feeder::new(&full(), folder.path()).unwrap();
    one.next(2, 3 * training.stretch);
    assert_eq!(trainer.feeder.state(), one.state());
}

#[test]
fn no_byte_of_a_held_out_stream_is_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    // Each piece of a thousand bytes is one letter, so that a byte tells where it was.
    let letters = b'a'..b'k';
    let text: Vec<u8> = letters.flat_map(|letter| vec![letter; 1_000]).collect();
    fs::write(folder.path().join("prose.txt"), text).unwrap();
    let mut config = full();
    config.sources.truncate(1);
    let mut feeder = Feeder::new(&config, folder.path()).unwrap();
    let held = feeder.held_out(usize::MAX);
    let held: Vec<u8> = held.iter().map(|(_, stream)| stream.bytes[0]).collect();
    assert_eq!(held.len(), 2);
    let mut seen = [false; 256];
    for _ in 0..50 {
        for stretch in feeder.next(2, 997) {
            stretch
                .targets
                .iter()
                .for_each(|&byte| seen[usize::from(byte)] = true);
        }
    }
    for letter in b'a'..b'k' {
        assert_eq!(
            seen[usize::from(letter)],
            !held.contains(&letter),
            "{letter}"
        );
    }
}

#[test]
fn a_folder_is_data_and_files_kept_for_validation_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    crate::common::write_data(folder);
    for (path, bytes) in [
        ("books/a.txt", 900),
        ("wiki/x/b.md", 300),
        ("wiki/dev.md", 500),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, crate::common::prose(5, bytes)).unwrap();
    }
    fs::write(folder.join("books/.hidden"), b"no").unwrap();
    fs::write(folder.join("books/empty"), b"").unwrap();
    fs::write(folder.join("books/not-really.tar"), b"text").unwrap();
    let mut config = full();
    config.sources.clear();
    config.validation = Some(validation(0.0, &["wiki/dev.md"]));
    fill_sources(&mut config, folder).unwrap();
    let sources: Vec<_> = config
        .sources
        .iter()
        .map(|s| (&s.path[..], s.weight))
        .collect();
    let tar = fs::metadata(folder.join("members.tar")).unwrap().len() as f64;
    let expected = [
        ("books/a.txt", 900.0),
        ("books/not-really.tar", 4.0),
        ("members.tar", tar),
        ("prose.txt", 20_000.0),
        ("wiki/x/b.md", 300.0),
    ];
    assert_eq!(sources, expected);

    let feeder = Feeder::new(&config, folder).unwrap();
    assert_eq!(feeder.modalities(), ["books", "other", "wiki"]);
    let held = feeder.held_out(1);
    assert_eq!((held.len(), held[0].0, held[0].1.bytes.len()), (1, 2, 500));

    let before = config.sources.clone();
    fill_sources(&mut config, Path::new("no/such")).unwrap();
    assert_eq!(config.sources, before);
}
