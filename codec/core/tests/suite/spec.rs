//! The specification and the code say the same.

use std::fs;
use std::path::{Path, PathBuf};

use umoec_codec::pipeline::{Archive, DecodeOptions, inspect};

use crate::plugins::{decompress, registry};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text() -> String {
    fs::read_to_string(root().join("spec/umc.md")).unwrap()
}

/// Every file with that ending below `folder`.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_sections_that_the_code_quotes_exist() {
    let text = text();
    let headings: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_whitespace().next())
        .map(|number| number.trim_end_matches('.'))
        .collect();
    let mut quotes = 0;
    for file in files(&root().join("codec/core"), "rs") {
        let code = fs::read_to_string(&file).unwrap();
        for quote in code.split("spec umc §").skip(1) {
            let end = quote.find(|c: char| !c.is_ascii_digit() && c != '.');
            let number = quote[..end.unwrap_or(quote.len())].trim_end_matches('.');
            if number.is_empty() {
                continue;
            }
            quotes += 1;
            assert!(headings.contains(&number), "{number} in {}", file.display());
        }
    }
    assert!(quotes > 20, "only {quotes} quotes were found");
}

/// What an annotated example says: the content and the bytes.
fn annotated(text: &str) -> (String, Vec<u8>) {
    let content = text
        .lines()
        .find_map(|line| line.strip_prefix("# content:"));
    let bytes = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split("  ").next())
        .flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).unwrap());
    (content.unwrap().trim_start().to_owned(), bytes.collect())
}

#[test]
fn the_examples_are_what_their_annotations_say() {
    let notes = files(&root().join("spec/examples"), "txt");
    assert_eq!(notes.len(), 5);
    for note in notes {
        let (content, bytes) = annotated(&fs::read_to_string(&note).unwrap());
        let file = fs::read(note.with_extension("umc")).unwrap();
        assert!(file == bytes, "{}", note.display());
        let report = inspect(&file[..]).unwrap();
        assert!(report.intact);
        assert_eq!(report.content_size, content.len() as u64);
    }
}

#[test]
fn the_stored_examples_are_decoded() {
    // The others need plugins that the core does not know; `builtin` tests them.
    for (name, content) in [("empty", ""), ("two-blocks", "UMC"), ("members", "UMC")] {
        let path = root()
            .join("spec/examples")
            .join(name)
            .with_extension("umc");
        let file = fs::read(path).unwrap();
        assert_eq!(decompress(&file).unwrap(), content.as_bytes());
        let input = std::io::Cursor::new(file);
        let mut archive = Archive::open(input, registry(), DecodeOptions::default()).unwrap();
        let whole = archive.read_range(0, content.len() as u64).unwrap();
        assert_eq!(whole, content.as_bytes());
    }
}
