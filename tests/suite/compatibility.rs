//! What was written once is read for ever: the vectors.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use umoec_codec::pipeline::{DecodeOptions, Decoder, inspect};
use umoec_codec::{Error, Result};
use umoec_tests::root;
use umoec_tests::stack::{Fault, decode, decode_by_index, registry};
use umoec_tests::vectors::manifest::{self, Entry};
use umoec_tests::vectors::{Vector, all, folder, readme};

static ALL: LazyLock<Vec<Vector>> = LazyLock::new(all);

fn stored(path: &str) -> Vec<u8> {
    fs::read(folder().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn with_threads(file: &[u8], threads: usize) -> Result<Vec<u8>> {
    let options = DecodeOptions {
        threads,
        ..DecodeOptions::default()
    };
    let decoder = Decoder::new(file, registry(), options)?;
    let mut content = Vec::new();
    // In odd pieces, as a pipe may want them.
    let mut decoder = std::io::BufReader::with_capacity(37, decoder);
    std::io::copy(&mut decoder, &mut content).map_err(Error::from_io)?;
    Ok(content)
}

fn is_content(entry: &Entry, content: &[u8], how: &str) {
    let hash = blake3::hash(content).to_hex();
    assert_eq!(*hash, *entry.outcome, "{}, {how}", entry.path);
    assert_eq!(entry.content_length, Some(content.len() as u64));
}

#[test]
fn good_vectors_decode_to_what_the_manifest_says() {
    let mut good = 0;
    for entry in manifest::read().values() {
        if entry.content_length.is_none() {
            continue;
        }
        good += 1;
        let file = stored(&entry.path);
        is_content(entry, &decode(&file).unwrap(), "at once");
        is_content(entry, &with_threads(&file, 3).unwrap(), "three threads");
        let options = DecodeOptions::default();
        is_content(entry, &decode_by_index(&file, options).unwrap(), "by index");
        let report = inspect(&file[..]).unwrap();
        assert!(report.intact, "{}", entry.path);
        assert_eq!(Some(report.content_size), entry.content_length);
    }
    assert!(good > 40, "only {good} vectors");
}

/// What the decoder says of every vector that must be refused, for review: kind of fault,
/// section, offset and reason.
#[test]
fn bad_vectors_are_refused_with_the_right_fault() {
    let mut messages = String::new();
    for entry in manifest::read().values() {
        if entry.content_length.is_some() {
            continue;
        }
        let file = stored(&entry.path);
        let error = decode(&file).expect_err(&entry.path);
        let fault = Fault::of(&error).unwrap_or_else(|| panic!("{}: {error:?}", entry.path));
        assert_eq!(fault.word(), entry.outcome, "{}: {error}", entry.path);
        let threaded = with_threads(&file, 2).unwrap_err();
        assert_eq!(threaded.to_string(), error.to_string(), "{}", entry.path);
        has_a_place(&entry.path, &error, file.len());
        // What a model needs and which release says so are not the format.
        let message = match &error {
            Error::Limit {
                what, limit, hint, ..
            } => format!("{what} needs more than {limit} bytes: {hint}"),
            error => error
                .to_string()
                .replace(env!("CARGO_PKG_VERSION"), "VERSION"),
        };
        messages.push_str(&format!("{}: {message}\n", entry.path));
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("messages", messages);
    });
}

/// An offset within the file, and a section.
fn has_a_place(path: &str, error: &Error, length: usize) {
    match error {
        Error::Format {
            offset, section, ..
        }
        | Error::Truncated { offset, section }
        | Error::Integrity {
            offset, section, ..
        } => {
            assert!(*offset <= length as u64, "{path}: {error}");
            assert!(!section.is_empty(), "{path}");
        }
        // What is missing is missing wherever the file asks for it.
        Error::Limit { what, .. } => assert!(what.contains("at byte"), "{path}: {what}"),
        _ => {}
    }
}

#[test]
fn no_vector_ever_reads_by_index_what_it_is_not() {
    for entry in manifest::read().values() {
        // Random access does not compare the content check: it may give what the frames
        // hold, but never anything else.
        let file = stored(&entry.path);
        if let Err(error) = decode_by_index(&file, DecodeOptions::default()) {
            assert!(Fault::of(&error).is_some(), "{}: {error:?}", entry.path);
            assert_eq!(entry.content_length, None, "{}: {error}", entry.path);
        }
        if let Err(error) = inspect(&file[..]) {
            assert!(Fault::of(&error).is_some(), "{}: {error:?}", entry.path);
        }
    }
}

/// The encoder writes the same bytes as when the vectors were issued: a snapshot of the format.
#[test]
fn the_vectors_are_what_this_program_writes() {
    let entries = manifest::read();
    let mut stale = Vec::new();
    for vector in &*ALL {
        let path = vector.path();
        let Some(entry) = entries.get(&path) else {
            stale.push(path);
            continue;
        };
        // What a release has frozen, a later encoder may write better.
        if !entry.is_frozen() && *entry != Entry::from(vector) {
            stale.push(path);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:#?} differ; if that is meant: cargo run -p umoec-tests --bin vectors -- --write"
    );
}

#[test]
fn files_manifest_and_readme_name_the_same_vectors() {
    let entries = manifest::read();
    let mut files = BTreeSet::new();
    for kind in ["good", "bad", "unsupported"] {
        for file in fs::read_dir(folder().join(kind)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            files.insert(format!("{kind}/{name}"));
        }
    }
    let listed: BTreeSet<String> = entries.keys().cloned().collect();
    assert_eq!(files, listed);
    for entry in entries.values() {
        let file = stored(&entry.path);
        assert_eq!(file.len() as u64, entry.length, "{}", entry.path);
        assert_eq!(*blake3::hash(&file).to_hex(), *entry.hash, "{}", entry.path);
    }
    let text = fs::read_to_string(folder().join("README.md")).unwrap();
    assert_eq!(text, readme::text(&ALL), "re-issue the vectors");
    for path in listed {
        let name = path.split(['/', '.']).nth(1).unwrap();
        assert!(text.contains(&format!("| `{name}` |")), "{path}");
    }
}

/// A preset without a vector could change unseen.
#[test]
fn every_preset_of_cm_has_a_vector() {
    let text = fs::read_to_string(root().join("plugins/predictor-cm/src/presets.toml")).unwrap();
    let presets: toml::Table = toml::from_str(&text).unwrap();
    let used: BTreeSet<u8> = manifest::read()
        .keys()
        .filter(|path| path.starts_with("good/cm-"))
        .flat_map(|path| inspect(&stored(path)[..]).unwrap().members)
        .flat_map(|member| member.frames)
        .flat_map(|frame| frame.streams)
        .filter_map(|stream| stream.predictor)
        // The parameters begin with the preset's number.
        .map(|predictor| u8::from_str_radix(&predictor.params[..2], 16).unwrap())
        .collect();
    for (name, preset) in presets {
        let number = preset["number"].as_integer().unwrap();
        assert!(used.contains(&u8::try_from(number).unwrap()), "{name}");
    }
    assert!(used.contains(&0), "a recipe of its own");
}

/// The specification names the data that streams of `cm` begin with.
#[test]
fn the_beginnings_of_cm_are_those_of_the_specification() {
    let data = fs::read(root().join("plugins/predictor-cm/src/primed.bin")).unwrap();
    let spec = fs::read_to_string(root().join("plugins/predictor-cm/spec.md")).unwrap();
    assert!(spec.contains(&*blake3::hash(&data).to_hex()));
    assert!(spec.contains(&format!("its length {} bytes", data.len())));
}

/// The output of git, if it is there and knows what it is asked for.
fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root())
        .args(args)
        .output();
    let output = output.ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// What any release had is still there, byte by byte. Before the first tag nothing is released.
#[test]
fn no_release_has_a_vector_that_changed_or_went_away() {
    let now = manifest::read();
    for tag in git(&["tag", "--list", "v*"]).unwrap_or_default().lines() {
        let path = format!("{tag}:tests/vectors/manifest.tsv");
        let then = manifest::parse(&git(&["show", &path]).unwrap_or_default());
        assert_eq!(manifest::broken(&then, &now), Vec::<String>::new(), "{tag}");
    }
    // What is frozen has been released: it must not say so for no reason.
    assert!(
        now.values()
            .all(|e| !e.is_frozen() || e.since.starts_with(|c: char| c.is_ascii_digit()))
    );
}
