//! The trainer is a program of its own, beside this one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program under another name of its own folder, so that no trainer that was built lies beside it.
fn alone(folder: &Path) -> PathBuf {
    let here = folder.join("umoec");
    fs::hard_link(env!("CARGO_BIN_EXE_umoec"), &here).unwrap();
    here
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
fn without_the_trainer_its_commands_say_how_to_get_it() {
    let folder = folder();
    let program = alone(folder.path());
    for command in [
        &["train"][..],
        &["generate", "--bytes", "3"],
        &["model", "card"],
    ] {
        let mut umoec = Command::new(&program);
        let output = umoec.args(command).env("PATH", "").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("umoec-train: cannot run the trainer"),
            "{said}"
        );
        assert!(
            said.contains("cargo build --release -p umoec-trainer"),
            "{said}"
        );
    }
}

#[test]
fn the_trainer_beside_it_gets_the_arguments_and_gives_the_exit_code() {
    let folder = folder();
    let program = alone(folder.path());
    let trainer = folder.path().join("umoec-train");
    fs::write(&trainer, "#!/bin/sh\nprintf '%s.' \"$@\"\nexit 130\n").unwrap();
    fs::set_permissions(&trainer, fs::Permissions::from_mode(0o755)).unwrap();
    for (given, got) in [
        (
            &["train", "--config", "a b", "-h"][..],
            "train.--config.a b.-h.",
        ),
        (&["eval", "--help"], "eval.--help."),
        (&["export"], "export."),
        (&["model", "card", "--out", "-"], "card.--out.-."),
    ] {
        let output = Command::new(&program).args(given).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), got);
        assert_eq!(output.status.code(), Some(130));
    }
}
