//! Adapter `auto`: a proposal is used where a sample says that it pays, and only there.

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::pipeline::{
    Contests, DecodeOptions, EncodeOptions, compress, decompress, inspect,
};
use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Place, Plugin, PluginId, Proposal,
    Registry, Settings, Stream,
};
use umoec_codec::{Error, Limits, Result};

use crate::plugins;

/// Adds `key` to every byte, and proposes that for every block.
struct Shift {
    descriptor: Descriptor,
    key: fn(usize) -> u8,
}

fn adapter(id: u64, name: &'static str, key: fn(usize) -> u8) -> AnyPlugin {
    AnyPlugin::Adapter(Arc::new(Shift {
        descriptor: Descriptor {
            kind: Kind::Adapter,
            id: PluginId(id),
            name: Cow::Borrowed(name),
            version: 1,
            oldest: 1,
            summary: Cow::Borrowed("of the tests"),
        },
        key,
    }))
}

impl Plugin for Shift {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

impl Adapter for Shift {
    fn forward(&self, input: &[u8], _: &Settings) -> Result<Adapted> {
        let shifted = input.iter().enumerate();
        let data = shifted
            .map(|(i, b)| b.wrapping_add((self.key)(i)))
            .collect();
        Ok(Adapted {
            params: vec![],
            streams: vec![Stream {
                data,
                layout: Layout::default(),
            }],
        })
    }

    fn propose(&self, input: &[u8], place: &Place<'_>, s: &Settings) -> Result<Vec<Proposal>> {
        // Every block knows how the content begins.
        assert_eq!(place.head[0], 0);
        assert_eq!(place.offset == 0, input[0] == 0);
        Ok(vec![Proposal {
            score: 50,
            adapted: self.forward(input, s)?,
        }])
    }

    fn inverse(
        &self,
        _: u8,
        _: &[u8],
        mut streams: Vec<Vec<u8>>,
        _: usize,
        _: &Limits,
    ) -> Result<Vec<u8>> {
        let data = streams.pop().unwrap_or_default();
        let shifted = data.iter().enumerate();
        Ok(shifted
            .map(|(i, b)| b.wrapping_sub((self.key)(i)))
            .collect())
    }
}

fn registry(other: AnyPlugin) -> Arc<Registry> {
    let mut registry = Registry::new();
    registry
        .insert(adapter(1, "bytes", |_| 0), "the tests")
        .unwrap();
    registry.insert(other, "the tests").unwrap();
    for (plugin, _) in plugins::registry().iter() {
        if !matches!(plugin, AnyPlugin::Adapter(_)) {
            registry.insert(plugin.clone(), "the tests").unwrap();
        }
    }
    Arc::new(registry)
}

/// A block of 1000 counting bytes, then one more of bytes that count on.
fn content() -> Vec<u8> {
    (0..2000).map(|i| (i % 251) as u8).collect()
}

fn chosen(registry: &Arc<Registry>, name: &str) -> Vec<u64> {
    let options = EncodeOptions::new(plugins::profile(name, "bits", 1000));
    let file = compress(&content(), registry, &options).unwrap();
    let back = decompress(&file, registry, &DecodeOptions::default()).unwrap();
    assert_eq!(back, content());
    let report = inspect(&file[..]).unwrap();
    let frames = report.members.iter().flat_map(|m| &m.frames);
    frames
        .map(|f| f.adapter.as_ref().map_or(0, |a| a.id))
        .collect()
}

#[test]
fn a_proposal_that_pays_is_used() {
    // Bytes that count become equal.
    let helps = registry(adapter(9, "helps", |i| 0u8.wrapping_sub((i % 251) as u8)));
    assert_eq!(chosen(&helps, "auto"), [9, 9]);
    assert_eq!(chosen(&helps, "bytes"), [1, 1]);
}

#[test]
fn a_proposal_that_does_not_pay_is_not_used_unless_it_is_asked_for() {
    let hurts = registry(adapter(9, "hurts", |i| ((i * i * 77) >> 5) as u8));
    assert!(!chosen(&hurts, "auto").contains(&9));
    let asked = EncodeOptions::new(plugins::profile("hurts", "bits", 1000));
    let file = compress(&content(), &hurts, &asked).unwrap();
    assert_eq!(
        decompress(&file, &hurts, &DecodeOptions::default()).unwrap(),
        content()
    );
}

#[test]
fn settings_of_unknown_adapters_are_refused() {
    let registry = registry(adapter(9, "helps", |_| 1));
    let mut profile = plugins::profile("auto", "bits", 1000);
    profile
        .adapter
        .settings
        .insert("nobody".into(), true.into());
    let error = compress(&content(), &registry, &EncodeOptions::new(profile)).unwrap_err();
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("nobody"));
}

#[test]
fn who_asks_is_told_why() {
    let helps = registry(adapter(9, "helps", |i| 0u8.wrapping_sub((i % 251) as u8)));
    let contests = Contests::default();
    let options = EncodeOptions {
        contests: Some(contests.clone()),
        ..EncodeOptions::new(plugins::profile("auto", "bits", 1000))
    };
    compress(&content(), &helps, &options).unwrap();
    let seen = contests.take();
    let places: Vec<_> = seen
        .iter()
        .map(|c| (c.offset, c.length, c.chosen))
        .collect();
    assert_eq!(places, [(0, 1000, 1), (1000, 1000, 1)]);
    let [plain, helps] = &seen[0].entries[..] else {
        panic!("two came into question")
    };
    assert_eq!((&*plain.adapter, &*helps.adapter), ("bytes", "helps"));
    assert!(plain.estimate > 500 && helps.estimate < 300, "{seen:?}");
    assert!(contests.take().is_empty(), "what was taken is gone");
}
