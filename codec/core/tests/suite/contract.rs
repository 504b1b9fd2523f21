//! What the pipeline holds plugins to.

use umoec_codec::Error;
use umoec_codec::pipeline::{self, EncodeOptions};
use umoec_codec::plugin::Kind;

use crate::plugins::{profile, registry};
use crate::round_trip::content;

#[test]
fn a_predictor_that_codes_something_else_is_caught() {
    for (size, threads) in [(50, 1), (500, 1), (500, 3)] {
        let mut options = EncodeOptions::new(profile("same", "liar", 100));
        options.threads = threads;
        let result = pipeline::compress(&content(size), &registry(), &options);
        match result {
            Err(Error::Plugin { kind, id, reason }) => {
                assert_eq!((kind, id.0), (Kind::Predictor, 7));
                assert!(reason.contains("history"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_unknown_plugin_lists_those_there_are() {
    let mut profile = profile("same", "bits", 100);
    profile.predictor.name = "oracle".into();
    let result = pipeline::compress(b"", &registry(), &EncodeOptions::new(profile));
    let text = result.unwrap_err().to_string();
    assert!(
        text.contains("oracle") && text.contains("bits, table, liar"),
        "{text}"
    );
}

#[test]
fn an_encoder_that_failed_does_not_finish() {
    use std::io::Write;
    let options = EncodeOptions::new(profile("same", "liar", 10));
    let mut encoder = pipeline::Encoder::new(Vec::new(), registry(), options).unwrap();
    let failed = encoder.write_all(&content(1000));
    assert!(matches!(
        Error::from_io(failed.unwrap_err()),
        Error::Plugin { .. }
    ));
    assert!(encoder.write_all(b"x").is_err());
    assert!(matches!(encoder.finish(), Err(Error::Config(_))));
}
