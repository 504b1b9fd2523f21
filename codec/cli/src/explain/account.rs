//! The ledger, summed up.

use umoec_codec::pipeline::FrameCosts;

/// A file's account.
pub(super) struct Account {
    pub(super) frames: Vec<FrameCosts>,
    /// Bytes of the compressed file, and of its streams.
    pub(super) compressed: u64,
    pub(super) payloads: u64,
    /// Cost of each byte of content in bits; `None` where an adapter made something else of it.
    pub(super) bits: Vec<Option<f32>>,
    pub(super) classes: Vec<Class>,
}

/// Bytes of a kind.
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
    pub(super) bits: f64,
}

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

impl Account {
    pub(super) fn new(frames: Vec<FrameCosts>, content: &[u8], compressed: u64) -> Self {
        let mut bits = Vec::with_capacity(content.len());
        for frame in &frames {
            let mut streams: Vec<_> = frame.streams.iter().map(|s| s.bits.iter()).collect();
            for &(length, stream) in &frame.content {
                let end = bits.len() + length as usize;
                if let Some(stream) = stream.and_then(|number| streams.get_mut(number)) {
                    bits.extend(stream.take(length as usize).copied().map(Some));
                }
                bits.resize(end, None);
            }
        }
        bits.resize(content.len(), None);
        let mut classes: Vec<Class> = CLASSES
            .iter()
            .map(|&(name, _)| Class {
                name,
                bytes: 0,
                bits: 0.0,
            })
            .collect();
        for (&byte, cost) in content.iter().zip(&bits) {
            let Some(cost) = cost else { continue };
            let class = CLASSES.iter().position(|(_, fits)| fits(byte));
            // The last of them fits all.
            let class = &mut classes[class.unwrap_or(CLASSES.len() - 1)];
            class.bytes += 1;
            class.bits += f64::from(*cost);
        }
        classes.retain(|class| class.bytes > 0);
        let streams = frames.iter().flat_map(|frame| &frame.streams);
        Self {
            compressed,
            payloads: streams.map(|stream| stream.payload).sum(),
            frames,
            bits,
            classes,
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
    use umoec_codec::pipeline::StreamCosts;
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
    fn nothing_is_nothing() {
        let account = Account::new(Vec::new(), b"", 22);
        assert!(account.classes.is_empty() && account.dearest(64, 3).is_empty());
        assert_eq!(account.profile(800), [None]);
    }
}
