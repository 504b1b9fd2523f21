//! Parts of a network by the program's commands: what ends at an exit, what has no memories, what grew from a model.

use std::fs;
use std::path::Path;

use serde_json::Value;
use umoec_trainer::config::Config;

use crate::commands::{bad, good, prepared};

fn write(folder: &Path, name: &str, config: &Config) {
    fs::write(folder.join(name), toml::to_string(config).unwrap()).unwrap();
}

/// Bits per byte of the columns that `eval` shows for `what`.
fn measured(folder: &Path, what: &str) -> Value {
    let arguments = format!("eval {what} --first 600 --cut 200 --json r.json prose.txt");
    good(folder, &arguments);
    let results = fs::read(folder.join("r.json")).unwrap();
    let results: Value = serde_json::from_slice(&results).unwrap();
    results["total"]["bits_per_byte"].clone()
}

#[test]
fn exits_and_memories_are_exported_measured_and_described() {
    let folder = prepared();
    let folder = folder.path();
    let mut config = crate::common::smoke();
    config.model.exits = vec![0, 1];
    config.training.memory_drop = 0.5;
    (config.training.steps, config.training.decay) = (12, 4);
    write(folder, "c.toml", &config);
    let text = good(folder, "train --config c.toml --dry-run");
    assert!(text.contains("exit        after block 1: "), "{text}");
    assert!(!text.contains("will not load it"), "{text}");
    let run = "train --config c.toml --data . --checkpoint run --log log --log-every 6";
    good(folder, run);
    let rows = fs::read_to_string(folder.join("log/run.jsonl")).unwrap();
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let exits: Vec<f64> = serde_json::from_value(row["exits"].clone()).unwrap();
        assert!(exits.len() == 2 && exits.iter().all(|bits| (1.0..9.0).contains(bits)));
    }

    good(folder, "export --checkpoint run --out whole.onnx");
    good(folder, "export --checkpoint run --exit 0 --out small.onnx");
    good(
        folder,
        "export --checkpoint run --without-memories --out without.onnx",
    );
    let all = measured(folder, "--checkpoint run --only exact,exits");
    assert_eq!(all.as_object().unwrap().len(), 3, "{all}");
    let exact = |what: &str| measured(folder, &format!("{what} --only exact"))["exact"].clone();
    assert_eq!(exact("--model whole.onnx"), all["exact"]);
    assert_eq!(exact("--model small.onnx"), all["exit 0"]);
    assert_eq!(exact("--checkpoint run --exit 1"), all["exit 1"]);
    let without = exact("--checkpoint run --without-memories");
    assert_eq!(exact("--model without.onnx"), without);
    let mut seen = vec![&all["exact"], &all["exit 0"], &all["exit 1"], &without];
    seen.dedup();
    assert_eq!(seen.len(), 4, "{all} {without}");

    let card = "card --checkpoint run --config c.toml --data . --model small.onnx";
    let text = good(folder, &format!("{card} --exit 0"));
    assert!(text.contains(" --exit 0 --out small.onnx"), "{text}");
    assert!(bad(folder, card, 3).contains("is not what run exports to"));
    let text = bad(folder, "eval --model small.onnx --exit 0 prose.txt", 1);
    assert!(text.contains("name one with --checkpoint"), "{text}");
}

#[test]
fn a_model_grows_with_the_configuration_it_was_trained_with() {
    let folder = prepared();
    let folder = folder.path();
    let mut small = crate::common::smoke();
    small.model.blocks.truncate(2);
    write(folder, "small.toml", &small);
    good(
        folder,
        "train --config small.toml --data . --checkpoint small --until 2",
    );
    good(folder, "export --checkpoint small --out small.onnx");
    let mut large = crate::common::smoke();
    large.training.grow = vec![0, 1, -1];
    write(folder, "large.toml", &large);
    let grow = "train --config large.toml --data . --checkpoint large --until 1 --init small.onnx";
    let text = bad(folder, grow, 3);
    assert!(text.contains("it has no weights"), "{text}");
    good(folder, &format!("{grow} --init-config small.toml"));
}
