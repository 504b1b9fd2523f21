//! What the encoder chooses by trials on samples is nearly the best there is, for contents of which a part says little of the whole.

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
