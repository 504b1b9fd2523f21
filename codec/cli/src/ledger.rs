//! What decoding showed, added up over the streams of a file.

use umoec_codec::pipeline::FrameCosts;

/// Sums over streams.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// How many there were.
    pub(crate) streams: usize,
    /// What predictors counted.
    pub(crate) counts: Vec<Count>,
    /// What streams would have cost otherwise.
    pub(crate) variants: Vec<Variant>,
}

/// Something that predictors counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) what: &'static str,
    pub(crate) count: u64,
    /// Bytes of the streams in which it was counted.
    pub(crate) of: u64,
}

/// A way to code streams, beside the way they were coded.
#[derive(Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    /// Bytes of the streams that have it.
    pub(crate) of: u64,
    /// Bits that these streams cost, and that they would have cost.
    pub(crate) own: f64,
    pub(crate) bits: f64,
}

impl Totals {
    /// Adds the streams of a frame.
    pub(crate) fn add(&mut self, frame: &FrameCosts) {
        for stream in &frame.streams {
            self.streams += 1;
            let length = stream.bits.len() as u64;
            for &(what, count) in &stream.counts {
                let known = self.counts.iter().position(|c| c.what == what);
                let at = known.unwrap_or_else(|| {
                    self.counts.push(Count {
                        what,
                        count: 0,
                        of: 0,
                    });
                    self.counts.len() - 1
                });
                self.counts[at].count += count;
                self.counts[at].of += length;
            }
            for variant in &stream.variants {
                let known = self.variants.iter().position(|v| v.name == variant.name);
                let at = known.unwrap_or_else(|| {
                    self.variants.push(Variant {
                        name: variant.name,
                        of: 0,
                        own: 0.0,
                        bits: 0.0,
                    });
                    self.variants.len() - 1
                });
                let total = &mut self.variants[at];
                total.of += length;
                total.own += sum(&stream.bits);
                total.bits += sum(&variant.bits);
            }
        }
    }
}

fn sum(bits: &[f32]) -> f64 {
    bits.iter().map(|&bits| f64::from(bits)).sum()
}

/// How many percent more `bits` are than `own`: `+3.21 %`.
pub(crate) fn change(own: f64, bits: f64) -> String {
    if own > 0.0 {
        format!("{:+.2} %", (bits / own - 1.0) * 100.0)
    } else {
        "-".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use umoec_codec::pipeline::{StreamCosts, VariantCosts};
    use umoec_codec::plugin::PluginId;

    #[test]
    fn streams_add_up() {
        let stream = |bits: &[f32], name| StreamCosts {
            adapter: None,
            predictor: None,
            coder: PluginId(2),
            payload: 5,
            bits: bits.to_vec(),
            counts: vec![("naps", 1)],
            variants: vec![VariantCosts {
                name,
                bits: bits.iter().map(|bits| bits * 2.0).collect(),
            }],
        };
        let mut totals = Totals::default();
        for streams in [
            vec![stream(&[1.0, 2.0], "slow")],
            vec![stream(&[5.0], "slow"), stream(&[7.0], "fast")],
        ] {
            totals.add(&FrameCosts {
                offset: 0,
                content: Vec::new(),
                streams,
            });
        }
        assert_eq!(totals.streams, 3);
        let count = Count {
            what: "naps",
            count: 3,
            of: 4,
        };
        assert_eq!(totals.counts, [count]);
        let of = |name, of, own| Variant {
            name,
            of,
            own,
            bits: own * 2.0,
        };
        assert_eq!(totals.variants, [of("slow", 3, 8.0), of("fast", 1, 7.0)]);
    }

    #[test]
    fn changes_have_their_sign() {
        assert_eq!(change(200.0, 203.0), "+1.50 %");
        assert_eq!(change(200.0, 100.0), "-50.00 %");
        assert_eq!(change(0.0, 1.0), "-");
    }
}
