//! The plugin.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    AnyPlugin, DecisionCoder, Descriptor, Kind, Layout, Model, Models, Opened, Plugin, PluginId,
    Predictor, PredictorState, Settings,
};
use umoec_codec::{Error, Limits, Result};

use crate::backend::Prepared;
use crate::embedded::EMBEDDED;
use crate::loaded::Loaded;
use crate::params::Params;
use crate::settings::Chosen;
use crate::superblock::Superblocks;
use crate::{backend_fault, fault};

/// The plugin's id (`spec/plugin-ids.md`).
pub const ID: PluginId = PluginId(3);

/// The plugin's name.
pub const NAME: &str = "tier1-onnx";

umoec_codec::submit!(AnyPlugin::Predictor(Arc::new(Tier1)));

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Predictor,
    id: ID,
    name: Cow::Borrowed(NAME),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("a trained exact-integer network, any step graph by --model"),
});

/// The plugin.
struct Tier1;

impl Plugin for Tier1 {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Predictor for Tier1 {
    fn models(&self, settings: &Settings, models: &Models) -> Result<Vec<Arc<Model>>> {
        let name = match (Chosen::read(settings)?.model, EMBEDDED.first()) {
            (Some(name), _) => name,
            (None, Some((name, _))) => (*name).to_owned(),
            (None, None) => {
                return Err(Error::Config(
                    "no model is embedded in this program: name one with --model PATH|HASH|NAME"
                        .into(),
                ));
            }
        };
        Ok(vec![models.find(&name)?])
    }

    fn plan(&self, data: &[u8], layout: &Layout, settings: &Settings) -> Result<Vec<u8>> {
        self.plan_with_models(data, layout, settings, &[])
    }

    fn plan_with_models(
        &self,
        data: &[u8],
        _layout: &Layout,
        settings: &Settings,
        models: &[Arc<Model>],
    ) -> Result<Vec<u8>> {
        let (lanes, segment) = Chosen::read(settings)?.lanes(data.len());
        let mut params = Params {
            lanes,
            segment,
            ..Params::default()
        };
        if let Some(model) = models.first() {
            let known = EMBEDDED.iter().any(|(_, bytes)| *bytes == model.bytes());
            if !known {
                params.name = Params::name_of(Loaded::get(model)?.model().name());
            }
        }
        Ok(params.write())
    }

    fn open(
        &self,
        _version: u8,
        _params: &[u8],
        _len: u64,
        _limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        Err(fault("it needs a model, and the frame names none"))
    }

    fn open_with_models(
        &self,
        _version: u8,
        params: &[u8],
        len: u64,
        models: &[Arc<Model>],
        limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        let params = Params::read(params)?;
        let Some(model) = models.get(params.place) else {
            return Err(fault(format!(
                "it uses model {} of {} that the frame names",
                params.place,
                models.len()
            )));
        };
        let least = model.bytes().len() as u64;
        afford(least, limits)?;
        let loaded = Loaded::get(model)?;
        let needed = loaded.memory(params.lanes, params.segment);
        afford(needed, limits)?;
        Ok(Box::new(OpenedStream {
            prepared: loaded
                .prepare_chosen(params.lanes)
                .map_err(|e| backend_fault(&e))?,
            start: loaded.model().interface().start,
            segment: params.segment,
            len,
            needed,
        }))
    }

    fn model_name(&self, _version: u8, params: &[u8], place: usize) -> Option<String> {
        let params = Params::read(params).ok()?;
        (params.place == place && !params.name.is_empty()).then_some(params.name)
    }
}

fn afford(needed: u64, limits: &Limits) -> Result<()> {
    if needed <= limits.memory {
        return Ok(());
    }
    Err(Error::Limit {
        what: format!("predictor {NAME}"),
        needed,
        limit: limits.memory,
        hint: "allow more with --memory".into(),
    })
}

struct OpenedStream {
    prepared: Arc<dyn Prepared>,
    start: u8,
    segment: usize,
    len: u64,
    needed: u64,
}

impl Opened for OpenedStream {
    fn memory(&self) -> u64 {
        self.needed
    }

    fn start(&self) -> Box<dyn PredictorState> {
        match self.prepared.start() {
            Ok(stepper) => Box::new(Superblocks::new(
                stepper,
                self.segment,
                self.len,
                self.start,
            )),
            Err(e) => Box::new(NotStarted(Some(backend_fault(&e)))),
        }
    }
}

/// A backend that did not start: the first bytes report it.
struct NotStarted(Option<Error>);

impl PredictorState for NotStarted {
    fn code(&mut self, _: usize, _: &mut dyn DecisionCoder, _: &mut Vec<u8>) {}

    fn failure(&mut self) -> Option<Error> {
        self.0.take()
    }
}
