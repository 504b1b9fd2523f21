//! There is one command that tests everything, and all name the same one.

use std::fs;

use umoec_tests::root;

const COMMAND: &str = "bash tests/run";

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn the_readme_and_ci_test_with_the_same_command() {
    for path in ["README.md", ".ci/run"] {
        let named = text(path).lines().any(|line| {
            let line = line.trim_start_matches("exec ").trim();
            line == COMMAND || line.starts_with(&format!("{COMMAND} "))
        });
        assert!(named, "{path} does not run `{COMMAND}`");
    }
}

#[test]
fn the_command_checks_format_lints_and_every_package() {
    let script = text("tests/run");
    for step in [
        "cargo fmt --all --check",
        "cargo clippy --locked --workspace --all-targets -- -D warnings",
        "cargo test --locked --workspace",
    ] {
        assert!(script.contains(&format!("step {step}")), "{step}");
    }
}

/// Each exception to the rules for dependencies carries its date.
#[test]
fn exceptions_are_dated() {
    let rules = text("deny.toml");
    let (_, ignored) = rules.split_once("ignore = [").unwrap();
    let (ignored, _) = ignored.split_once("]").unwrap();
    let mut exceptions = 0;
    for (number, line) in ignored
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("id = "))
    {
        exceptions += 1;
        let before: Vec<&str> = ignored.lines().take(number).collect();
        let comment = before
            .iter()
            .rev()
            .take_while(|line| line.trim_start().starts_with('#'));
        let dated = comment.into_iter().any(|line| line.contains("# 20"));
        assert!(dated, "{line}");
    }
    assert!(exceptions > 0, "bincode is one");
}
