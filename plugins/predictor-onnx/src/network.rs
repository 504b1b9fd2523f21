//! A network on its own, outside a stream of this plugin: what other predictors build on.

use std::any::Any;
use std::sync::Arc;

use umoec_codec::plugin::{Model, Models, Predictor as _, Settings};
use umoec_codec::{Error, Limits, Result};
use umoec_exact::{Fused, Regions, Stepper, softmax};

use crate::backend::{Backend, Prepared};
use crate::loaded::Loaded;
use crate::pair::Pair;
use crate::plugin::{OpenedStream, Tier1, open, plan};
use crate::{backend_fault, condition, fault};

/// A network that was found and proved, for one lane; shareable between threads.
pub struct Network {
    loaded: Arc<Loaded>,
    pub(crate) prepared: Arc<dyn Prepared>,
    start: u8,
    condition: Vec<i32>,
    memory: u64,
}

impl Network {
    /// The models that `settings` name, as [`umoec_codec::plugin::Predictor::models`].
    ///
    /// # Errors
    /// `Config` where there is no such model.
    pub fn models(settings: &Settings, models: &Models) -> Result<Vec<Arc<Model>>> {
        Tier1.models(settings, models)
    }

    /// The parameters that name the model of `settings` and what it is told of the stream `data`: those of a stream
    /// with one lane, `most` bytes at most. `most` is at least 42.
    ///
    /// # Errors
    /// `Config` where the settings are unknown or out of range, or the model wants to be told something else.
    pub fn plan(
        data: &[u8],
        settings: &Settings,
        models: &[Arc<Model>],
        most: usize,
    ) -> Result<Vec<u8>> {
        let mut settings = settings.clone();
        settings.insert("lanes".into(), 1.into());
        Ok(plan(data, &settings, models)?.write_within(most))
    }

    /// What `params` call the model at that place of the frame's list.
    #[must_use]
    pub fn model_name(params: &[u8], place: usize) -> Option<String> {
        Tier1.model_name(1, params, place)
    }

    /// What `params` say, for people.
    #[must_use]
    pub fn describe(params: &[u8]) -> Option<String> {
        Tier1.describe(1, params)
    }

    /// Opens the network that `params` name, hostile on the decoding side.
    ///
    /// # Errors
    /// `Plugin` where the parameters are malformed or ask for several lanes, `Unsupported` or
    /// `Plugin` where the model cannot be used, `Limit` where it needs too much.
    pub fn open(params: &[u8], models: &[Arc<Model>], limits: &Limits) -> Result<Self> {
        let OpenedStream {
            loaded,
            prepared,
            start,
            condition,
            segment,
            needed,
            ..
        } = open(params, 0, models, limits)?;
        if segment > 0 {
            return Err(fault("it has several lanes, where one is due"));
        }
        Ok(Self {
            loaded,
            prepared,
            start,
            condition,
            memory: needed,
        })
    }

    /// Bytes of memory that it takes with one state.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Multiplications of a step.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.loaded.model().cost().macs_per_byte
    }

    /// A state at the beginning of a stream.
    ///
    /// # Errors
    /// `Config` where the backend fails.
    pub fn start(&self) -> Result<Running> {
        let mut stepper = self.prepared.start().map_err(|e| backend_fault(&e))?;
        condition::tell(&mut *stepper, &self.condition).map_err(|e| backend_fault(&e))?;
        Ok(Running {
            stepper,
            regions: Regions::default(),
            input: self.start,
            away: false,
            logits: [0; 256],
            counts: [0; 256],
        })
    }

    /// What makes the steps of two states together; `None` where the backend has no such thing, or nothing to gain by it.
    ///
    /// # Errors
    /// `Config` where the backend fails.
    pub fn pair(&self) -> Result<Option<Pair>> {
        if !(&*self.prepared as &dyn Any).is::<Fused>() {
            return Ok(None);
        }
        let two = self.loaded.prepare(Backend::Fused, 2);
        let two = two.map_err(|e| backend_fault(&e))?;
        let Some(two) = (&*two as &dyn Any).downcast_ref::<Fused>() else {
            return Ok(None);
        };
        let mut stepper = two.start();
        condition::tell(&mut stepper, &self.condition).map_err(|e| backend_fault(&e))?;
        Ok(Some(Pair::new(stepper)))
    }
}

/// A network in the middle of a stream.
pub struct Running {
    pub(crate) stepper: Box<dyn Stepper>,
    /// What it had computed and left out when that was last asked.
    regions: Regions,
    /// The byte before the first.
    input: u8,
    /// Whether its states are in a [`Pair`].
    pub(crate) away: bool,
    logits: [i32; 256],
    counts: [u32; 256],
}

impl Running {
    /// Takes bytes in without saying what follows them.
    ///
    /// # Errors
    /// `Config` where the backend fails.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        debug_assert!(!self.away, "its pair was not parted");
        let mut each = bytes.iter();
        let step = each.try_for_each(|&byte| self.stepper.step(&[byte], &mut self.logits));
        step.map_err(|e| backend_fault(&e))
    }

    /// What it computed and left out since this was asked last, in a [`Pair`] not counted.
    pub fn regions(&mut self) -> Regions {
        self.stepper.regions().since(&mut self.regions)
    }

    /// Relative weights of the 256 values of the next byte (`spec/numerics.md`, section 7),
    /// `last` being the one before it, if any.
    ///
    /// # Errors
    /// `Config` where the backend fails.
    pub fn next(&mut self, last: Option<u8>) -> Result<&[u32; 256], Error> {
        debug_assert!(!self.away, "its pair was not parted");
        let input = last.unwrap_or(self.input);
        let step = self.stepper.step(&[input], &mut self.logits);
        step.map_err(|e| backend_fault(&e))?;
        softmax::count(&self.logits, &mut self.counts);
        Ok(&self.counts)
    }
}
