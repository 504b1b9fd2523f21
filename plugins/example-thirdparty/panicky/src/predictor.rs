//! A predictor that counts bytes.

use std::sync::Arc;

use umoec_codec::plugin::{
    AnyPlugin, DecisionCoder, Descriptor, Kind, Layout, Opened, Predictor, PredictorState,
    Provenance, Settings,
};
use umoec_codec::probability::ByteDistribution;
use umoec_codec::{Limits, Result};

umoec_codec::submit!(AnyPlugin::Predictor(Arc::new(Counting::new())));

struct Counting {
    descriptor: Descriptor,
    provenance: Provenance,
}

impl Counting {
    fn new() -> Self {
        let (descriptor, provenance) = crate::about(Kind::Predictor, "panicky-counts");
        Self {
            descriptor,
            provenance,
        }
    }
}

crate::plugin!(Counting);

impl Predictor for Counting {
    fn plan(&self, data: &[u8], _layout: &Layout, _settings: &Settings) -> Result<Vec<u8>> {
        Ok(vec![data.first().copied().unwrap_or(0)])
    }

    fn open(
        &self,
        _version: u8,
        params: &[u8],
        _len: u64,
        _limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        Ok(Box::new(Ready(params[0])))
    }
}

/// The byte to begin with.
struct Ready(u8);

impl Opened for Ready {
    fn memory(&self) -> u64 {
        4096
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        let mut counts = [1; 256];
        counts[usize::from(self.0)] = 32;
        Ok(Box::new(Counts(counts)))
    }
}

struct Counts([u32; 256]);

impl PredictorState for Counts {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            let byte = coder.byte(&ByteDistribution::from_counts(&self.0));
            self.0[usize::from(byte)] += 24;
            history.push(byte);
            crate::listen(history);
        }
    }
}
