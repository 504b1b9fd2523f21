//! Documents and code say the same: sections that are quoted exist, constants are equal.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use umoec_codec::container::{
    MAGIC, MAX_BLOCK, MAX_FRAME_HEAD, MAX_SIZE, MAX_STREAMS, SectionId, VERSION,
};
use umoec_codec::pipeline::CheckKind;
use umoec_codec::probability::{TOTAL, TOTAL_BITS};
use umoec_tests::{root, wire};

/// Every file of the repository with that ending, outside of build folders.
fn files(ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                walk(&path, ending, found);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["codec", "plugins", "spec", "tests", "trainer"] {
        walk(&root().join(folder), ending, &mut found);
    }
    found.sort();
    found
}

/// The text without line breaks and the marks of comments, so that a quotation may be broken.
fn flat(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start();
        line.trim_start_matches(['/', '!']).trim()
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// The numbers of a document's headings.
fn headings(document: &str) -> Vec<String> {
    let numbers = document
        .lines()
        .filter(|line| line.starts_with('#'))
        .filter_map(|line| {
            let number = line.trim_start_matches('#').split_whitespace().next()?;
            Some(number.trim_end_matches('.').to_owned())
        });
    numbers
        .filter(|n| n.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

/// The number at the start of the text, such as `6.3`.
fn number(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number = text[..end].trim_end_matches('.');
    (!number.is_empty()).then(|| number.to_owned())
}

/// The numbers behind "section " or "sections ": `4`, `4 and 5`, `4, 5 and 6`.
fn numbers(mut text: &str) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(next) = number(text) {
        text = &text[next.len()..];
        found.push(next);
        let more = [", ", " and ", " to "]
            .iter()
            .find_map(|joint| text.strip_prefix(joint));
        text = more.unwrap_or_default();
    }
    found
}

/// A document's path and the section quoted of it.
type Quotation = (PathBuf, String);

/// What a file quotes: in code the word "spec", a document's name and a number behind "§"; in any
/// text the path of a document in back quotes and "section", with numbers. `spec.md` alone is
/// that of the file's own package, other paths start at the top.
fn quotations(file: &Path) -> Vec<Quotation> {
    let text = flat(&fs::read_to_string(file).unwrap());
    let mut found = Vec::new();
    let pieces: Vec<&str> = text.split(" §").collect();
    for pair in pieces.windows(2) {
        let mut words = pair[0].rsplit([' ', '(', '"']);
        let (name, spec) = (words.next().unwrap_or_default(), words.next());
        if let (Some("spec"), Some(number)) = (spec, number(pair[1])) {
            found.push((root().join(format!("spec/{name}.md")), number));
        }
    }
    let pieces: Vec<&str> = text.split(".md`, section").collect();
    for pair in pieces.windows(2) {
        let name = format!("{}.md", pair[0].rsplit('`').next().unwrap_or_default());
        let rest = pair[1].strip_prefix('s').unwrap_or(pair[1]).trim_start();
        for number in numbers(rest) {
            found.push((document(file, &name), number));
        }
    }
    found
}

/// The document that a file means by that name.
fn document(file: &Path, name: &str) -> PathBuf {
    if name != "spec.md" {
        return root().join(name);
    }
    let package = file
        .ancestors()
        .find(|folder| folder.join("Cargo.toml").is_file());
    package.expect("a source stands in a package").join(name)
}

#[test]
fn quoted_sections_exist() {
    let mut documents: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let (mut quoted, mut wrong) = (0, Vec::new());
    for file in [files("rs"), files("md")].concat() {
        for (path, section) in quotations(&file) {
            quoted += 1;
            let known = documents
                .entry(path.clone())
                .or_insert_with(|| headings(&fs::read_to_string(&path).unwrap_or_default()));
            if !known.contains(&section) {
                let [file, path] =
                    [&file, &path].map(|p| p.strip_prefix(root()).unwrap().display());
                wrong.push(format!("{file} quotes section {section} of {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(quoted > 80, "only {quoted} quotations were found");
}

#[test]
fn quotations_are_recognised() {
    assert_eq!(numbers("4 and 5, of the"), ["4", "5"]);
    assert_eq!(numbers("6.2). The"), ["6.2"]);
    assert_eq!(numbers("1, 2 and 3.1."), ["1", "2", "3.1"]);
    assert_eq!(
        headings("# A\n## 2. B\n### 2.1 C\ntext\n## Notes"),
        ["2", "2.1"]
    );
    assert_eq!(flat("/// one\n    //! two"), "one two");
}

#[test]
fn documents_that_are_named_exist() {
    let text = fs::read_to_string(root().join("spec/umc.md")).unwrap();
    let (_, table) = text.split_once("### 1.3 Documents").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut named = 0;
    for name in table.split('`').filter(|name| name.ends_with(".md")) {
        named += 1;
        assert!(root().join(name).is_file(), "{name} is missing");
    }
    assert!(named >= 7, "only {named} documents are named");
}

/// The second cell of the row of `spec/umc.md` that begins with that cell.
fn row(first: &str) -> String {
    let text = fs::read_to_string(root().join("spec/umc.md")).unwrap();
    let start = format!("| {first} |");
    let line = text.lines().find(|line| line.starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("there is no row {first}"));
    line.split('|').nth(2).unwrap().trim().to_owned()
}

#[test]
fn bounds_are_those_of_the_specification() {
    for (name, bound, value) in [
        (
            "content of a member, length of a member",
            "at most 2^62 - 1",
            MAX_SIZE + 1 == 1 << 62,
        ),
        ("block size", "1 .. 2^32", MAX_BLOCK == 1 << 32),
        ("length of a stream", "0 .. 2^32", MAX_BLOCK == 1 << 32),
        ("streams of a frame", "1 .. 256", MAX_STREAMS == 256),
        (
            "head of a frame: all before the first payload",
            "at most 2^20",
            MAX_FRAME_HEAD == 1 << 20,
        ),
    ] {
        assert_eq!(row(name), bound, "{name}");
        assert!(value, "{name}");
    }
}

#[test]
fn section_ids_are_those_of_the_specification() {
    for (id, name, by_hand) in [
        (SectionId::HEADER, "HEADER", wire::HEADER),
        (SectionId::FRAME, "FRAME", wire::FRAME),
        (SectionId::SOLO, "SOLO", wire::SOLO),
        (SectionId::LORA, "LORA", wire::LORA),
        (SectionId::MODEL, "MODEL", wire::MODEL),
        (SectionId::END, "END", wire::END),
        (SectionId::INDEX, "INDEX", wire::INDEX),
        (SectionId::COMMENT, "COMMENT", wire::COMMENT),
        (SectionId::PLUGIN, "PLUGIN", wire::PLUGIN),
    ] {
        assert_eq!(row(&format!("0x{:02X}", id.0)), name);
        assert_eq!(id.name(), name.to_lowercase());
        assert_eq!((id.0, id.is_critical()), (by_hand, by_hand < 0x80));
    }
}

#[test]
fn checks_are_those_of_the_specification() {
    let kinds = [
        CheckKind::Crc32,
        CheckKind::Blake3_128,
        CheckKind::Blake3_256,
    ];
    for (code, kind) in kinds.into_iter().enumerate() {
        assert!(row(&code.to_string()).starts_with(kind.name()), "{code}");
        assert_eq!(wire::check(code as u8, b"").len(), kind.size());
    }
    assert_eq!(row("3"), "reserved");
}

#[test]
fn the_opening_is_that_of_the_specification() {
    let text = fs::read_to_string(root().join("spec/umc.md")).unwrap();
    let [u, m, c] = MAGIC;
    assert!(text.contains(&format!("`{u:02X} {m:02X} {c:02X}`, \"UMC\" in ASCII")));
    assert!(text.contains(&format!(
        "`{:02X}` for the version that this document",
        0x80 + VERSION
    )));
    assert!(text.starts_with(&format!("# The `.umc` format, version {VERSION}\n")));
    assert_eq!(wire::OPENING, [u, m, c, 0x80 + VERSION]);
}

#[test]
fn probabilities_have_the_total_of_the_specification() {
    let text = fs::read_to_string(root().join("spec/probability.md")).unwrap();
    let [bits, total] = [TOTAL_BITS, TOTAL].map(|n| n.to_string());
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with("TOTAL = "));
    let words: Vec<&str> = line.unwrap().split_whitespace().collect();
    let expected = ["TOTAL", "=", &format!("2^{bits}"), "=", &total];
    assert_eq!(words[..5], expected);
    assert!(text.contains(&format!("(TOTAL_BITS = {bits})")));
}
