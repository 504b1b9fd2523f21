//! The conformance suite: the same inputs through every backend give the same bits.
//!
//! A [`Case`] is a model and a number of steps. It has seven input sequences; a run with `n` lanes
//! feeds sequence `l mod 7` to lane `l`, and its digest is the BLAKE3 of the seven sequences'
//! logits, so that every number of lanes must give one and the same. The reference
//! interpreter's digests are kept as vectors in `vectors/conformance.tsv`.

mod cases;
mod run;
mod vectors;

pub use cases::{Case, embedded, generated};
pub use run::{LANES, Setting, THREADS, digest};
pub use vectors::{Vector, read_vectors, write_vectors};

/// Input sequences of a case.
pub const SEQUENCES: usize = 7;
