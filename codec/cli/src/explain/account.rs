//! The ledger, summed up.

use std::ops::Range;

use umoec_codec::pipeline::{FrameCosts, StreamCosts};

use crate::ledger::Totals;

/// A file's account.
pub(super) struct Account {
    pub(super) frames: Vec<FrameCosts>,
    /// Bytes of the compressed file, and of its streams.
    pub(super) compressed: u64,
    pub(super) payloads: u64,
    /// Cost of each byte of content in bits; `None` where an adapter made something else of it.
    pub(super) bits: Vec<Option<f32>>,
    pub(super) classes: Vec<Class>,
    /// Stretches of the content of about equal length, all of it.
    pub(super) regions: Vec<Region>,
    /// Sums over streams; classes and regions have variants in the order of these.
    pub(super) totals: Totals,
}

/// Bytes of a kind.
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
    pub(super) bits: f64,
    pub(super) variants: Vec<Compared>,
}

/// A stretch of the content.
pub(super) struct Region {
    pub(super) range: Range<usize>,
    /// Bytes whose cost is known, and that cost in bits.
    pub(super) bytes: u64,
    pub(super) bits: f64,
    pub(super) variants: Vec<Compared>,
}

/// Bits that bytes cost, and that they would have cost under a variant; of those alone for which both are known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Compared {
    pub(super) own: f64,
    pub(super) then: f64,
}

impl Compared {
    fn add(&mut self, own: f32, then: f32) {
        self.own += f64::from(own);
        self.then += f64::from(then);
    }
}

/// How many regions there are, of content that has as many bytes.
const REGIONS: usize = 16;

/// Whether a byte is of a kind.
type Fits = fn(u8) -> bool;

/// The kinds, each with what belongs to it; the first that fits counts.
const CLASSES: [(&str, Fits); 9] = [
    ("line ends", |b| b == b'\n' || b == b'\r'),
    ("spaces", |b| b == b' ' || b == b'\t'),
    ("lower case", |b| b.is_ascii_lowercase()),
    ("upper case", |b| b.is_ascii_uppercase()),
    ("digits", |b| b.is_ascii_digit()),
    ("punctuation", |b| b.is_ascii_punctuation()),
    ("zeros", |b| b == 0),
    ("other control bytes", |b| b < 128),
    ("bytes from 128 on", |_| true),
];

/// The class of a byte.
fn class_of(byte: u8) -> usize {
    let class = CLASSES.iter().position(|(_, fits)| fits(byte));
    // The last of them fits all.
    class.unwrap_or(CLASSES.len() - 1)
}

/// The costs of streams, on the bytes of the content that stand in them as they are; `None` for the others, and behind what
/// a stream has.
fn spread<'a>(
    frames: &'a [FrameCosts],
    len: usize,
    costs: impl Fn(&'a StreamCosts) -> &'a [f32],
) -> Vec<Option<f32>> {
    let mut bits = Vec::with_capacity(len);
    for frame in frames {
        let mut streams: Vec<_> = frame.streams.iter().map(|s| costs(s).iter()).collect();
        for &(length, stream) in &frame.content {
            let end = bits.len() + length as usize;
            if let Some(stream) = stream.and_then(|number| streams.get_mut(number)) {
                bits.extend(stream.take(length as usize).copied().map(Some));
            }
            bits.resize(end, None);
        }
    }
    bits.resize(len, None);
    bits
}

/// The regions of content with these costs.
fn regions(bits: &[Option<f32>]) -> Vec<Region> {
    let count = bits.len().min(REGIONS);
    let region = |number: usize| {
        let range = bits.len() * number / count..bits.len() * (number + 1) / count;
        let known = bits[range.clone()].iter().flatten();
        Region {
            bytes: known.clone().count() as u64,
            bits: known.map(|&bits| f64::from(bits)).sum(),
            variants: Vec::new(),
            range,
        }
    };
    (0..count).map(region).collect()
}

impl Account {
    pub(super) fn new(frames: Vec<FrameCosts>, content: &[u8], compressed: u64) -> Self {
        let bits = spread(&frames, content.len(), |stream| &stream.bits);
        let mut totals = Totals::default();
        for frame in &frames {
            totals.add(frame);
        }
        let mut classes: Vec<Class> = CLASSES
            .iter()
            .map(|&(name, _)| Class {
                name,
                bytes: 0,
                bits: 0.0,
                variants: Vec::new(),
            })
            .collect();
        for (&byte, cost) in content.iter().zip(&bits) {
            let Some(cost) = cost else { continue };
            let class = &mut classes[class_of(byte)];
            class.bytes += 1;
            class.bits += f64::from(*cost);
        }
        let mut regions = regions(&bits);
        for variant in &totals.variants {
            // One at a time: they take as much memory as the costs themselves.
            let then = spread(&frames, content.len(), |stream| {
                let variants = &stream.variants;
                let this = variants.iter().find(|v| v.name == variant.name);
                this.map_or(&[], |v| &v.bits)
            });
            let mut of_classes = [Compared::default(); CLASSES.len()];
            for region in &mut regions {
                let mut of_region = Compared::default();
                for at in region.range.clone() {
                    if let (Some(own), Some(then)) = (bits[at], then[at]) {
                        of_region.add(own, then);
                        of_classes[class_of(content[at])].add(own, then);
                    }
                }
                region.variants.push(of_region);
            }
            for (class, compared) in classes.iter_mut().zip(of_classes) {
                class.variants.push(compared);
            }
        }
        classes.retain(|class| class.bytes > 0);
        let streams = frames.iter().flat_map(|frame| &frame.streams);
        Self {
            compressed,
            payloads: streams.map(|stream| stream.payload).sum(),
            frames,
            bits,
            classes,
            regions,
            totals,
        }
    }

    /// Mean bits per byte of `parts` stretches of equal length; `None` where nothing is known.
    pub(super) fn profile(&self, parts: usize) -> Vec<Option<f64>> {
        let len = self.bits.len();
        let parts = parts.min(len).max(1);
        let mean = |part: usize| {
            let stretch = &self.bits[len * part / parts..len * (part + 1) / parts];
            let known: Vec<f64> = stretch.iter().flatten().map(|&b| b.into()).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        (0..parts).map(mean).collect()
    }

    /// The stretches of `len` bytes that cost most, at most `count`, none overlapping: offset and bits.
    pub(super) fn dearest(&self, len: usize, count: usize) -> Vec<(usize, f64)> {
        let mut stretches: Vec<(usize, f64)> = self
            .bits
            .chunks(len)
            .enumerate()
            .filter_map(|(number, stretch)| {
                let sum: Option<f64> = stretch.iter().map(|b| b.map(f64::from)).sum();
                sum.map(|bits| (number * len, bits))
            })
            .collect();
        stretches.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        stretches.truncate(count);
        stretches
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use umoec_codec::pipeline::VariantCosts;
    use umoec_codec::plugin::PluginId;

    fn frame(offset: u64, bits: &[f32], plain: bool) -> FrameCosts {
        FrameCosts {
            offset,
            content: vec![(bits.len() as u64, plain.then_some(0))],
            streams: vec![StreamCosts {
                adapter: None,
                predictor: None,
                coder: PluginId(2),
                payload: 5,
                bits: bits.to_vec(),
                counts: Vec::new(),
                variants: Vec::new(),
            }],
        }
    }

    #[test]
    fn costs_go_to_their_bytes_and_classes() {
        let frames = vec![frame(9, &[1.0, 2.0, 4.0], true), frame(50, &[8.0], false)];
        let account = Account::new(frames, b"a1\nz", 40);
        assert_eq!(account.bits, [Some(1.0), Some(2.0), Some(4.0), None]);
        assert_eq!(account.payloads, 10);
        let classes: Vec<_> = account.classes.iter().map(|c| (c.name, c.bits)).collect();
        let expected = [("line ends", 4.0), ("lower case", 1.0), ("digits", 2.0)];
        assert_eq!(classes, expected);
        assert_eq!(account.profile(2), [Some(1.5), Some(4.0)]);
        assert_eq!(account.dearest(2, 9), [(0, 3.0)]);
    }

    #[test]
    fn costs_of_parts_go_to_their_segments() {
        let mut frame = frame(9, &[1.0, 2.0, 4.0], true);
        frame.content = vec![(2, Some(0)), (3, None), (1, Some(0)), (1, Some(7))];
        let account = Account::new(vec![frame], b"abxyzcd", 40);
        let expected = [Some(1.0), Some(2.0), None, None, None, Some(4.0), None];
        assert_eq!(account.bits, expected);
    }

    #[test]
    fn variants_are_compared_where_they_are_known() {
        let mut first = frame(9, &[1.0, 2.0, 4.0], true);
        first.content = vec![(2, Some(0)), (1, None), (1, Some(0))];
        first.streams[0].variants.push(VariantCosts {
            name: "slow",
            bits: vec![10.0, 20.0, 40.0],
        });
        let second = frame(50, &[8.0], true);
        let account = Account::new(vec![first, second], b"a1xbc", 40);
        let compared = |own, then| vec![Compared { own, then }];
        let classes: Vec<_> = account
            .classes
            .iter()
            .map(|c| (c.name, &c.variants))
            .collect();
        assert_eq!(
            classes,
            [
                ("lower case", &compared(5.0, 50.0)),
                ("digits", &compared(2.0, 20.0))
            ]
        );
        let regions: Vec<_> = account
            .regions
            .iter()
            .map(|r| (r.range.clone(), r.bytes, r.bits, r.variants[0].then))
            .collect();
        assert_eq!(
            regions,
            [
                (0..1, 1, 1.0, 10.0),
                (1..2, 1, 2.0, 20.0),
                (2..3, 0, 0.0, 0.0),
                (3..4, 1, 4.0, 40.0),
                (4..5, 1, 8.0, 0.0),
            ]
        );
        assert_eq!(
            (
                account.totals.variants[0].of,
                account.totals.variants[0].own
            ),
            (3, 7.0)
        );
    }

    #[test]
    fn regions_are_all_of_the_content() {
        let bits = vec![2.0; 1000];
        let account = Account::new(vec![frame(9, &bits, true)], &[b'x'; 1000], 40);
        assert_eq!(account.regions.len(), REGIONS);
        let ranges = account.regions.iter().flat_map(|r| r.range.clone());
        assert!(ranges.eq(0..1000));
        assert!(
            account
                .regions
                .iter()
                .all(|r| r.bits == 2.0 * r.bytes as f64)
        );
    }

    #[test]
    fn nothing_is_nothing() {
        let account = Account::new(Vec::new(), b"", 22);
        assert!(account.classes.is_empty() && account.dearest(64, 3).is_empty());
        assert_eq!(account.profile(800), [None]);
    }
}
