//! What the encoder chooses by trials on samples is nearly the best there is, for contents of which a part says little of the whole.

use std::io::Write;
use std::process::{Command, Stdio};

use umoec_codec::pipeline::Profile;
use umoec_tests::deceptive;
use umoec_tests::stack::encode;

/// The profile without a network, which is not what these tests are about.
fn profile(name: &str) -> Profile {
    let mut profile = umoec_builtin::profile(name).unwrap();
    let settings = &mut profile.predictor.settings;
    if profile.predictor.name == "mix" {
        settings.insert("network".into(), "never".into());
    }
    profile
}

/// With this adapter only.
fn with_adapter(mut profile: Profile, name: &str) -> Profile {
    profile.adapter.name = name.into();
    profile.adapter.settings.clear();
    profile
}

/// With this model only, for streams of all lengths.
fn with_model(mut profile: Profile, name: &str) -> Profile {
    let settings = &mut profile.predictor.settings;
    let cm = match settings.get_mut("cm").and_then(toml::Value::as_table_mut) {
        Some(cm) => cm,
        None => settings,
    };
    for key in ["models", "small_models"] {
        cm.insert(key.into(), vec![name].into());
    }
    profile
}

/// Compares with all that one might have chosen instead: an adapter, or a model for all streams.
fn is_nearly_the_best(content: &[u8], profile: &Profile, adapters: &[&str], models: &[&str]) {
    let chosen = encode(content, profile.clone()).len();
    let adapters = adapters
        .iter()
        .map(|name| (name, with_adapter(profile.clone(), name)));
    let models = models
        .iter()
        .map(|name| (name, with_model(profile.clone(), name)));
    for (name, other) in adapters.chain(models) {
        let size = encode(content, other).len();
        assert!(
            chosen * 100 <= size * 102,
            "{chosen} bytes, with {name} {size}"
        );
    }
}

const ADAPTERS: [&str; 4] = ["bytes", "exe", "float", "record"];
const MODELS: [&str; 4] = ["mid-text", "mid-record", "machine", "grid"];

#[test]
fn an_ocean_that_begins_with_land() {
    let content = deceptive::ocean(100_000);
    is_nearly_the_best(&content, &profile("balanced"), &ADAPTERS, &MODELS);
}

#[test]
fn a_program_that_begins_with_nothing() {
    let content = deceptive::program(100_000);
    is_nearly_the_best(&content, &profile("balanced"), &ADAPTERS, &MODELS);
}

#[test]
fn a_database_that_repeats_what_is_far_back() {
    let content = deceptive::database(1_100_000);
    let models = ["fast-text", "fast-record"];
    is_nearly_the_best(&content, &profile("turbo"), &["bytes"], &models);
}

/// As a gzip member of zlib's.
fn gzip(content: &[u8]) -> Vec<u8> {
    let program = "import sys, zlib; packer = zlib.compressobj(6, wbits=31); \
                   sys.stdout.buffer.write(packer.compress(sys.stdin.buffer.read()) + packer.flush())";
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("tests need Python");
    // It reads all before it writes.
    let mut input = python.stdin.take().unwrap();
    input.write_all(content).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn a_log_in_gzip_of_which_a_sample_repeats_little() {
    let content = gzip(&deceptive::log(600_000));
    is_nearly_the_best(&content, &profile("balanced"), &["bytes", "deflate"], &[]);
}
