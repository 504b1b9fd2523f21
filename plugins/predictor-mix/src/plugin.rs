//! The plugin.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Descriptor, Kind, Layout, Model, Models, Opened, Plugin, PluginId, Predictor, PredictorState,
    Settings, Stream, Trial, Variant,
};
use umoec_codec::{Error, Limits, Result};
use umoec_predictor_cm::{Cm, advised_memory, has_lanes, lanes_memory};
use umoec_predictor_onnx::Network;

use crate::fault;
use crate::params::{Lanes, NETWORK_MAX, NetworkParams, Params};
use crate::plan;
use crate::repeats::repeated;
use crate::settings::{Chosen, Use};
use crate::state;

/// The plugin's id (`spec/plugin-ids.md`).
pub const ID: PluginId = PluginId(4);

/// The plugin's name.
pub const NAME: &str = "mix";

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Predictor,
    id: ID,
    name: Cow::Borrowed(NAME),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("the context mixer with a trained network among its inputs"),
});

/// The plugin.
pub(crate) struct Mix;

impl Plugin for Mix {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

/// In streams below this length the network never rests.
const RESTLESS: usize = 4 << 10;

/// A stream of which so many percent repeat this many bytes has one lane: lanes do not see what their neighbours say at the
/// time. Two cost prose (0 to 2 %) 0.4 to 0.7 %, a dictionary, a wiki and the Bible (3 to 10 %) 1.1 to 1.6 %, source code (13 to 33 %)
/// 3 %, and a log (75 %), where the network rests most of the time, a fifth.
const REPETITIVE: u64 = 3;
const REPEAT: usize = 32;

/// No limits: the encoder's own choice is checked when the stream is opened.
const UNLIMITED: Limits = Limits {
    memory: u64::MAX,
    output: u64::MAX,
};

impl Predictor for Mix {
    fn models(&self, settings: &Settings, models: &Models) -> Result<Vec<Arc<Model>>> {
        let chosen = Chosen::read(settings)?;
        if chosen.network == Use::Never {
            return Ok(Vec::new());
        }
        Network::models(&chosen.model, models)
    }

    fn plan(&self, data: &[u8], layout: &Layout, settings: &Settings) -> Result<Vec<u8>> {
        self.plan_with_models(data, layout, settings, &[])
    }

    fn plan_with_models(
        &self,
        data: &[u8],
        layout: &Layout,
        settings: &Settings,
        models: &[Arc<Model>],
    ) -> Result<Vec<u8>> {
        let chosen = Chosen::read(settings)?;
        let cm = Cm.plan(data, layout, &chosen.cm)?;
        with_network(data, cm, &chosen, models)
    }

    fn trial<'a>(
        &'a self,
        stream: &'a Stream,
        most: usize,
        settings: &'a Settings,
        models: &'a [Arc<Model>],
    ) -> Result<Option<Box<dyn Trial + 'a>>> {
        let chosen = Chosen::read(settings)?;
        let cm = Cm.trial_of(stream, most, &chosen.cm)?;
        Ok(Some(Box::new(Trying {
            cm,
            data: &stream.data,
            chosen,
            models,
        })))
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
        let params = Params::read(params)?;
        let Some(network) = params.network else {
            return Cm.open(1, &params.cm, len, limits);
        };
        if network.lanes.is_some() && !has_lanes(&params.cm)? {
            return Err(fault("a model that looks at numbers has no lanes"));
        }
        // Before the network is opened: its share is checked there.
        let cm = advised_memory(&params.cm, len)?;
        let left = limits.memory.saturating_sub(cm);
        if left == 0 {
            return Err(needs(cm, limits));
        }
        let allowed = limits;
        let limits = Limits {
            memory: left,
            output: limits.output,
        };
        let opened = Network::open(&network.params, models, &limits)?;
        let lanes = network.lanes.map_or(0, |lanes| u64::from(lanes.count));
        let memory = match lanes {
            0 => cm + opened.memory(),
            lanes => {
                let more = lanes_memory(lanes, len);
                // Each has its own state, and room in a pair.
                let networks = opened.memory().saturating_mul(2 * lanes);
                cm.saturating_add(more).saturating_add(networks)
            }
        };
        if memory > allowed.memory {
            return Err(needs(memory, allowed));
        }
        Ok(Box::new(OpenedMix {
            memory,
            rest: network.rests_from(),
            lanes: network.lanes,
            network: opened,
            cm: params.cm,
            len,
        }))
    }

    fn describe(&self, version: u8, params: &[u8]) -> Option<String> {
        let params = Params::read(params).ok()?;
        let cm = Cm.describe(version, &params.cm)?;
        let Some(network) = params.network else {
            return Some(format!("{cm}; no network"));
        };
        let mut text = format!("{cm}; {}", Network::describe(&network.params)?);
        if network.rest > 0 {
            text += &format!(", which rests where a match has {} bytes", network.rest);
        }
        if let Some(Lanes { count, log2 }) = network.lanes {
            text += &format!("; {count} lanes of {} KiB", 1 << (log2 - 10));
        }
        Some(text)
    }

    fn variants(&self, version: u8, params: &[u8]) -> Vec<Variant> {
        let Ok(params) = Params::read(params) else {
            return Vec::new();
        };
        params
            .variants()
            .into_iter()
            .map(|(name, params)| Variant {
                name,
                predictor: ID,
                version,
                params: params.write(),
            })
            .chain(params.network.map(|network| Variant {
                name: "network alone",
                predictor: umoec_predictor_onnx::ID,
                version: 1,
                params: network.params,
            }))
            .collect()
    }

    fn model_name(&self, _version: u8, params: &[u8], place: usize) -> Option<String> {
        let network = Params::read(params).ok()?.network?;
        Network::model_name(&network.params, place)
    }
}

/// A trial of `cm`: what the network would bring is the same for whatever an adapter makes of the data.
struct Trying<'a> {
    cm: Box<dyn Trial + 'a>,
    data: &'a [u8],
    chosen: Chosen,
    models: &'a [Arc<Model>],
}

impl Trial for Trying<'_> {
    fn until(&mut self, bytes: usize) -> Result<()> {
        self.cm.until(bytes)
    }

    fn seen(&self) -> (usize, u64) {
        self.cm.seen()
    }

    fn params(self: Box<Self>) -> Result<Vec<u8>> {
        with_network(self.data, self.cm.params()?, &self.chosen, self.models)
    }
}

/// The parameters of a stream under these of `cm`, with the network if it pays.
fn with_network(
    data: &[u8],
    cm: Vec<u8>,
    chosen: &Chosen,
    models: &[Arc<Model>],
) -> Result<Vec<u8>> {
    let mut params = Params { network: None, cm };
    if chosen.network == Use::Never || data.len() as u64 > chosen.longest {
        return Ok(params.write());
    }
    let plain = match chosen.network {
        Use::Auto => plan::plain(data),
        Use::Always | Use::Never => None,
    };
    // Before the network is opened, which takes longer than so short a stream.
    if plain == Some(false) {
        return Ok(params.write());
    }
    let mut network = NetworkParams {
        params: Network::plan(data, &chosen.model, models, NETWORK_MAX)?,
        // What is soon done need not be done faster.
        rest: if data.len() < RESTLESS {
            0
        } else {
            chosen.rest
        },
        lanes: None,
    };
    let pays = || {
        if let Some(plain) = plain {
            return Ok(plain);
        }
        let opened = Network::open(&network.params, models, &UNLIMITED)?;
        let rest = network.rests_from();
        plan::pays(data, &params.cm, &opened, rest, chosen.gain)
    };
    if chosen.network == Use::Always || pays()? {
        let long = data.len() as u64 >= chosen.lanes_from;
        if long && has_lanes(&params.cm)? && repeated(data, REPEAT) < REPETITIVE {
            network.lanes = chosen.lanes;
        }
        params.network = Some(network);
    }
    Ok(params.write())
}

/// More memory than is allowed.
fn needs(needed: u64, allowed: &Limits) -> Error {
    Error::Limit {
        what: format!("predictor {NAME}"),
        needed,
        limit: allowed.memory,
        hint: "allow more with --memory".into(),
    }
}

struct OpenedMix {
    network: Network,
    rest: u32,
    lanes: Option<Lanes>,
    cm: Vec<u8>,
    len: u64,
    memory: u64,
}

impl Opened for OpenedMix {
    fn memory(&self) -> u64 {
        self.memory
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        Ok(Box::new(state::start(
            &self.cm,
            self.len,
            &self.network,
            self.rest,
            self.lanes,
        )?))
    }
}
