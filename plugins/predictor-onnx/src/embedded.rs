//! The models that are linked into the program.
//!
//! To embed one: put its file into `models/` and add its line to [`EMBEDDED`], then write the vectors
//! anew: `cargo run --example vectors -- models/recall.onnx models/scholar.onnx > vectors/conformance.tsv`, with
//! the files of all models that are not embedded. The first is the one that is used unless another is asked for.

/// Names and files.
pub const EMBEDDED: &[(&str, &[u8])] = &[("nano", include_bytes!("../models/nano.onnx"))];

umoec_codec::submit_models!(EMBEDDED);
