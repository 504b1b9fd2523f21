//! `tests/vectors/manifest.tsv`: what each vector's bytes are and what they decode to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use super::{Expected, Vector, folder};

const HEAD: &str = "path\tsince\tlength\tblake3\tcontent length\tcontent blake3, or fault\n";

/// What stands in `since` until a release has frozen the vector.
pub const UNRELEASED: &str = "-";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path within `tests/vectors`.
    pub path: String,
    /// The first release that had it: from then on it never changes.
    pub since: String,
    /// Bytes of the file.
    pub length: u64,
    /// BLAKE3 of the file.
    pub hash: String,
    /// Bytes of the content; `None` where there is none.
    pub content_length: Option<u64>,
    /// BLAKE3 of the content, or the word for the fault.
    pub outcome: String,
}

impl Entry {
    /// Whether a release has frozen it.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.since != UNRELEASED
    }

    fn line(&self) -> String {
        let length = self.content_length.map_or("-".into(), |n| n.to_string());
        format!(
            "{}\t{}\t{}\t{}\t{length}\t{}\n",
            self.path, self.since, self.length, self.hash, self.outcome
        )
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[path, since, length, hash, content_length, outcome] = &fields[..] else {
            return None;
        };
        Some(Self {
            path: path.into(),
            since: since.into(),
            length: length.parse().ok()?,
            hash: hash.into(),
            content_length: match content_length {
                "-" => None,
                number => Some(number.parse().ok()?),
            },
            outcome: outcome.into(),
        })
    }
}

impl From<&Vector> for Entry {
    fn from(vector: &Vector) -> Self {
        let (content_length, outcome) = match &vector.expected {
            Expected::Content(content) => {
                let hash = blake3::hash(content).to_hex().to_string();
                (Some(content.len() as u64), hash)
            }
            Expected::Fault(fault) => (None, fault.word().into()),
        };
        Self {
            path: vector.path(),
            since: UNRELEASED.into(),
            length: vector.file.len() as u64,
            hash: blake3::hash(&vector.file).to_hex().to_string(),
            content_length,
            outcome,
        }
    }
}

/// The manifest as it stands, by path.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn read() -> BTreeMap<String, Entry> {
    parse(&fs::read_to_string(folder().join("manifest.tsv")).unwrap_or_default())
}

/// What of `old` has not stayed as it was: paths that are gone, or whose bytes or meaning changed.
#[must_use]
pub fn broken(old: &BTreeMap<String, Entry>, new: &BTreeMap<String, Entry>) -> Vec<String> {
    let same = |entry: &Entry| {
        new.get(&entry.path)
            .is_some_and(|now| now.hash == entry.hash && now.outcome == entry.outcome)
    };
    let broken = old.values().filter(|entry| !same(entry));
    broken.map(|entry| entry.path.clone()).collect()
}

/// The manifest in a text.
///
/// # Panics
/// Where a line is not one of a manifest.
#[must_use]
pub fn parse(text: &str) -> BTreeMap<String, Entry> {
    let lines = text.strip_prefix(HEAD).unwrap_or_default().lines();
    let entries = lines.map(|line| Entry::parse(line).unwrap_or_else(|| panic!("{line}")));
    entries.map(|entry| (entry.path.clone(), entry)).collect()
}

/// The manifest's text.
#[must_use]
pub fn text(entries: &BTreeMap<String, Entry>) -> String {
    let mut text = HEAD.to_owned();
    for entry in entries.values() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", entry.line());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_the_text() {
        let entry = Entry {
            path: "good/x.umc".into(),
            since: "0.1.0".into(),
            length: 7,
            hash: "ab".into(),
            content_length: Some(3),
            outcome: "cd".into(),
        };
        let fault = Entry {
            content_length: None,
            outcome: "too large".into(),
            ..entry.clone()
        };
        for entry in [entry, fault] {
            assert_eq!(Entry::parse(entry.line().trim_end()), Some(entry));
        }
        assert_eq!(Entry::parse("good/x.umc"), None);
    }

    #[test]
    fn what_changes_or_goes_away_is_found() {
        let entry = |path: &str, hash: &str| Entry {
            path: path.into(),
            since: UNRELEASED.into(),
            length: 1,
            hash: hash.into(),
            content_length: None,
            outcome: "damaged".into(),
        };
        let manifest = |entries: &[Entry]| {
            let by_path = entries.iter().map(|e| (e.path.clone(), e.clone()));
            parse(&text(&by_path.collect()))
        };
        let old = manifest(&[
            entry("bad/a", "1"),
            entry("bad/b", "2"),
            entry("bad/c", "3"),
        ]);
        let new = manifest(&[
            entry("bad/a", "1"),
            entry("bad/c", "4"),
            entry("bad/d", "5"),
        ]);
        assert_eq!(broken(&old, &old), Vec::<String>::new());
        assert_eq!(broken(&old, &new), ["bad/b", "bad/c"]);
    }
}
