//! The vectors of the repository through the program: exit codes, outputs, bounded memory.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{Place, umoec};

/// Path and outcome of every vector: the length of the content, or the word for the fault.
fn vectors() -> Vec<(PathBuf, Result<u64, String>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let manifest = fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let outcome = fields[4].parse().map_err(|_| fields[5].to_owned());
        (folder.join(fields[0]), outcome)
    });
    rows.collect()
}

#[test]
fn what_must_be_refused_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let mut refused = 0;
    for (path, outcome) in vectors() {
        let Err(fault) = outcome else {
            continue;
        };
        let code = match &*fault {
            "malformed" | "truncated" => 3,
            "damaged" => 4,
            "unsupported" => 5,
            "too large" => 6,
            other => panic!("{other}"),
        };
        fs::copy(&path, place.path("bad.umc")).unwrap();
        for args in [
            &["decompress", "bad.umc"][..],
            &["test", "bad.umc"],
            &["-dc", "bad.umc"],
        ] {
            let said = place.run(args).fails(code, "bad.umc: ").stderr();
            assert!(said.contains("hint: "), "{}: {said}", path.display());
            assert_eq!(place.names(), ["bad.umc"], "{}", path.display());
        }
        refused += 1;
    }
    assert!(refused > 100, "only {refused} vectors");
}

#[test]
fn good_vectors_are_decompressed() {
    let place = Place::new();
    for (path, outcome) in vectors() {
        let Ok(length) = outcome else {
            continue;
        };
        fs::copy(&path, place.path("good.umc")).unwrap();
        place.run(&["decompress", "-qf", "-T2", "good.umc"]).ok();
        assert_eq!(
            place.read("good").len() as u64,
            length,
            "{}",
            path.display()
        );
    }
}

/// Comments may come from anyone: nothing of them may act on a terminal.
#[test]
fn control_characters_of_a_comment_are_not_shown() {
    for (path, outcome) in vectors() {
        if outcome.is_err() {
            continue;
        }
        for args in [&["inspect"][..], &["inspect", "--json"], &["list"]] {
            let shown = umoec().args(args).arg(&path).output().unwrap();
            assert_eq!(shown.status.code(), Some(0), "{}", path.display());
            let control = |c: &u8| *c < b' ' && *c != b'\n';
            assert!(!shown.stdout.iter().any(control), "{}", path.display());
        }
    }
}

/// What a file claims takes no memory: 256 MiB of addresses must do for the program, its
/// threads and every claim of 2^30, 2^32 and 2^60 bytes.
#[cfg(target_os = "linux")]
#[test]
fn claims_take_no_memory() {
    let mut claims = 0;
    for (path, outcome) in vectors() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let claims_much = ["claim", "memory", "header-many", "large"];
        if outcome.is_ok() || !claims_much.iter().any(|word| name.contains(word)) {
            continue;
        }
        claims += 1;
        let program = env!("CARGO_BIN_EXE_umoec");
        let line = format!(
            "ulimit -v 262144; exec {program} test -T1 '{}'",
            path.display()
        );
        let output = std::process::Command::new("sh")
            .args(["-c", &line])
            // One arena of the allocator reserves 64 MiB for each thread.
            .env("MALLOC_ARENA_MAX", "1")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(3..=6)), "{name}: {code:?}: {said}");
    }
    assert!(claims >= 10, "only {claims} vectors claim much");
}
