//! Blocks that several adapters share.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use umoec_codec::pipeline::{
    Costs, DecodeOptions, EncodeOptions, FrameReport, PartReport, compress, decompress, inspect,
};
use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Place, Plugin, PluginId, Proposal,
    Region, Registry, Settings, Stream,
};
use umoec_codec::{Limits, Result};

use crate::plugins;

const K: usize = 1 << 10;

/// Takes stretches of bytes from `first` on, and subtracts what counts up; as two streams, if it is asked to.
struct Counting {
    descriptor: Descriptor,
    first: u8,
    joins: bool,
    streams: usize,
    /// What it claims beyond.
    also: Vec<Range<usize>>,
    /// Of all its regions.
    note: Vec<u8>,
}

fn counting(id: u64, first: u8, joins: bool, streams: usize) -> Counting {
    Counting {
        descriptor: Descriptor {
            kind: Kind::Adapter,
            id: PluginId(id),
            name: Cow::Owned(format!("counting-{id}")),
            version: 1,
            oldest: 1,
            summary: Cow::Borrowed("of the tests"),
        },
        first,
        joins,
        streams,
        also: Vec::new(),
        note: Vec::new(),
    }
}

impl Plugin for Counting {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

impl Adapter for Counting {
    fn forward(&self, input: &[u8], _: &Settings) -> Result<Adapted> {
        let start = input.first().copied().unwrap_or(0);
        let counted = (0..64).cycle().zip(input);
        let data: Vec<u8> = counted
            .map(|(i, b)| b.wrapping_sub(start).wrapping_sub(i))
            .collect();
        let stream = |data: &[u8]| Stream {
            data: data.to_vec(),
            layout: Layout::default(),
        };
        Ok(Adapted {
            params: vec![start],
            streams: data
                .chunks(data.len().div_ceil(self.streams))
                .map(stream)
                .collect(),
        })
    }

    fn propose(&self, input: &[u8], place: &Place<'_>, s: &Settings) -> Result<Vec<Proposal>> {
        assert!(input.starts_with(place.head) || place.offset > 0);
        Ok(match input.first() {
            Some(&first) if first == self.first => vec![Proposal {
                score: 50,
                adapted: self.forward(input, s)?,
            }],
            _ => Vec::new(),
        })
    }

    fn regions(&self, input: &[u8], _: &Place<'_>) -> Result<Vec<Region>> {
        let mut ranges = self.also.clone();
        let mut at = 0;
        while let Some(start) = input[at..].iter().position(|&b| b == self.first) {
            let start = at + start;
            let own = input[start..]
                .iter()
                .take_while(|&&b| b & 0xC0 == self.first);
            at = start + own.count();
            ranges.push(start..at);
        }
        let region = |range| Region {
            range,
            score: 50,
            joins: self.joins,
            note: self.note.clone(),
        };
        Ok(ranges.into_iter().map(region).collect())
    }

    fn inverse(
        &self,
        _: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        _: usize,
        _: &Limits,
    ) -> Result<Vec<u8>> {
        let counted = (0..64).cycle().zip(streams.concat());
        Ok(counted
            .map(|(i, b)| b.wrapping_add(params[0]).wrapping_add(i))
            .collect())
    }
}

fn registry(adapters: Vec<Counting>) -> Arc<Registry> {
    let adapters = adapters.into_iter();
    registry_of(adapters.map(|a| AnyPlugin::Adapter(Arc::new(a))).collect())
}

fn registry_of(adapters: Vec<AnyPlugin>) -> Arc<Registry> {
    let mut plain = counting(1, 0xFF, false, 1).descriptor;
    plain.name = Cow::Borrowed("bytes");
    let plain = AnyPlugin::Adapter(Arc::new(Plain(plain)));
    let mut registry = Registry::new();
    for adapter in adapters.into_iter().chain([plain]) {
        registry.insert(adapter, "the tests").unwrap();
    }
    for (plugin, _) in plugins::registry().iter() {
        if !matches!(plugin, AnyPlugin::Adapter(_)) {
            registry.insert(plugin.clone(), "the tests").unwrap();
        }
    }
    Arc::new(registry)
}

/// The identity.
struct Plain(Descriptor);

impl Plugin for Plain {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }
}

impl Adapter for Plain {
    fn forward(&self, input: &[u8], _: &Settings) -> Result<Adapted> {
        let stream = Stream {
            data: input.to_vec(),
            layout: Layout::default(),
        };
        Ok(Adapted {
            params: vec![],
            streams: vec![stream],
        })
    }

    fn inverse(
        &self,
        _: u8,
        _: &[u8],
        streams: Vec<Vec<u8>>,
        _: usize,
        _: &Limits,
    ) -> Result<Vec<u8>> {
        Ok(streams.concat())
    }
}

/// Bytes that count from `first`, 64 of them over and over.
fn count(first: u8, len: usize) -> Vec<u8> {
    (0..len).map(|i| first + (i % 64) as u8).collect()
}

fn text(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| b"Tally-ho! "[i * i % 10] & 0x7F | 0x40)
        .collect()
}

fn frame(file: &[u8]) -> FrameReport {
    inspect(file).unwrap().members.remove(0).frames.remove(0)
}

fn there_and_back(content: &[u8], registry: &Arc<Registry>, block: u64) -> Vec<u8> {
    let options = EncodeOptions::new(plugins::profile("auto", "bits", block));
    let file = compress(content, registry, &options).unwrap();
    let back = decompress(&file, registry, &DecodeOptions::default()).unwrap();
    assert!(back == content);
    file
}

#[test]
fn each_region_goes_to_its_adapter_and_the_rest_closes_up() {
    let content = [
        text(3 * K),
        count(0x80, 40 * K),
        text(5 * K),
        count(0xC0, 20 * K),
        text(K),
        count(0x80, 30 * K),
    ]
    .concat();
    let registry = registry(vec![
        counting(9, 0x80, true, 2),
        counting(8, 0xC0, false, 1),
    ]);
    let file = there_and_back(&content, &registry, 1 << 20);
    let frame = frame(&file);
    assert!(frame.adapter.is_none());
    let parts: Vec<_> = frame
        .parts
        .iter()
        .map(|p| (p.adapter.as_ref().unwrap().id, p.length, p.streams))
        .collect();
    let k = |n: usize| (n * K) as u64;
    assert_eq!(
        parts,
        [(1, k(9), (0, 1)), (9, k(70), (1, 2)), (8, k(20), (3, 1))]
    );
    assert_eq!(frame.parts[1].segments, [(k(3), k(40)), (k(69), k(30))]);

    let costs = Costs::default();
    let options = DecodeOptions {
        costs: Some(costs.clone()),
        ..DecodeOptions::default()
    };
    decompress(&file, &registry, &options).unwrap();
    let costs = &costs.take()[0];
    let expected = [
        (k(3), Some(0)),
        (k(40), None),
        (k(5), Some(0)),
        (k(20), None),
        (k(1), Some(0)),
        (k(30), None),
    ];
    assert_eq!(costs.content, expected);
    let adapters: Vec<_> = costs.streams.iter().map(|s| s.adapter.unwrap().0).collect();
    assert_eq!(adapters, [1, 9, 9, 8]);
}

#[test]
fn a_block_of_regions_alone_has_no_rest() {
    // The larger one, which is looked at first, is the last.
    let content = [count(0x80, 40 * K), count(0xC0, 60 * K)].concat();
    let registry = registry(vec![
        counting(9, 0x80, true, 1),
        counting(8, 0xC0, false, 1),
    ]);
    let frame = frame(&there_and_back(&content, &registry, 1 << 20));
    let parts: Vec<_> = frame
        .parts
        .iter()
        .map(|p| p.adapter.as_ref().unwrap().id)
        .collect();
    assert_eq!(parts, [9, 8]);
}

#[test]
fn regions_that_do_not_pay_stay_with_the_rest() {
    // What it claims, and cannot make smaller.
    let mut liar = counting(9, 0x80, false, 1);
    liar.also = vec![2 * K..40 * K, 5 * K..900 * K, 60 * K..usize::MAX];
    let frame = frame(&there_and_back(
        &text(100 * K),
        &registry(vec![liar]),
        1 << 20,
    ));
    assert_eq!((frame.adapter.unwrap().id, frame.parts.len()), (1, 0));
}

#[test]
fn regions_with_a_note_are_parts_whatever_takes_them() {
    for (note, parts) in [(vec![1], 2), (vec![], 0)] {
        let mut knows = counting(9, 0x80, true, 1);
        knows.note = note;
        knows.also = vec![20 * K..60 * K, 70 * K..110 * K];
        let registry = registry(vec![knows]);
        let frame = frame(&there_and_back(&text(130 * K), &registry, 1 << 20));
        assert_eq!(frame.parts.len(), parts);
        let plain = |p: &PartReport| p.adapter.as_ref().is_some_and(|a| a.id == 1);
        assert!(frame.parts.iter().all(plain));
    }
}

#[test]
fn there_are_never_more_streams_than_a_frame_may_have() {
    let adapters = vec![counting(9, 0x80, false, 200), counting(8, 0xC0, false, 200)];
    let content = [text(20 * K), count(0x80, 40 * K), count(0xC0, 40 * K)].concat();
    let frame = frame(&there_and_back(&content, &registry(adapters), 1 << 20));
    assert!(frame.streams.len() <= 256, "{}", frame.streams.len());
    assert_eq!(frame.parts.len(), 2);
}

/// Makes of a block 40 times as much, all zeros.
struct Swells(Descriptor, u64);

impl Plugin for Swells {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }
}

impl Adapter for Swells {
    fn forward(&self, input: &[u8], _: &Settings) -> Result<Adapted> {
        let stream = Stream {
            data: vec![0; 40 * input.len()],
            layout: Layout::default(),
        };
        Ok(Adapted {
            params: input[..100].to_vec(),
            streams: vec![stream],
        })
    }

    fn propose(&self, input: &[u8], _: &Place<'_>, s: &Settings) -> Result<Vec<Proposal>> {
        Ok(vec![Proposal {
            score: 90,
            adapted: self.forward(input, s)?,
        }])
    }

    fn memory(&self, _: &Adapted, _: usize) -> u64 {
        self.1
    }

    fn inverse(&self, _: u8, p: &[u8], _: Vec<Vec<u8>>, len: usize, _: &Limits) -> Result<Vec<u8>> {
        Ok(p.iter().copied().cycle().take(len).collect())
    }
}

#[test]
fn what_takes_too_much_memory_on_the_way_back_is_left_alone() {
    let content: Vec<u8> = text(100).into_iter().cycle().take(1 << 20).collect();
    // The profile has 64 MiB: 42 for streams and blocks, and what the adapter says it takes.
    for (memory, adapter) in [(0, 9), (15 << 20, 9), (30 << 20, 1)] {
        let swells = Swells(counting(9, 0, false, 1).descriptor, memory);
        let registry = registry_of(vec![AnyPlugin::Adapter(Arc::new(swells))]);
        let frame = frame(&there_and_back(&content, &registry, 1 << 20));
        assert_eq!(frame.adapter.unwrap().id, adapter, "{memory}");
    }
}
