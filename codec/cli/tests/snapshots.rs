//! Texts that people see, as they are now. After a wanted change:
//! `INSTA_UPDATE=always cargo test -p umoec --test snapshots`, and review the diff.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Place, umoec};

fn help(args: &[&str]) -> String {
    let output = umoec().args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_of_every_command() {
    insta::assert_snapshot!("help", help(&["--help"]));
    for command in [
        "compress",
        "decompress",
        "test",
        "list",
        "cat",
        "inspect",
        "plugins",
        "plugin",
        "model",
        "conformance",
        "bench",
        "completions",
        "man",
    ] {
        insta::assert_snapshot!(format!("help_{command}"), help(&[command, "--help"]));
    }
}

#[test]
fn the_manual_documents_every_option_and_every_exit_code() {
    let page = help(&["man"]);
    let commands = help(&["--help"]);
    for command in commands
        .lines()
        // The trainer's commands have its own help.
        .filter(|line| !line.contains("(runs umoec-train)"))
        .filter_map(|l| l.strip_prefix("  ")?.split([',', ' ']).next())
    {
        if command.is_empty() || command.starts_with('-') || command == "help" {
            continue;
        }
        assert!(page.contains(&format!("umoec {command}")), "{command}");
        let options = help(&[command, "--help"]);
        for long in options
            .split_whitespace()
            .filter_map(|w| w.strip_prefix("--"))
        {
            let name: String = long
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                .collect();
            let roff = name.replace('-', "\\-");
            assert!(name == "help" || page.contains(&roff), "{command} --{name}");
        }
    }
    for code in [0, 1, 2, 3, 4, 5, 6, 7, 130] {
        assert!(page.contains(&format!("\\fB{code}\\fR")), "{code}");
    }
}

#[test]
fn plugins_and_profiles() {
    let text = help(&["plugins"]);
    // Profiles are tuned now and then; their table is checked below.
    let plugins = text.split("\n\n").next().unwrap();
    insta::assert_snapshot!("plugins", plugins);
    let json: serde_json::Value = serde_json::from_str(&help(&["plugins", "--json"])).unwrap();
    let profiles = json["profiles"].as_array().unwrap();
    let names: Vec<_> = profiles
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["turbo", "balanced", "max", "neural"]);
    for profile in profiles {
        assert_eq!(profile["default"], profile["name"] == "balanced");
        assert!(text.contains(&format!("\n{}", profile["name"].as_str().unwrap())));
        // What a profile names is there.
        for kind in ["adapter", "predictor", "coder"] {
            let known = json["plugins"].as_array().unwrap().iter();
            let mut named = known.filter(|p| p["kind"] == kind && p["name"] == profile[kind]);
            let any_adapter = kind == "adapter" && profile[kind] == "auto";
            assert!(any_adapter || named.next().is_some(), "{profile}");
        }
    }
}

const FIXED: &str = r#"
name = "fixed"
block_size = 2000
memory = "16 MiB"
adapter = { plugin = "bytes" }
predictor = { plugin = "order0" }
coder = { plugin = "rans" }
"#;

#[test]
fn inspection_and_listing() {
    let place = Place::new();
    place.write("a", &common::text(3000, 1));
    place.write("small", b"one hundred and eleven");
    // Neither tuned profiles nor new predictors change these.
    place.write("fixed.toml", FIXED.as_bytes());
    for file in ["a", "small"] {
        place
            .run(&["compress", "-q", "--config", "fixed.toml", file])
            .ok();
    }
    for (file, name) in [("a.umc", "blocks"), ("small.umc", "solo")] {
        let text = place.run(&["inspect", file]).ok().text();
        insta::assert_snapshot!(format!("inspect_{name}"), text);
        let json = place.run(&["inspect", "--json", file]).ok().text();
        insta::assert_snapshot!(format!("inspect_{name}_json"), json);
    }
    insta::assert_snapshot!(
        "list",
        place.run(&["list", "a.umc", "small.umc"]).ok().text()
    );
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = help(&["completions", shell]);
        assert!(
            script.contains("decompress") && script.contains("block-size"),
            "{shell}"
        );
    }
}
