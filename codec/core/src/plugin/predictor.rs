//! Predictors: the probability of each next decision.

use std::sync::Arc;

use super::{DecisionCoder, Helpers, Layout, Model, Models, Plugin, PluginId, Settings, Stream};
use crate::{Error, Limits, Result};

/// A source of probabilities. Model → opened predictor → one state per stream, as in a
/// good inference runtime.
pub trait Predictor: Plugin {
    /// Encoder side: chooses the parameters under which this stream will be coded, from the
    /// profile's settings, the adapter's hints and the data itself. Must be deterministic.
    ///
    /// # Errors
    /// `Config` where the settings are unknown or out of range.
    fn plan(&self, data: &[u8], layout: &Layout, settings: &Settings) -> Result<Vec<u8>>;

    /// Encoder side: a trial of `stream` on at most about `most` bytes of it, under these settings; `None` where the
    /// predictor has none of its own, and is to be tried by planning, opening and coding a sample.
    ///
    /// # Errors
    /// As `plan`.
    fn trial<'a>(
        &'a self,
        stream: &'a Stream,
        most: usize,
        settings: &'a Settings,
        models: &'a [Arc<Model>],
    ) -> Result<Option<Box<dyn Trial + 'a>>> {
        let _ = (stream, most, settings, models);
        Ok(None)
    }

    /// Both sides: checks `params` (hostile, on the decoding side) of stream version `version`
    /// for a stream of `len` bytes, and takes what can be shared between streams. Allocates nothing that grows with
    /// what `params` claims before checking it against `limits`.
    ///
    /// # Errors
    /// `Plugin` where the parameters are malformed, `Limit` where they need too much.
    fn open(
        &self,
        version: u8,
        params: &[u8],
        len: u64,
        limits: &Limits,
    ) -> Result<Box<dyn Opened>>;

    /// Encoder side, for predictors that use models: those that streams coded under these settings
    /// refer to, found in `models`. Parameters count them in this order, from 0 on.
    ///
    /// # Errors
    /// `Config` where there is no such model.
    fn models(&self, settings: &Settings, models: &Models) -> Result<Vec<Arc<Model>>> {
        let _ = (settings, models);
        Ok(Vec::new())
    }

    /// As [`plan`](Self::plan), with what [`models`](Self::models) found.
    ///
    /// # Errors
    /// As `plan`.
    fn plan_with_models(
        &self,
        data: &[u8],
        layout: &Layout,
        settings: &Settings,
        models: &[Arc<Model>],
    ) -> Result<Vec<u8>> {
        let _ = models;
        self.plan(data, layout, settings)
    }

    /// As [`open`](Self::open), within a frame that refers to `models`. A predictor that uses
    /// none is opened as in any other frame.
    ///
    /// # Errors
    /// As `open`; `Unsupported` where a model is not one that this predictor can use.
    fn open_with_models(
        &self,
        version: u8,
        params: &[u8],
        len: u64,
        models: &[Arc<Model>],
        limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        let _ = models;
        self.open(version, params, len, limits)
    }

    /// What `params`, hostile on this side, call the model at that place of the frame's list:
    /// for the message that it is missing.
    fn model_name(&self, version: u8, params: &[u8], place: usize) -> Option<String> {
        let _ = (version, params, place);
        None
    }

    /// What `params`, hostile on this side, say, for people: `model text, 24 MiB`. `None` where there is
    /// nothing to say.
    fn describe(&self, version: u8, params: &[u8]) -> Option<String> {
        let _ = (version, params);
        None
    }

    /// How else a stream under `params`, hostile on this side, could be coded: with one part of the predictor alone, or
    /// without one. What it costs then tells people what that part is worth.
    fn variants(&self, version: u8, params: &[u8]) -> Vec<Variant> {
        let _ = (version, params);
        Vec::new()
    }
}

/// A trial of the ways to code one stream, which goes on as far as it is asked to: what was tried is not tried
/// again. Deterministic, as the choice of parameters is.
pub trait Trial {
    /// Tries until about `bytes` of the stream were coded; less where there are no more to try.
    ///
    /// # Errors
    /// As [`PredictorState::failure`], and `Memory`.
    fn until(&mut self, bytes: usize) -> Result<()>;

    /// How many bytes were coded, and what they cost under the best way so far, in units of 2^-16 bits.
    fn seen(&self) -> (usize, u64);

    /// The parameters for the whole stream, as [`Predictor::plan_with_models`] chooses them, from what was tried and what it takes
    /// beyond.
    ///
    /// # Errors
    /// As `until`.
    fn params(self: Box<Self>) -> Result<Vec<u8>>;
}

/// Another way to code a stream, in a frame with the same models and with no more memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// For people, such as `cm alone`; the same for all streams of a predictor.
    pub name: &'static str,
    /// The predictor: the one that was asked, or a part of it.
    pub predictor: PluginId,
    /// The version of its stream.
    pub version: u8,
    /// Its parameters.
    pub params: Vec<u8>,
}

/// A predictor with its parameters, shareable between threads.
pub trait Opened: Send + Sync {
    /// Bytes of memory that one state will take at most, the stream itself not counted.
    fn memory(&self) -> u64;

    /// A state at the beginning of a stream.
    ///
    /// # Errors
    /// `Memory` where the system does not give the memory that the limits granted.
    fn start(&self) -> Result<Box<dyn PredictorState>>;
}

/// The state of a predictor within one stream. One code path serves both directions.
pub trait PredictorState {
    /// Codes the next `len` bytes, appending them to `history`.
    ///
    /// The state asks `coder` for each next decision under a probability. On the encoding
    /// side the coder knows the answer, on the decoding side it reads it; the state cannot
    /// tell which, so the two directions cannot drift apart. `history` holds all bytes coded
    /// before by this state and nothing else; the caller may split a stream into several
    /// calls at any byte.
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>);

    /// Where to borrow threads from for the calls that follow. What is coded does not depend on it.
    fn assist(&mut self, helpers: &Helpers) {
        let _ = helpers;
    }

    /// Why the last call coded fewer bytes than it was asked for, if it did: a backend or a
    /// device that failed. The stream is given up then.
    fn failure(&mut self) -> Option<Error> {
        None
    }

    /// What the state has counted so far, for people who look into a file: what, and how often.
    fn counts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}
