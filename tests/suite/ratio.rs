//! Sizes are a reviewed diff.

use std::fs;

use umoec_tests::ratio::{path, text};

#[test]
fn no_size_changes_unseen() {
    let stored = fs::read_to_string(path()).unwrap();
    let now = text();
    let changed: Vec<String> = stored
        .lines()
        .zip(now.lines())
        .filter(|(old, new)| old != new)
        .map(|(old, new)| format!("- {old}\n+ {new}"))
        .collect();
    assert!(
        stored == now,
        "sizes have changed:\n{}\nto accept: cargo run -p umoec-tests --bin ratio -- --write",
        changed.join("\n")
    );
}
