//! The plugin.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Descriptor, Kind, Layout, Model, Models, Opened, Plugin, PluginId, Predictor, PredictorState,
    Settings, Variant, hex,
};
use umoec_codec::{Error, Limits, Result};
use umoec_exact::condition::haste_at;

use crate::backend::Prepared;
use crate::condition;
use crate::embedded::EMBEDDED;
use crate::loaded::Loaded;
use crate::params::{Params, Place};
use crate::settings::Chosen;
use crate::superblock::Superblocks;
use crate::{backend_fault, fault};

/// The plugin's id (`spec/plugin-ids.md`).
pub const ID: PluginId = PluginId(3);

/// The plugin's name.
pub const NAME: &str = "tier1-onnx";

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Predictor,
    id: ID,
    name: Cow::Borrowed(NAME),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("a trained exact-integer network, any step graph by --model"),
});

/// The plugin.
pub(crate) struct Tier1;

impl Plugin for Tier1 {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Predictor for Tier1 {
    fn models(&self, settings: &Settings, models: &Models) -> Result<Vec<Arc<Model>>> {
        let chosen = Chosen::read(settings)?;
        if known(&chosen).is_some() {
            return Ok(Vec::new());
        }
        let name = match (chosen.model, EMBEDDED.first()) {
            (Some(name), _) => name,
            (None, Some(model)) => model.name.to_owned(),
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
        Ok(plan(data, settings, models)?.write())
    }

    fn open(
        &self,
        version: u8,
        params: &[u8],
        len: u64,
        limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        self.open_with_models(version, params, len, &[], limits)
    }

    fn open_with_models(
        &self,
        _version: u8,
        params: &[u8],
        len: u64,
        models: &[Arc<Model>],
        limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        Ok(Box::new(open(params, len, models, limits)?))
    }

    fn model_name(&self, _version: u8, params: &[u8], place: usize) -> Option<String> {
        let params = Params::read(params).ok()?;
        let listed = params.place == Place::Listed(place);
        (listed && !params.name.is_empty()).then_some(params.name)
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        let params = Params::read(params).ok()?;
        let model = match (params.place, params.name) {
            (Place::Known(number), _) => match EMBEDDED.get(number) {
                Some(model) => format!("network {}", model.name),
                None => format!("known network {number}"),
            },
            (Place::Listed(number), name) if name.is_empty() => {
                format!("network {number} of the list")
            }
            (Place::Listed(_), name) => format!("network `{}`", name.escape_debug()),
        };
        let haste = haste_at(params.condition.len()).map(|at| params.condition[at]);
        let statistics = params.condition.len() - usize::from(haste.is_some());
        let mut told = match statistics {
            0 => String::new(),
            values => format!(" told {values} statistics of the stream"),
        };
        if let Some(haste) = haste {
            told += &format!(" in haste {haste}");
        }
        Some(match params.lanes {
            1 => model + &told,
            lanes => format!(
                "{model}{told}, {lanes} lanes with segments of {} bytes",
                params.segment
            ),
        })
    }

    fn variants(&self, version: u8, params: &[u8]) -> Vec<Variant> {
        let lanes = Params::read(params).ok().filter(|params| params.lanes > 1);
        let variant = |params: Params| Variant {
            name: "one lane",
            predictor: ID,
            version,
            params: Params {
                lanes: 1,
                segment: 0,
                ..params
            }
            .write(),
        };
        lanes.map(variant).into_iter().collect()
    }
}

/// The parameters of the stream `data` under these settings.
pub(crate) fn plan(data: &[u8], settings: &Settings, models: &[Arc<Model>]) -> Result<Params> {
    let chosen = Chosen::read(settings)?;
    let (lanes, segment) = chosen.lanes(data.len());
    let mut params = Params {
        lanes,
        segment,
        place: Place::Known(known(&chosen).unwrap_or(0)),
        ..Params::default()
    };
    if let Some(model) = models.first() {
        params.place = Place::Listed(0);
        params.name = Params::name_of(Loaded::get(model)?.model().name());
    }
    let loaded = Loaded::get(&find(params.place, models)?)?;
    params.condition = condition::of(loaded.model(), data, chosen.haste)?;
    Ok(params)
}

/// Opens the network that `params` name for a stream of `len` bytes.
pub(crate) fn open(
    params: &[u8],
    len: u64,
    models: &[Arc<Model>],
    limits: &Limits,
) -> Result<OpenedStream> {
    let params = Params::read(params)?;
    let model = &find(params.place, models)?;
    let least = model.bytes().len() as u64;
    afford(least, limits)?;
    let loaded = Loaded::get(model)?;
    let needed = loaded.memory(params.lanes, params.segment);
    afford(needed, limits)?;
    let condition = condition::check(loaded.model(), &params.condition)?;
    Ok(OpenedStream {
        prepared: loaded
            .prepare_chosen(params.lanes)
            .map_err(|e| backend_fault(&e))?,
        start: loaded.model().interface().start,
        condition,
        segment: params.segment,
        len,
        needed,
        loaded,
    })
}

/// The known models: those that are embedded.
static KNOWN: LazyLock<Vec<Arc<Model>>> =
    LazyLock::new(|| EMBEDDED.iter().map(Model::linked).collect());

/// The number of the known model that is meant; `None` where another is, or where it is to be
/// named by its hash.
fn known(chosen: &Chosen) -> Option<usize> {
    let meant = |model: &Arc<Model>| match &chosen.model {
        None => true,
        Some(wanted) => model.name() == wanted || hex(&model.hash()) == *wanted,
    };
    (!chosen.by_hash).then(|| KNOWN.iter().position(meant))?
}

/// The model at that place.
fn find(place: Place, models: &[Arc<Model>]) -> Result<Arc<Model>> {
    let found = match place {
        Place::Known(number) => {
            let found = KNOWN.get(number);
            found.ok_or_else(|| Error::Unsupported {
                what: format!("known model {number} of predictor `{NAME}`"),
                hint: "a newer umoec has it".into(),
            })
        }
        Place::Listed(place) => models.get(place).ok_or_else(|| {
            let listed = models.len();
            fault(format!(
                "it uses model {place} of {listed} that the frame names"
            ))
        }),
    };
    found.map(Arc::clone)
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

pub(crate) struct OpenedStream {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) prepared: Arc<dyn Prepared>,
    pub(crate) start: u8,
    /// Of one lane.
    pub(crate) condition: Vec<i32>,
    /// 0 for one lane.
    pub(crate) segment: usize,
    len: u64,
    pub(crate) needed: u64,
}

impl Opened for OpenedStream {
    fn memory(&self) -> u64 {
        self.needed
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        let mut stepper = self.prepared.start().map_err(|e| backend_fault(&e))?;
        condition::tell(&mut *stepper, &self.condition).map_err(|e| backend_fault(&e))?;
        Ok(Box::new(Superblocks::new(
            stepper,
            self.segment,
            self.len,
            self.start,
            self.loaded.model().cost().macs_per_byte,
        )))
    }
}
