//! What the cross-package tests share: contents from seeds, files put together by hand, the
//! vectors, and what the fuzzers do with their bytes.
//!
//! It is for tests only: where something is wrong it panics and says so.
// Every use is a test's.
#![allow(clippy::unwrap_used)]

pub mod content;
pub mod deceptive;
pub mod fuzz;
pub mod mutate;
pub mod onnxruntime;
pub mod random;
pub mod ratio;
pub mod sections;
pub mod stack;
pub mod third_party;
pub mod vectors;
pub mod wire;

use std::path::{Path, PathBuf};

/// The repository's top directory.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ stands in the repository")
        .to_path_buf()
}
