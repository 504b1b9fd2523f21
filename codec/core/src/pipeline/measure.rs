//! What streams would cost: trials on samples of them.

use std::sync::Arc;

use super::Contests;
use crate::plugin::{Layout, Meter, Model, Predictor, Settings, Stream, Trial};
use crate::{Limits, Result};

/// Share of a stream that is measured where the predictor has no trials of its own, and its bounds in bytes.
const SAMPLE_SHARE: usize = 16;
const SAMPLE_MIN: usize = 48 << 10;
const SAMPLE_MAX: usize = 128 << 10;
/// Strides that a sample must hold, within its bounds: a model of large records learns slowly.
const STRIDES: usize = 512;

/// What measures a sample.
pub(super) struct Measure<'a> {
    pub(super) predictor: &'a dyn Predictor,
    pub(super) settings: &'a Settings,
    pub(super) models: &'a [Arc<Model>],
    pub(super) limits: Limits,
    /// Where to note what came into question.
    pub(super) contests: Option<&'a Contests>,
}

impl<'a> Measure<'a> {
    /// A trial of `stream` on at most about `most` bytes of it.
    pub(super) fn trial(&'a self, stream: &'a Stream, most: usize) -> Result<Box<dyn Trial + 'a>> {
        let own = self
            .predictor
            .trial(stream, most, self.settings, self.models)?;
        Ok(own.unwrap_or_else(|| {
            Box::new(Sampled {
                measure: self,
                stream,
                seen: (0, 0),
            })
        }))
    }

    /// What all of `stream` costs, in 2^-16 bits.
    fn cost(&self, stream: &Stream) -> Result<u64> {
        let params = self.predictor.plan_with_models(
            &stream.data,
            &stream.layout,
            self.settings,
            self.models,
        )?;
        let len = stream.data.len();
        let version = self.predictor.descriptor().version;
        let opened = self.predictor.open_with_models(
            version,
            &params,
            len as u64,
            self.models,
            &self.limits,
        )?;
        let mut meter = Meter::new(&stream.data);
        let mut state = opened.start()?;
        state.code(len, &mut meter, &mut Vec::with_capacity(len));
        Ok(meter.cost())
    }
}

/// The trial of a predictor that has none of its own: once, on a sample of a fixed size.
struct Sampled<'a> {
    measure: &'a Measure<'a>,
    stream: &'a Stream,
    seen: (usize, u64),
}

impl Trial for Sampled<'_> {
    fn until(&mut self, bytes: usize) -> Result<()> {
        if self.seen.0 == 0 && bytes > 0 {
            for sample in samples(self.stream) {
                self.seen.0 += sample.data.len();
                self.seen.1 += self.measure.cost(&sample)?;
            }
        }
        Ok(())
    }

    fn seen(&self) -> (usize, u64) {
        self.seen
    }

    fn params(self: Box<Self>) -> Result<Vec<u8>> {
        let measure = self.measure;
        measure.predictor.plan_with_models(
            &self.stream.data,
            &self.stream.layout,
            measure.settings,
            measure.models,
        )
    }
}

/// A piece from the middle of a stream, or where it is long enough two, in phase with its layout.
fn samples(stream: &Stream) -> Vec<Stream> {
    let data = &stream.data;
    let longest = stream
        .layout
        .strides
        .iter()
        .max()
        .map_or(0, |&s| s as usize);
    let length = (data.len() / SAMPLE_SHARE).clamp(SAMPLE_MIN, SAMPLE_MAX);
    let least = (STRIDES * longest).clamp(SAMPLE_MIN, SAMPLE_MAX);
    let length = length.max(least);
    if data.len() <= length {
        return vec![stream.clone()];
    }
    let width = stream.layout.number.map_or(1, |n| usize::from(n.width));
    let step = stream.layout.strides.first().map_or(1, |&s| s as usize);
    let step = step.max(1).next_multiple_of(width.max(1));
    let pieces = if length >= 2 * least { 2 } else { 1 };
    let each = length / pieces;
    let piece = |number: usize| {
        let start = (data.len() - each) * (2 * number + 1) / (2 * pieces);
        let start = start - start % step;
        Stream {
            data: data[start..start + each].to_vec(),
            layout: Layout::clone(&stream.layout),
        }
    };
    (0..pieces).map(piece).collect()
}
