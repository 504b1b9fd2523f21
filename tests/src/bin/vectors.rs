//! Re-issues `tests/vectors`.
//!
//! Without arguments it says what would change. `--write` writes files, manifest and README.
//! `--freeze VERSION` marks every vector as part of that release: it never changes afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use umoec_tests::vectors::manifest::{self, Entry};
use umoec_tests::vectors::{Vector, all, folder, readme};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match &args[..] {
        [] => reissue(false),
        ["--write"] => reissue(true),
        ["--freeze", version] => freeze(version),
        _ => {
            eprintln!("usage: vectors [--write | --freeze VERSION]");
            ExitCode::from(2)
        }
    }
}

fn reissue(write: bool) -> ExitCode {
    let vectors = all();
    let old = manifest::read();
    let mut new: BTreeMap<String, Entry> = BTreeMap::new();
    let mut ok = true;
    for vector in &vectors {
        let entry = match old.get(&vector.path()) {
            Some(frozen) if frozen.is_frozen() => {
                // The encoder may have become better; what it is, it must stay.
                ok &= same_outcome(vector, frozen);
                frozen.clone()
            }
            _ => Entry::from(vector),
        };
        new.insert(vector.path(), entry);
    }
    for (path, entry) in &old {
        if new.contains_key(path) {
            continue;
        }
        if entry.is_frozen() {
            new.insert(path.clone(), entry.clone());
        } else {
            println!("remove {path}");
            if write {
                // It may never have been written.
                let _ = fs::remove_file(folder().join(path));
            }
        }
    }
    for vector in &vectors {
        let path = vector.path();
        let (before, after) = (old.get(&path), &new[&path]);
        if before != Some(after) {
            println!(
                "{} {path}",
                if before.is_none() { "add   " } else { "change" }
            );
        }
        if write && !after.is_frozen() {
            put(&path, &vector.file);
        }
    }
    if write {
        put("manifest.tsv", manifest::text(&new).as_bytes());
        put("README.md", readme::text(&vectors).as_bytes());
    }
    if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn same_outcome(vector: &Vector, frozen: &Entry) -> bool {
    let same = Entry::from(vector).outcome == frozen.outcome;
    if !same {
        eprintln!(
            "{} is frozen since {}, but means something else now",
            frozen.path, frozen.since
        );
    }
    same
}

fn freeze(version: &str) -> ExitCode {
    let mut entries = manifest::read();
    for entry in entries.values_mut().filter(|entry| !entry.is_frozen()) {
        version.clone_into(&mut entry.since);
        println!("freeze {}", entry.path);
    }
    put("manifest.tsv", manifest::text(&entries).as_bytes());
    ExitCode::SUCCESS
}

fn put(path: &str, bytes: &[u8]) {
    let path = folder().join(path);
    let parent = path.parent().expect("a file stands in a folder");
    let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes));
    written.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
