//! umoec predictor `cm`: the integer context mixer.
//!
//! Bit histories under hashed contexts, adaptive probabilities, match models and run maps
//! give logits; gated linear mixing in two layers combines them; adaptive probability maps
//! refine the result. All arithmetic is on integers and stands in `spec.md`, so every machine
//! predicts the same bits. In the tradition of PAQ8 (Mahoney), lpaq and ZPAQ.
//!
//! * `math`, `history`, `counter`: the logistic domain, bit histories, adaptive probabilities.
//! * `tracker`, `contexts`: what the past looks like, and the contexts made of it.
//! * `numeric`, `pixels`: numbers of several bytes and samples of images, predicted.
//! * `machine`, `rhythm`: where in an instruction the next byte is, and in a record of any length.
//! * `aimed`, `memory`, `table`, `slots`, `runs`, `direct`, `matcher`: where contexts remember, and what they say.
//! * `mixer`, `simd`, `selector`, `apm`: from many opinions to one.
//! * `model`: all of it, bit by bit; `lean`: the same for small models, fast; `running`: either at
//!   work on an instruction set. `advice`, `hosting`: an opinion from elsewhere among its inputs. `params`, `presets`, `plan`, `race`: which model for which data.

mod advice;
mod aimed;
mod apm;
mod contexts;
mod counter;
mod direct;
mod history;
mod hosting;
mod lanes;
mod lean;
mod machine;
mod matcher;
mod math;
mod memory;
mod mixer;
mod model;
mod numeric;
mod params;
mod pixels;
mod plan;
mod presets;
mod primed;
mod race;
mod rhythm;
mod running;
mod runs;
mod selector;
mod simd;
mod slots;
mod spare;
mod sparse;
mod table;
mod tracker;
pub mod training;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    AnyPlugin, Descriptor, Kind, Layout, Model as PluginModel, Opened, Plugin, PluginId, Predictor,
    PredictorState, Settings, Stream, Trial,
};
use umoec_codec::{Error, Limits, Result};

pub use advice::Adviser;
pub use hosting::{
    advised_memory, for_sample, has_lanes, lanes_memory, start_advised, start_alone, start_lanes,
};
pub use plan::looks_like_text;

use advice::Alone;
use lean::Lean;
use model::Model;
use params::Params;
use race::Race;
use running::Running;
use simd::Kernel;

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Predictor,
    id: PluginId(2),
    name: Cow::Borrowed("cm"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("context mixing in integers: the floor of every profile"),
});

pub(crate) fn descriptor() -> &'static Descriptor {
    &DESCRIPTOR
}

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cm;

impl Cm {
    /// A trial of `stream` on at most about `most` bytes of it.
    ///
    /// # Errors
    /// `Config` where the settings are unknown or out of range.
    pub fn trial_of<'a>(
        &self,
        stream: &'a Stream,
        most: usize,
        settings: &Settings,
    ) -> Result<Box<dyn Trial + 'a>> {
        let race = plan::race(&stream.data, &stream.layout, settings, most)?;
        Ok(Box::new(Trying { race }))
    }
}

impl Plugin for Cm {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Predictor for Cm {
    fn plan(&self, data: &[u8], layout: &Layout, settings: &Settings) -> Result<Vec<u8>> {
        Ok(wire(&plan::plan(data, layout, settings)?))
    }

    fn trial<'a>(
        &'a self,
        stream: &'a Stream,
        most: usize,
        settings: &'a Settings,
        _models: &'a [Arc<PluginModel>],
    ) -> Result<Option<Box<dyn Trial + 'a>>> {
        self.trial_of(stream, most, settings).map(Some)
    }

    fn open(
        &self,
        _version: u8,
        params: &[u8],
        len: u64,
        limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        let params = Params::read(params)?;
        let needed = params.memory(len);
        if needed > limits.memory {
            return Err(Error::Limit {
                what: "predictor cm".into(),
                needed,
                limit: limits.memory,
                hint: "allow more memory".into(),
            });
        }
        Ok(Box::new(OpenedCm {
            params,
            len,
            needed,
        }))
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        Some(Params::read(params).ok()?.to_string())
    }
}

/// A trial of all models that come into question.
struct Trying<'a> {
    race: Race<'a>,
}

impl Trial for Trying<'_> {
    fn until(&mut self, bytes: usize) -> Result<()> {
        self.race.until(bytes)
    }

    fn seen(&self) -> (usize, u64) {
        self.race.seen()
    }

    fn params(self: Box<Self>) -> Result<Vec<u8>> {
        Ok(wire(&self.race.winner()?))
    }
}

fn wire(params: &Params) -> Vec<u8> {
    let mut wire = Vec::new();
    params.write(&mut wire);
    wire
}

struct OpenedCm {
    params: Params,
    len: u64,
    needed: u64,
}

impl Opened for OpenedCm {
    fn memory(&self) -> u64 {
        self.needed
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        Ok(start(&self.params, self.len, Kernel::detect())?)
    }
}

/// A state at the beginning of a stream of `len` bytes.
fn start(params: &Params, len: u64, kernel: Kernel) -> Result<Box<dyn PredictorState + Send>> {
    Ok(if Lean::fits(&params.recipe) {
        let model = Lean::new(params, len)?;
        Box::new(Running { model, kernel })
    } else {
        let model = Model::new(params, len, Alone)?;
        Box::new(Running { model, kernel })
    })
}

umoec_codec::submit!(AnyPlugin::Predictor(Arc::new(Cm)));
