//! The vectors: small files of every form, those that must decode and those that must not.
//!
//! Here they are made; in `tests/vectors` they stand, with their hashes in `manifest.tsv`.

mod bad_container;
mod bad_frames;
mod bad_plugins;
mod bad_sections;
mod good;
mod good_adapters;
mod good_cm;
mod good_deflate;
mod good_forms;
mod good_tables;
pub mod manifest;
mod models;
mod payload;
pub mod readme;
mod unsupported;

use std::path::PathBuf;

use crate::stack::Fault;

/// What a decoder must make of a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// This content.
    Content(Vec<u8>),
    /// This fault.
    Fault(Fault),
}

/// A file with what it is for.
#[derive(Debug, Clone)]
pub struct Vector {
    /// File name without folder and ending.
    pub name: &'static str,
    /// One sentence for people.
    pub sentence: &'static str,
    /// Its bytes.
    pub file: Vec<u8>,
    /// What it is.
    pub expected: Expected,
}

impl Vector {
    /// The folder within `tests/vectors`.
    #[must_use]
    pub const fn folder(&self) -> &'static str {
        match self.expected {
            Expected::Content(_) => "good",
            Expected::Fault(Fault::Unsupported) => "unsupported",
            Expected::Fault(_) => "bad",
        }
    }

    /// The path within `tests/vectors`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}.umc", self.folder(), self.name)
    }
}

/// The folder `tests/vectors`.
#[must_use]
pub fn folder() -> PathBuf {
    crate::root().join("tests/vectors")
}

/// Every vector as this program makes it, sorted by path.
#[must_use]
pub fn all() -> Vec<Vector> {
    let mut all = [
        good::vectors(),
        good_cm::vectors(),
        good_adapters::vectors(),
        good_deflate::vectors(),
        good_forms::vectors(),
        good_tables::vectors(),
        bad_container::vectors(),
        bad_sections::vectors(),
        bad_frames::vectors(),
        bad_plugins::vectors(),
        models::vectors(),
        unsupported::vectors(),
    ]
    .concat();
    all.sort_by_key(Vector::path);
    all
}

/// What the list functions are made of.
fn good(name: &'static str, sentence: &'static str, content: &[u8], file: Vec<u8>) -> Vector {
    let expected = Expected::Content(content.to_vec());
    Vector {
        name,
        sentence,
        file,
        expected,
    }
}

fn faulty(name: &'static str, fault: Fault, sentence: &'static str, file: Vec<u8>) -> Vector {
    Vector {
        name,
        sentence,
        file,
        expected: Expected::Fault(fault),
    }
}
