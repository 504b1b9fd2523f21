//! The models that are linked into the program, packed by the build script.
//!
//! To embed one: put its file into `models/`, add its name to `build.rs` and its line to [`EMBEDDED`], then write the vectors
//! anew: `cargo run --example vectors -- models/recall.onnx models/scholar.onnx > vectors/conformance.tsv`, with
//! the files of all models that are not embedded. The first is the one that is used unless another is asked for.

use std::sync::LazyLock;

use umoec_codec::packed::unpack;
use umoec_codec::plugin::EmbeddedModel;

/// What the build script wrote for a model: its length in 8 bytes, and its bytes, packed.
macro_rules! packed {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".packed"))
    };
}

/// Bytes that the models take in the program.
pub const EMBEDDED_BYTES: usize = packed!("nano").len();

static NANO: LazyLock<Vec<u8>> = LazyLock::new(|| unpacked(packed!("nano")));

/// Names and files.
pub const EMBEDDED: &[EmbeddedModel] = &[EmbeddedModel {
    name: "nano",
    bytes: || &NANO,
}];

umoec_codec::submit_models!(EMBEDDED);

/// What the build script packed, and unpacked again to see that it can be.
#[allow(clippy::expect_used)]
fn unpacked(file: &[u8]) -> Vec<u8> {
    let (length, packed) = file
        .split_first_chunk()
        .expect("the length stands in front");
    unpack(packed, u64::from_le_bytes(*length) as usize).expect("the build script unpacked it")
}
