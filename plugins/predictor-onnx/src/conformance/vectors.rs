//! Digests that must never change.

use umoec_codec::plugin::hex;
use umoec_exact::ExactError;

use super::{Case, Setting, digest};
use crate::backend::Backend;

/// The stored vectors.
const STORED: &str = include_str!("../../vectors/conformance.tsv");

/// A case by its name, the hash of its model, and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector {
    /// The case's name.
    pub name: String,
    /// BLAKE3 of the model's file, hexadecimal.
    pub model: String,
    /// The case's digest, hexadecimal.
    pub digest: String,
}

/// The vectors that were stored when the cases were made.
#[must_use]
pub fn read_vectors() -> Vec<Vector> {
    let lines = STORED.lines().filter(|line| !line.starts_with('#'));
    let vector = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        Some(Vector {
            name: fields.next()?,
            model: fields.next()?,
            digest: fields.next()?,
        })
    };
    lines.filter_map(vector).collect()
}

/// The text of `vectors/conformance.tsv` for these cases, by the reference interpreter.
///
/// # Errors
/// Where the interpreter fails.
pub fn write_vectors(cases: &[Case]) -> Result<String, ExactError> {
    let mut out =
        String::from("# case\tBLAKE3 of the model\tdigest (see src/conformance/mod.rs)\n");
    for case in cases {
        let setting = Setting {
            backend: Backend::Reference,
            lanes: super::SEQUENCES,
            threads: 1,
            isa: None,
        };
        let model = hex(&case.loaded.model().hash());
        let digest = hex(&digest(case, setting)?);
        out += &format!("{}\t{model}\t{digest}\n", case.name);
    }
    Ok(out)
}
