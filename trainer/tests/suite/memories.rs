//! Streams in which memories are silent, and the network without them.

use umoec_exact::ModelLimits;
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::Config;
use umoec_trainer::evaluate::bits;
use umoec_trainer::tables::NO_ROW;
use umoec_trainer::trainer::Trainer;

use crate::common::{load, passed, prose, smoke};
use crate::passes::stretch;

fn dropping(share: f64) -> Config {
    let mut config = smoke();
    config.training.memory_drop = share;
    config
}

/// The memories among the tables.
fn memories(config: &Config) -> Vec<bool> {
    let tables = config.model.tables.iter();
    tables.map(|table| table.is_memory()).collect()
}

#[test]
fn the_network_without_memories_is_the_one_whose_memories_are_silent() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let trained = crate::common::run(dropping(0.5), folder.path(), 2).trained();
    let text = prose(9, 500);
    let model = &trained.config.model;
    let mut stretch = stretch(model, &text, &[0]);
    let memories = memories(&trained.config);
    let rows = stretch.rows.iter_mut().zip(memories.iter().cycle());
    rows.filter(|(_, memory)| **memory)
        .for_each(|(row, _)| *row = NO_ROW);
    let silent = passed(&trained, &stretch);

    let without = trained.without_memories().unwrap();
    without.config.check().unwrap();
    assert_eq!(without.config.name, "smoke-without-memories");
    assert_eq!(without.config.model.tables.len(), 4);
    let counted = bits(&without, &[&text]).unwrap();
    let wanted = silent.bits * text.len() as f64;
    assert!(
        (counted - wanted).abs() < 1e-4 * wanted,
        "{counted} {wanted}"
    );
    assert_ne!(counted, bits(&trained, &[&text]).unwrap());
    assert!(counted < 0.7 * bits(&Trained::initial(without.config.clone()), &[&text]).unwrap());

    let (with, without) = (load(&trained), load(&without));
    let limits = ModelLimits::default();
    assert!(with.cost().file_bytes <= limits.file_bytes as u64);
    assert!(without.cost().macs_per_byte < with.cost().macs_per_byte);
    assert!(without.cost().state_bytes < with.cost().state_bytes);
}

#[test]
fn whole_streams_are_silent_as_often_as_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let memories = memories(&smoke());
    for (share, low, high) in [(0.0, 0.0, 0.0), (0.5, 0.3, 0.7), (1.0, 1.0, 1.0)] {
        let mut trainer = Trainer::new(dropping(share), folder.path()).unwrap();
        let (mut streams, mut silent) = (0, 0);
        let mut now = [false; 4];
        for _ in 0..60 {
            for (lane, stretch) in trainer.feeder.next(4, 64).iter().enumerate() {
                for (at, rows) in stretch.rows.chunks_exact(memories.len()).enumerate() {
                    let mut quiet = rows.iter().zip(&memories).filter(|(_, memory)| **memory);
                    let is_silent = quiet.clone().all(|(row, _)| *row == NO_ROW);
                    assert!(is_silent || quiet.all(|(row, _)| *row != NO_ROW));
                    if stretch.starts[at] {
                        now[lane] = is_silent;
                        (streams, silent) = (streams + 1, silent + usize::from(is_silent));
                    }
                    assert_eq!(now[lane], is_silent, "in the midst of a stream");
                }
            }
        }
        let found = f64::from(silent as u32) / f64::from(streams);
        assert!((low..=high).contains(&found), "{silent} of {streams}");
    }
}

#[test]
fn a_run_goes_on_with_the_same_streams_silent() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let path = folder.path().join("run.checkpoint");
    let mut whole = Trainer::new(dropping(0.5), folder.path()).unwrap();
    (0..9).for_each(|_| drop(whole.advance(1).unwrap()));
    whole.save(&path).unwrap();
    let mut resumed = Trainer::load(dropping(0.5), folder.path(), &path).unwrap();
    for _ in 0..6 {
        whole.advance(1).unwrap();
        resumed.advance(2).unwrap();
    }
    assert!(whole.parameters == resumed.parameters);
    assert!(whole.tables.values == resumed.tables.values);
}

#[test]
fn what_cannot_be_without_memories() {
    let mut config = smoke();
    config.model.tables.retain(|table| !table.is_memory());
    let said = |config: Config| {
        let network = Trained::initial(config);
        network.without_memories().unwrap_err().to_string()
    };
    assert!(said(config.clone()).contains("has no memories"));
    config.training.memory_drop = 0.5;
    let error = config.check().unwrap_err().to_string();
    assert!(error.contains("no table is a memory"), "{error}");
    config.model.tables = smoke().model.tables.split_off(4);
    assert!(said(config).contains("no tables but its memories"));
    let error = dropping(1.5).check().unwrap_err().to_string();
    assert!(error.contains("memory_drop is not in 0..=1"), "{error}");
}
