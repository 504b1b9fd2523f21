//! What is compressed with plugins of others comes back, and they are worth having.

use umoec_codec::pipeline::{DecodeOptions, decompress, inspect};
use umoec_codec::plugin::{Kind, Registry};
use umoec_tests::third_party::{c_library, events, rust_library};

use super::{encode, profile, with};

fn all() -> Vec<std::path::PathBuf> {
    let mut all: Vec<_> = ["delta", "pairs", "carry"]
        .map(|name| c_library(name, 0))
        .into();
    all.push(rust_library("example-hepmc"));
    all.push(rust_library("example-panicky"));
    all
}

#[test]
fn every_plugin_of_others_round_trips_in_rust_and_in_c() {
    let registry = with(&all());
    let mut contents = vec![Vec::new(), b"x".to_vec(), events(40, 1), vec![7; 100_000]];
    contents.push(
        (0..70_000u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8)
            .collect(),
    );
    for (adapter, predictor, coder) in [
        ("example-delta", "order0", "rans"),
        ("bytes", "example-pairs", "rans"),
        ("bytes", "order0", "example-carry"),
        ("bytes", "cm", "example-carry"),
        ("example-delta", "example-pairs", "example-carry"),
        ("hepmc", "cm", "rans"),
        ("hepmc", "example-pairs", "example-carry"),
        ("panicky-reversed", "panicky-counts", "panicky-plain"),
        ("panicky-reversed", "panicky-counts", "rans"),
    ] {
        for content in &contents {
            let file = encode(content, &registry, profile(adapter, predictor, coder)).unwrap();
            let options = DecodeOptions::default();
            let back = decompress(&file[..], &registry, &options).unwrap();
            assert!(
                back == *content,
                "{adapter}, {predictor}, {coder}: {}",
                content.len()
            );
        }
    }
}

#[test]
fn coders_of_others_come_close_to_the_shipped_one() {
    let registry = with(&[c_library("carry", 0)]);
    let content = events(40, 2);
    let size = |coder| {
        encode(&content, &registry, profile("bytes", "cm", coder))
            .unwrap()
            .len()
    };
    let (shipped, other) = (size("rans"), size("example-carry"));
    // Its section, its longer references, and 16 bits of a range that is not always whole.
    assert!(
        other < shipped + shipped / 500 + 200,
        "{other} to {shipped}"
    );
}

#[test]
fn the_adapter_for_events_is_worth_its_place() {
    let registry = with(&[rust_library("example-hepmc")]);
    let content = events(150, 3);
    let size = |adapter| {
        let mut turbo = umoec_builtin::profile("turbo").unwrap();
        turbo.adapter.name = adapter;
        encode(&content, &registry, turbo).unwrap().len()
    };
    let (without, with) = (size("bytes".into()), size("hepmc".into()));
    assert!(
        with * 100 < without * 80,
        "{with} with it, {without} without"
    );
}

#[test]
fn a_file_says_whose_its_plugins_are() {
    let registry = with(&all());
    let content = events(3, 4);
    let file = encode(
        &content,
        &registry,
        profile("hepmc", "example-pairs", "rans"),
    )
    .unwrap();
    let report = inspect(&file[..]).unwrap();
    let notes = &report.members[0].notes;
    let told: Vec<_> = notes
        .iter()
        .map(|n| [n.name.as_str(), &n.identity, &n.homepage])
        .collect();
    assert_eq!(
        told,
        [
            [
                "hepmc",
                "org.example.hepmc",
                "https://example.org/umoec-hepmc"
            ],
            [
                "example-pairs",
                "org.example.pairs",
                "https://example.org/umoec-pairs"
            ],
        ]
    );
    // Plugins of this project need no note, and small files stay in the short form.
    let plain = encode(&content, &registry, profile("bytes", "order0", "rans")).unwrap();
    let report = inspect(&plain[..]).unwrap();
    assert!(report.members[0].notes.is_empty() && report.members[0].solo.is_some());
}

#[test]
fn plugins_of_others_stand_in_the_registry_with_their_file() {
    let library = c_library("delta", 0);
    let mut registry = Registry::new();
    registry.add_library(&library).unwrap();
    // The same file once more is no second claim.
    registry.add_library(&library).unwrap();
    let all: Vec<_> = registry.iter().collect();
    assert_eq!(all.len(), 1);
    let (plugin, origin) = all[0];
    assert_eq!(plugin.descriptor().kind, Kind::Adapter);
    assert_eq!(
        origin,
        std::fs::canonicalize(&library).unwrap().to_str().unwrap()
    );
}
