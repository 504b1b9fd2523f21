//! What plugins can add to a report: what they say of their parameters, and what decoding showed.

use serde::Serialize;

use super::{Inspection, PluginReport};
use crate::pipeline::{FrameCosts, StreamCosts};
use crate::plugin::{PluginId, Registry};

/// What decoding a stream showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecodedReport {
    /// Bytes that its decisions come to under the predictor's probabilities, rounded up.
    pub cost: u64,
    /// What the predictor counted.
    pub counts: Vec<CountReport>,
    /// What the stream would have cost otherwise.
    pub variants: Vec<VariantReport>,
}

/// Something that a predictor counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountReport {
    /// What.
    pub what: &'static str,
    /// How often.
    pub count: u64,
}

/// What a stream would have cost under a variant of its predictor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariantReport {
    /// The variant's name.
    pub name: &'static str,
    /// Bytes that its decisions come to, rounded up.
    pub cost: u64,
}

impl From<&StreamCosts> for DecodedReport {
    fn from(costs: &StreamCosts) -> Self {
        let counts = costs.counts.iter();
        let variants = costs.variants.iter();
        Self {
            cost: bytes(&costs.bits),
            counts: counts
                .map(|&(what, count)| CountReport { what, count })
                .collect(),
            variants: variants
                .map(|variant| VariantReport {
                    name: variant.name,
                    cost: bytes(&variant.bits),
                })
                .collect(),
        }
    }
}

fn bytes(bits: &[f32]) -> u64 {
    let sum: f64 = bits.iter().map(|&bits| f64::from(bits)).sum();
    (sum / 8.0).ceil() as u64
}

impl Inspection {
    /// Adds what decoding a frame of this input showed.
    pub fn add_costs(&mut self, costs: &FrameCosts) {
        let frames = self.members.iter_mut().flat_map(|m| &mut m.frames);
        for frame in frames.filter(|frame| frame.offset == costs.offset) {
            for (stream, costs) in frame.streams.iter_mut().zip(&costs.streams) {
                stream.decoded = Some(costs.into());
            }
        }
    }

    /// Adds what plugins say of their parameters, as far as `registry` has them.
    pub fn add_descriptions(&mut self, registry: &Registry) {
        for frame in self.members.iter_mut().flat_map(|m| &mut m.frames) {
            let parts = frame.parts.iter_mut().filter_map(|p| p.adapter.as_mut());
            for adapter in frame.adapter.iter_mut().chain(parts) {
                let found = registry.adapter(PluginId(adapter.id), adapter.version);
                adapter.about = found
                    .ok()
                    .zip(adapter.params())
                    .and_then(|(found, params)| found.describe(adapter.version, &params));
            }
            let streams = frame.streams.iter_mut();
            for predictor in streams.filter_map(|s| s.predictor.as_mut()) {
                let found = registry.predictor(PluginId(predictor.id), predictor.version);
                predictor.about = found
                    .ok()
                    .zip(predictor.params())
                    .and_then(|(found, params)| found.describe(predictor.version, &params));
            }
        }
    }
}

impl PluginReport {
    /// The parameters as bytes; `None` where somebody made something else of them.
    fn params(&self) -> Option<Vec<u8>> {
        let pairs = self.params.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.map(byte).collect()
    }
}
