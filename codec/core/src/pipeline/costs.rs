//! What the bytes of a file cost: a ledger that is kept while frames are decoded.

use std::sync::{Arc, Mutex, PoisonError};

use crate::plugin::{DecisionCoder, PluginId};
use crate::probability::{BitProbability, ByteDistribution};

/// Collects what each byte cost, frame by frame, while they are decoded. A clone is the same ledger.
///
/// A byte's cost is the information content of the decisions it was coded by, under the probabilities that the predictor gave;
/// the coder adds next to nothing to it.
#[derive(Debug, Clone, Default)]
pub struct Costs {
    frames: Arc<Mutex<Vec<FrameCosts>>>,
    variants: bool,
}

/// A frame's account.
#[derive(Debug, Clone)]
pub struct FrameCosts {
    /// Where the frame is in the file.
    pub offset: u64,
    /// The content's bytes, in order: how many, and in which stream they stand as they are, each stretch
    /// behind the one before it. `None`: an adapter made something else of them.
    pub content: Vec<(u64, Option<usize>)>,
    /// What the adapters made of the content.
    pub streams: Vec<StreamCosts>,
}

/// A stream's account.
#[derive(Debug, Clone)]
pub struct StreamCosts {
    /// The adapter that made it, unless there is none.
    pub adapter: Option<PluginId>,
    /// The predictor, unless all bytes are equally probable.
    pub predictor: Option<PluginId>,
    /// The coder.
    pub coder: PluginId,
    /// Bytes in the file.
    pub payload: u64,
    /// Cost of each byte in bits.
    pub bits: Vec<f32>,
    /// What the predictor counted, for people: what, and how often.
    pub counts: Vec<(&'static str, u64)>,
    /// What it would have cost otherwise, in a ledger [with variants](Costs::with_variants).
    pub variants: Vec<VariantCosts>,
}

/// What a stream would have cost under a [variant](crate::plugin::Variant) of its predictor.
#[derive(Debug, Clone)]
pub struct VariantCosts {
    /// The variant's name.
    pub name: &'static str,
    /// Cost of each byte in bits.
    pub bits: Vec<f32>,
}

impl Costs {
    /// A ledger that also says what each stream would have cost under the variants of its predictor: each of
    /// them takes about as long as decoding.
    #[must_use]
    pub fn with_variants() -> Self {
        Self {
            variants: true,
            ..Self::default()
        }
    }

    /// Whether variants are asked for.
    pub(super) fn wants_variants(&self) -> bool {
        self.variants
    }

    /// The frames decoded so far, in the order of the file.
    #[must_use]
    pub fn take(&self) -> Vec<FrameCosts> {
        let mut frames = std::mem::take(&mut *self.lock());
        frames.sort_by_key(|frame| frame.offset);
        frames
    }

    pub(super) fn add(&self, frame: FrameCosts) {
        self.lock().push(frame);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<FrameCosts>> {
        // A ledger is changed in whole entries: a panic elsewhere leaves it sound.
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A coder that notes what each decision costs.
pub(super) struct Metered<'a> {
    pub(super) inner: &'a mut dyn DecisionCoder,
    pub(super) bits: &'a mut Vec<f32>,
    /// Bytes of the stream: nothing is noted beyond.
    pub(super) length: usize,
    /// The byte that is being coded, and how many of its bits are.
    pub(super) position: &'a mut (usize, u32),
}

impl Metered<'_> {
    fn note(&mut self, probability: u32) {
        let at = self.position.0;
        if at >= self.length {
            return;
        }
        if self.bits.len() <= at {
            self.bits.resize(at + 1, 0.0);
        }
        self.bits[at] += 16.0 - (probability as f32).log2();
    }
}

impl DecisionCoder for Metered<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = self.inner.bit(one);
        self.note(if bit { one.one() } else { one.zero() });
        let (at, done) = *self.position;
        *self.position = if done == 7 {
            (at + 1, 0)
        } else {
            (at, done + 1)
        };
        bit
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        let byte = self.inner.byte(distribution);
        self.note(distribution.interval(byte).size);
        self.position.0 += 1;
        byte
    }

    fn seek(&mut self, position: usize) {
        self.inner.seek(position);
        *self.position = (position, 0);
    }
}
