//! What is refused, and with which words.

use std::fs;
use std::path::Path;

use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::Config;
use umoec_trainer::trainer::Trainer;

fn said<T: std::fmt::Debug>(result: Result<T, umoec_trainer::error::TrainError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn configurations_that_cannot_be() {
    let good = toml::to_string(&crate::common::smoke()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from} in\n{good}");
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        said(Config::load(&path))
    };
    assert!(with("parts = 2", "parts = 3").contains("parts does not divide lanes"));
    assert!(with("parts = 2", "parts = 0").contains("parts does not divide lanes"));
    assert!(with("heads = 4", "heads = 5").contains("heads does not divide"));
    assert!(with("channels = 32", "channels = 40").contains("multiple of 16"));
    assert!(with("shift = 9", "shift = 13").contains("block 0: shift is not in 8..=12"));
    assert!(with("rate = ", "speed = ").contains("speed"));
    assert!(with("steps = 40", "steps = 14").contains("longer than the run"));
    assert!(with("weight = 3.0", "weight = -3.0").contains("not positive"));
    assert!(said(Config::load(Path::new("no/such.toml"))).contains("no/such.toml"));
}

#[test]
fn data_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    assert!(said(Trainer::new(crate::common::smoke(), &missing)).contains("is no folder"));
    assert!(said(Trainer::new(crate::common::smoke(), folder.path())).contains("prose.txt"));
    crate::common::write_data(folder.path());
    fs::write(folder.path().join("prose.txt"), b"").unwrap();
    assert!(said(Trainer::new(crate::common::smoke(), folder.path())).contains("is empty"));
    crate::common::write_data(folder.path());
    fs::write(folder.path().join("members.tar"), [0u8; 2048]).unwrap();
    assert!(said(Trainer::new(crate::common::smoke(), folder.path())).contains("holds no files"));
}

#[test]
fn checkpoints_that_are_damaged_or_of_another_run() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let path = folder.path().join("run.checkpoint");
    let mut trainer = Trainer::new(crate::common::smoke(), folder.path()).unwrap();
    trainer.advance(1).unwrap();
    trainer.save(&path).unwrap();

    let mut other = crate::common::smoke();
    other.training.rate *= 2.0;
    assert!(said(Trainer::load(other, folder.path(), &path)).contains("another configuration"));
    let mut longer = crate::common::smoke();
    longer.training.steps += 100;
    assert_eq!(Trainer::load(longer, folder.path(), &path).unwrap().step, 1);

    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(&path, bad).unwrap();
    assert!(said(Trained::load(&path)).contains("hash"));
    assert!(said(Trainer::load(crate::common::smoke(), folder.path(), &path)).contains("hash"));
    for length in [0, 31, 32, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        assert!(
            said(Trained::load(&path)).contains("checkpoint"),
            "{length} bytes"
        );
    }
}
