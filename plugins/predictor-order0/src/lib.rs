//! umoec predictor `order0` (kind predictor, id 1): adaptive byte frequencies.
//!
//! The smallest predictor that learns, and the worked example of the specification: `spec.md`
//! of this package follows one short stream through every number. Read this file first
//! to see how a predictor is written.

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::plugin::{
    AnyPlugin, DecisionCoder, Descriptor, Kind, Layout, Opened, Plugin, PluginId, Predictor,
    PredictorState, Settings,
};
use umoec_codec::probability::ByteDistribution;
use umoec_codec::{Error, Limits, Result};

/// The plugin's id (`spec/plugin-ids.md`).
pub const ID: PluginId = PluginId(1);

/// What the count of a byte grows by when it occurs (`spec.md`, section 2).
pub const INCREMENT: u32 = 32;

/// The sum of counts above which all are halved (`spec.md`, section 2).
pub const LIMIT: u32 = 16_384;

umoec_codec::submit!(AnyPlugin::Predictor(Arc::new(Order0::new())));

/// The counts of a stream so far: the model, without a coder.
#[derive(Debug, Clone)]
pub struct Counts {
    counts: [u32; 256],
    sum: u32,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            counts: [1; 256],
            sum: 256,
        }
    }
}

impl Counts {
    /// The distribution of the next byte.
    #[must_use]
    pub fn distribution(&self) -> ByteDistribution {
        ByteDistribution::from_counts(&self.counts)
    }

    /// Learns the byte that came.
    pub fn update(&mut self, byte: u8) {
        self.counts[usize::from(byte)] += INCREMENT;
        self.sum += INCREMENT;
        if self.sum > LIMIT {
            for count in &mut self.counts {
                *count = count.div_ceil(2);
            }
            self.sum = self.counts.iter().sum();
        }
    }
}

impl PredictorState for Counts {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            let byte = coder.byte(&self.distribution());
            self.update(byte);
            history.push(byte);
        }
    }
}

/// The plugin.
struct Order0 {
    descriptor: Descriptor,
}

impl Order0 {
    fn new() -> Self {
        Self {
            descriptor: Descriptor {
                kind: Kind::Predictor,
                id: ID,
                name: Cow::Borrowed("order0"),
                version: 1,
                oldest: 1,
                summary: Cow::Borrowed("adaptive byte frequencies, the specification's example"),
            },
        }
    }
}

impl Plugin for Order0 {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

impl Predictor for Order0 {
    fn plan(&self, _data: &[u8], _layout: &Layout, settings: &Settings) -> Result<Vec<u8>> {
        self.descriptor.no_settings(settings)?;
        Ok(Vec::new())
    }

    fn open(
        &self,
        _version: u8,
        params: &[u8],
        _len: u64,
        _limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        if !params.is_empty() {
            return Err(Error::Plugin {
                kind: Kind::Predictor,
                id: ID,
                reason: format!("`order0` has no parameters, but {params:02x?} were given"),
            });
        }
        Ok(Box::new(Ready))
    }
}

/// There is nothing to share between streams.
struct Ready;

impl Opened for Ready {
    fn memory(&self) -> u64 {
        // The counts and the table of the byte in work, rounded up for good.
        const BYTES: u64 = 4096;
        const { assert!(size_of::<Counts>() + size_of::<[u32; 257]>() <= BYTES as usize) };
        BYTES
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        Ok(Box::new(Counts::default()))
    }
}

#[cfg(test)]
mod tests;
