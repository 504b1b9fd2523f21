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
    assert!(with("rate = ", "speed = ").contains("unknown key `speed`"));
    assert!(with("optimiser = \"muon", "optimiser = \"moon").contains("unknown value"));
    assert!(with("weight_decay = 0.0", "weight_decay = -1.0").contains("weight_decay is not"));
    assert!(with("accumulate = 1", "accumulate = 0").contains("accumulate is 0"));
    assert!(with("schedule = \"level", "schedule = \"lovel").contains("unknown value"));
    assert!(with("steps = 40", "steps = 14").contains("longer than the run"));
    assert!(with("weight = 3.0", "weight = -3.0").contains("not positive"));
    assert!(said(Config::load(Path::new("no/such.toml"))).contains("no/such.toml"));
}

#[test]
fn a_typing_error_is_named_with_its_line_and_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let good = toml::to_string(&crate::common::smoke()).unwrap();
    fs::write(&path, good.replace("warmup", "warm_up")).unwrap();
    let error = Config::load(&path).unwrap_err();
    let text = error.to_string();
    let line = 1 + good
        .lines()
        .position(|line| line.contains("warmup"))
        .unwrap();
    assert!(
        text.contains(&format!("line {line}: unknown key `warm_up`")),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1);
    assert_eq!(error.hint().unwrap(), "did you mean `warmup`?");

    fs::write(&path, "name = ").unwrap();
    let text = said(Config::load(&path));
    assert!(
        text.contains("line 1") && text.lines().count() == 1,
        "{text}"
    );
}

#[test]
fn validation_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let good = toml::to_string(&crate::common::smoke()).unwrap();
    let with = |section: &str| {
        fs::write(&path, format!("{good}\n[validation]\n{section}")).unwrap();
        said(Config::load(&path))
    };
    assert!(with("every = 0\nshare = 0.1").contains("every is 0"));
    assert!(with("every = 1\nshare = 0.6").contains("0..=0.5"));
    assert!(with("every = 1\nshare = nan").contains("0..=0.5"));
    assert!(with("every = 1").contains("neither share nor files"));
    assert!(with("every = 1\nfiles = [\"prose.txt\"]").contains("is a source as well"));
    assert!(with("evry = 1").contains("unknown key `evry`"));

    crate::common::write_data(folder.path());
    let mut config = crate::common::smoke();
    config.sources.truncate(1);
    config.sources[0].piece = 1 << 20;
    config.validation = toml::from_str("every = 1\nshare = 0.1").unwrap();
    assert!(said(Trainer::new(config, folder.path())).contains("nothing can be held out"));
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
    let text = said(Trainer::load(other, folder.path(), &path));
    assert!(
        text.contains("another configuration: training.rate was"),
        "{text}"
    );
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

#[test]
fn a_place_in_data_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let mut trainer = Trainer::new(crate::common::smoke(), folder.path()).unwrap();
    let mut state = serde_json::to_value(trainer.feeder.state()).unwrap();
    // An empty place, which no source has to be looked at for.
    state["lanes"][0]["source"] = 99.into();
    let state = serde_json::from_value(state).unwrap();
    assert!(said(trainer.feeder.restore(state)).contains("other data"));
}

#[test]
fn a_checkpoint_of_other_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let path = folder.path().join("run.checkpoint");
    let mut trainer = Trainer::new(crate::common::smoke(), folder.path()).unwrap();
    trainer.advance(1).unwrap();
    trainer.save(&path).unwrap();
    fs::write(folder.path().join("prose.txt"), b"short").unwrap();
    let text = said(Trainer::load(crate::common::smoke(), folder.path(), &path));
    assert!(text.contains("prose.txt is not the file"), "{text}");
}

#[test]
fn what_keeps_a_checkpoint_from_being_written_leaves_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let path = folder.path().join("run.checkpoint");
    let mut trainer = Trainer::new(crate::common::smoke(), folder.path()).unwrap();
    trainer.advance(1).unwrap();
    trainer.save(&path).unwrap();
    let before = fs::read(&path).unwrap();

    // A folder stands where the file beside is written.
    fs::create_dir(folder.path().join("run.checkpoint.part")).unwrap();
    trainer.advance(1).unwrap();
    let error = trainer.save(&path).unwrap_err();
    assert!(
        error.to_string().contains("of step 2 could not be written"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("the same command goes on"));
    assert!(fs::read(&path).unwrap() == before);
    fs::remove_dir(folder.path().join("run.checkpoint.part")).unwrap();

    // A folder stands where the checkpoint itself should be: nothing is left behind.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("inside")).unwrap();
    let error = trainer.save(&taken).unwrap_err();
    assert!(
        error.hint().unwrap().contains("no earlier one"),
        "{error:?}"
    );
    assert!(!folder.path().join("taken.part").exists());
}
