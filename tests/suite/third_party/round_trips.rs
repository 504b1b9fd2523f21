//! What is compressed with plugins of others comes back, and they are worth having.

use umoec_codec::pipeline::{DecodeOptions, decompress, inspect};
use umoec_codec::plugin::{AnyPlugin, Kind, Registry, Settings};
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

/// Two files of events in an archive of other things.
fn archive() -> Vec<u8> {
    let prose = |n: usize| format!("{n}: the trigger rate was {} Hz all night.\n", n * n % 977);
    let prose: String = (0..600).map(prose).collect();
    let noise = (0..30_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8);
    let mut archive = prose.clone().into_bytes();
    archive.extend(events(60, 5));
    archive.extend(noise);
    archive.extend(events(40, 6));
    archive.extend(prose.as_bytes());
    archive
}

#[test]
fn an_adapter_of_others_takes_what_is_for_it_where_it_is_let_in() {
    let registry = with(&[rust_library("example-hepmc")]);
    let size = |content: &[u8], let_in: bool| {
        let mut balanced = umoec_builtin::profile("turbo").unwrap();
        balanced.adapter.name = "auto".into();
        if let_in {
            let settings = &mut balanced.adapter.settings;
            settings.insert("hepmc".into(), Settings::new().into());
        }
        let file = encode(content, &registry, balanced).unwrap();
        let back = decompress(&file[..], &registry, &DecodeOptions::default()).unwrap();
        assert!(back == content);
        let report = inspect(&file[..]).unwrap();
        let needs = report.members[0].notes.iter().any(|n| n.name == "hepmc");
        assert_eq!(needs, let_in, "who reads it needs what may be in it");
        file.len()
    };
    let file = events(100, 7);
    let archive = archive();
    for content in [
        &file[..],
        &archive,
        &file[..file.len() - 100],
        &file[9000..],
    ] {
        let (without, with) = (size(content, false), size(content, true));
        assert!(
            with * 100 < without * 92,
            "{with} with it, {without} without"
        );
    }
    // Prose is not for it.
    let prose = b"It came to pass in those days, that there went out a decree. ".repeat(200);
    assert!(size(&prose, true) < size(&prose, false) + 200);
}

#[test]
fn what_an_adapter_of_others_says_of_its_parameters_is_shown() {
    let registry = with(&[rust_library("example-hepmc")]);
    let AnyPlugin::Adapter(hepmc) = registry.by_name(Kind::Adapter, "hepmc").unwrap() else {
        panic!("it is an adapter");
    };
    let said = |params: &[u8]| hepmc.describe(1, params);
    let doubles = said(&[0, 16]);
    assert_eq!(
        doubles.as_deref(),
        Some("doubles with 16 digits behind the point")
    );
    assert_eq!(said(&[]).as_deref(), Some("no numbers taken out"));
    assert_eq!(said(&[77, 1, 2]), None);
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
