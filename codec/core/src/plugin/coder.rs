//! Coders: decisions under probabilities to bytes and back.

use super::{Plugin, Settings};
use crate::probability::{BitProbability, ByteDistribution};
use crate::{Limits, Result};

/// What a predictor sees of a coder, in both directions.
pub trait DecisionCoder {
    /// The next bit of the current byte, most significant first, under the probability that
    /// it is 1.
    fn bit(&mut self, one: BitProbability) -> bool;

    /// The next whole byte under a distribution. Only at a byte border.
    fn byte(&mut self, distribution: &ByteDistribution) -> u8;

    /// Goes to the byte at `position` of the stream, for predictors that code several lanes
    /// in turn. Only at a byte border; without it bytes follow one another from 0 on. Each
    /// byte is coded exactly once. A decoding coder has nothing to do here.
    fn seek(&mut self, position: usize);

    /// The same coder, if several threads may ask it in turn, one at a time.
    fn shareable(&mut self) -> Option<&mut (dyn DecisionCoder + Send)> {
        None
    }
}

/// The encoding side of a coder: it knows the bytes and answers with them.
pub trait DecisionEncoder: DecisionCoder {
    /// Writes what was coded to the end of `out`.
    fn finish(self: Box<Self>, out: &mut Vec<u8>);

    /// As [`finish`](Self::finish), for a coder that can fail: one that is not of this program.
    ///
    /// # Errors
    /// `Plugin` where the payload is none.
    fn try_finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<()> {
        self.finish(out);
        Ok(())
    }
}

/// The decoding side of a coder.
pub trait DecisionDecoder: DecisionCoder {
    /// Whether the payload has already proved too short or otherwise impossible. A predictor's
    /// caller asks between pieces, so that a damaged frame ends early; decisions
    /// after a failure are arbitrary but total.
    fn failed(&self) -> bool;

    /// True where the payload was used up exactly and the coder's own check holds.
    fn finish(self: Box<Self>) -> bool;
}

/// Makes encoders and decoders.
pub trait Coder: Plugin {
    /// Encoder side: the parameters for a stream of `len` bytes.
    ///
    /// # Errors
    /// `Config` where the settings are unknown or out of range.
    fn plan(&self, len: usize, settings: &Settings) -> Result<Vec<u8>>;

    /// Bytes of memory that an encoder for `len` bytes takes at most, its payload not counted.
    fn memory(&self, params: &[u8], len: u64) -> u64;

    /// An encoder that answers with `data`.
    ///
    /// # Errors
    /// `Plugin` where the parameters are malformed.
    fn encoder<'a>(&self, params: &[u8], data: &'a [u8]) -> Result<Box<dyn DecisionEncoder + 'a>>;

    /// A decoder of stream version `version` that reads `payload`, all of it.
    ///
    /// # Errors
    /// `Plugin` where the parameters are malformed, `Limit` where they need too much.
    fn decoder<'a>(
        &self,
        version: u8,
        params: &[u8],
        payload: &'a [u8],
        limits: &Limits,
    ) -> Result<Box<dyn DecisionDecoder + 'a>>;
}
