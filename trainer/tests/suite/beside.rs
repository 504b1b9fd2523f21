//! Training beside another predictor: what it says reaches the loss, a pause changes nothing, and what is wrong is named.

use std::fs;
use std::path::Path;

use sha2::Digest;
use umoec_trainer::config::{Config, PriorConfig, ValidationConfig};
use umoec_trainer::data::{Feeder, fill_sources};
use umoec_trainer::evaluate::{Network, bits};
use umoec_trainer::trainer::Trainer;

use crate::commands::{bad, good, prepared};

/// Writes for each file of the smoke configuration what somebody says of its bits who is `sure` of each, and right unless
/// `wrong` of the bit's number.
fn opinions(folder: &Path, sure: i16, wrong: impl Fn(usize) -> bool) {
    for name in ["prose.txt", "members.tar"] {
        let bytes = fs::read(folder.join(name)).unwrap();
        let bits = (0..8 * bytes.len()).map(|at| bytes[at / 8] & (128 >> (at % 8)) != 0);
        let said = bits.enumerate().map(|(at, bit)| {
            let logit = if bit == wrong(at) { -sure } else { sure };
            logit.to_le_bytes()
        });
        let file = folder.join(format!("{name}.cm"));
        fs::write(file, said.flatten().collect::<Vec<u8>>()).unwrap();
    }
}

fn beside(own: f32) -> Config {
    let mut config = crate::common::smoke();
    config.prior = Some(PriorConfig {
        suffix: ".cm".to_owned(),
        own,
    });
    config.validation = Some(ValidationConfig {
        every: 5,
        patience: 0,
        share: 0.1,
        files: Vec::new(),
        bytes: 2_000,
    });
    config
}

fn go(trainer: &mut Trainer, until: u64, threads: usize) -> Vec<(f64, Option<f64>)> {
    let mut seen = Vec::new();
    while trainer.step < until {
        trainer.advance(threads).unwrap();
        let validation = trainer.validate(threads).unwrap();
        seen.extend(validation.map(|v| (v.bits(), v.together())));
    }
    seen
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    crate::common::write_data(folder);
    opinions(folder, 300, |at| at % 5 == 0);
    let mut whole = Trainer::new(beside(0.3), folder).unwrap();
    let seen = go(&mut whole, 20, 1);
    assert!(seen.iter().all(|(_, together)| together.is_some()));

    let path = folder.join("run.checkpoint");
    let mut first = Trainer::new(beside(0.3), folder).unwrap();
    let mut again = go(&mut first, 12, 2);
    first.save(&path).unwrap();
    let mut second = Trainer::load(beside(0.3), folder, &path).unwrap();
    assert!(second.balance == first.balance);
    again.extend(go(&mut second, 20, 2));
    assert_eq!(seen, again);
    assert_eq!(whole.progress, second.progress);
    assert!(whole.balance == second.balance);
    assert!(whole.balance.weights != Trainer::new(beside(0.3), folder).unwrap().balance.weights);
    assert!(whole.parameters == second.parameters);
    assert!(whole.tables.values == second.tables.values);

    // Other opinions are other data.
    opinions(folder, 299, |at| at % 5 == 0);
    let error = Trainer::load(beside(0.3), folder, &path).unwrap_err();
    assert!(error.to_string().contains("prose.txt.cm"), "{error}");
}

#[test]
fn opinions_stay_with_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    opinions(folder.path(), 7, |_| false);
    let mut feeder = Feeder::new(&beside(0.3), folder.path()).unwrap();
    for _ in 0..20 {
        for stretch in feeder.next(2, 100) {
            let said = stretch.beside.opinions.chunks_exact(8);
            assert_eq!(said.len(), stretch.targets.len());
            for (&target, said) in stretch.targets.iter().zip(said) {
                let byte = said.iter().fold(0, |byte, &c| 2 * byte + u8::from(c > 0));
                assert_eq!(byte, target);
            }
        }
    }
    for (_, stream) in feeder.held_out(3_000) {
        assert_eq!(stream.prior.len(), 8 * stream.bytes.len());
    }
}

#[test]
fn who_is_right_is_believed_and_who_is_not_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    crate::common::write_data(folder);
    // At 300 / 256 somebody who is right in 49 of 50 bits is too modest, and one who tosses a coin too sure.
    let mut seen = Vec::new();
    for wrong in [50, 2] {
        opinions(folder, 300, |at| at * 7919 % 101 % wrong == 0);
        let mut trainer = Trainer::new(beside(0.3), folder).unwrap();
        let first = trainer.balance.weights.clone();
        let mut reports = Vec::new();
        while trainer.step < 40 {
            reports.push(trainer.advance(1).unwrap().together().unwrap());
        }
        let last = &trainer.balance.weights;
        // Their logits all lie in the second bucket.
        assert_eq!(first[4..], last[4..]);
        seen.push((last[3] - first[3], reports));
    }
    assert!(seen[0].0 > 0.1 && seen[1].0 < -0.1, "{seen:?}");
    assert!(seen[0].1[39] < 0.5 * seen[1].1[39], "{seen:?}");
}

#[test]
fn its_own_loss_alone_is_training_without_a_prior() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    opinions(folder.path(), 300, |at| at % 5 == 0);
    let alone = Config {
        prior: None,
        ..beside(1.0)
    };
    let mut first = Trainer::new(alone, folder.path()).unwrap();
    let mut second = Trainer::new(beside(1.0), folder.path()).unwrap();
    for _ in 0..10 {
        let (one, two) = (first.advance(1).unwrap(), second.advance(1).unwrap());
        assert!((one.bits() - two.bits()).abs() < 1e-3 * one.bits());
        assert_eq!((one.together(), one.together.len()), (None, 0));
        assert!(two.together().unwrap() < two.bits());
    }
    let (trained, text) = (second.trained(), crate::common::prose(9, 300));
    let network = Network {
        model: &trained.config.model,
        parameters: &trained.parameters,
        tables: &trained.tables,
    };
    assert_eq!(
        bits(&trained, &[&text]).unwrap(),
        network.bits(&[&text]).unwrap()
    );
}

#[test]
fn files_of_opinions_are_no_sources_and_must_fit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    crate::common::write_data(folder);
    let missing = Trainer::new(beside(0.3), folder).unwrap_err();
    assert!(missing.to_string().contains("prose.txt.cm"), "{missing}");
    opinions(folder, 300, |_| false);
    let mut config = beside(0.3);
    config.sources.clear();
    fill_sources(&mut config, folder).unwrap();
    let names: Vec<_> = config.sources.iter().map(|s| &s.path[..]).collect();
    assert_eq!(names, ["members.tar", "prose.txt"]);
    fs::write(folder.join("prose.txt.cm"), [0; 5]).unwrap();
    let wrong = Trainer::new(beside(0.3), folder).unwrap_err().to_string();
    assert!(wrong.contains("prose.txt.cm has 5 bytes"), "{wrong}");
    assert!(wrong.contains("16 each"), "{wrong}");

    for (own, suffix, said) in [
        (1.5, ".cm", "own is not in 0..=1"),
        (f32::NAN, ".cm", "own is not in 0..=1"),
        (0.3, "", "suffix is empty"),
        (0.3, "/cm", "names a folder"),
    ] {
        let mut config = beside(own);
        config.prior.as_mut().unwrap().suffix = suffix.to_owned();
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn both_losses_are_shown_and_measured() {
    let folder = prepared();
    let folder = folder.path();
    opinions(folder, 300, |at| at % 7 == 0);
    let config = fs::read_to_string(folder.join("c.toml")).unwrap();
    let config = format!("{config}\n[prior]\nsuffix = \".cm\"\n");
    fs::write(folder.join("c.toml"), config).unwrap();
    let text = good(
        folder,
        "train --config c.toml --data . --checkpoint run.checkpoint --log log",
    );
    assert!(text.contains(" beside the prior, "), "{text}");
    let record = fs::read_to_string(folder.join("log/run.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
    let (own, both) = (&last["bits_per_byte"], &last["together"]["bits_per_byte"]);
    assert!(both.as_f64().unwrap() < own.as_f64().unwrap(), "{last}");

    let eval = "eval --checkpoint run.checkpoint --json r.json --first 2000 --cut 500";
    let text = good(folder, &format!("{eval} prose.txt members.tar"));
    assert!(text.contains("beside"), "{text}");
    let results = fs::read_to_string(folder.join("r.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&results).unwrap();
    let total = &results["total"]["bits_per_byte"];
    let (own, both) = (&total["training"], &total["beside"]);
    assert!(both.as_f64().unwrap() < own.as_f64().unwrap(), "{total}");
    good(folder, "export --checkpoint run.checkpoint --out m.onnx");
    let card = "card --checkpoint run.checkpoint --config c.toml --data . --model m.onnx";
    let text = good(folder, card);
    assert!(text.contains("opinions of NAME stand in NAME.cm"), "{text}");
    let said = fs::read(folder.join("prose.txt.cm")).unwrap();
    let digits = sha2::Sha256::digest(said);
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.contains(&format!("` | `{digits}` |\n")), "{text}");
    // Of other files nothing is known: no column, unless it is asked for.
    fs::copy(folder.join("prose.txt"), folder.join("other.txt")).unwrap();
    let text = good(folder, &format!("{eval} other.txt"));
    assert!(!text.contains("beside"), "{text}");
    let text = bad(folder, &format!("{eval} --only beside other.txt"), 2);
    assert!(text.contains("other.txt.cm"), "{text}");
}
