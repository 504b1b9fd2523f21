//! Panics stay within their library.

use umoec_codec::pipeline::{DecodeOptions, decompress};
use umoec_tests::third_party::{always_panics, rust_library};

use super::{encode, profile, refusal, with};

#[test]
fn a_panic_in_the_self_test_refuses_the_library() {
    let reason = refusal(&always_panics());
    assert!(
        reason.contains("it panicked: 1 bytes are too many"),
        "{reason}"
    );
}

#[test]
fn a_panic_in_use_is_an_error_and_nothing_else_breaks() {
    let registry = with(&[rust_library("example-panicky")]);
    let content = b"0123456789, and now please panic";
    for (adapter, predictor, coder, says) in [
        (
            "panicky-reversed",
            "order0",
            "rans",
            "it panicked: I was told to",
        ),
        (
            "bytes",
            "panicky-counts",
            "rans",
            "it panicked: I was told to",
        ),
        (
            "bytes",
            "order0",
            "panicky-plain",
            "a decision panicked: I was told to",
        ),
    ] {
        let chosen = || profile(adapter, predictor, coder);
        let error = encode(content, &registry, chosen())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(says) || error.contains("history differs"),
            "{error}"
        );
        assert!(error.starts_with("plugin "), "{error}");
        // The same plugins go on working.
        let calm = b"0123456789, and nothing else";
        let file = encode(calm, &registry, chosen()).unwrap();
        let back = decompress(&file[..], &registry, &DecodeOptions::default()).unwrap();
        assert_eq!(back, calm);
    }
}
