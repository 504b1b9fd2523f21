//! umoec adapter `hepmc`: event records of particle physics in text, as HepMC and LHE write them.
//!
//! Most bytes of such a file are digits of momenta, which nothing can predict but which text
//! spells at 3.3 bits and more a digit; and every particle's energy follows from its momentum and
//! its mass. This adapter takes the numbers out of the text, keeps them in binary, and keeps of an
//! energy only how far it is off. `spec.md` defines the streams.

mod files;
mod form;
mod kernel;

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Place, Plugin, Proposal, Provenance,
    Region, Settings, Stream, derived_id,
};
use umoec_codec::{Error, Limits, Result};

/// What the plugin's id is derived from.
pub const IDENTITY: &str = "org.example.hepmc";

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Hepmc::new())));
umoec_codec::export_plugins!();

/// The adapter.
pub struct Hepmc {
    descriptor: Descriptor,
    provenance: Provenance,
}

impl Hepmc {
    /// The adapter.
    #[must_use]
    pub fn new() -> Self {
        Self {
            descriptor: Descriptor {
                kind: Kind::Adapter,
                id: derived_id(Kind::Adapter, IDENTITY),
                name: Cow::Borrowed("hepmc"),
                version: 1,
                oldest: 1,
                summary: Cow::Borrowed("particle physics events in text: HepMC and LHE"),
            },
            provenance: Provenance {
                identity: Cow::Borrowed(IDENTITY),
                homepage: Cow::Borrowed("https://example.org/umoec-hepmc"),
                sample: Cow::Borrowed(include_bytes!("sample.hepmc")),
            },
        }
    }

    fn malformed(&self, reason: &str) -> Error {
        Error::Plugin {
            kind: Kind::Adapter,
            id: self.descriptor.id,
            reason: reason.into(),
        }
    }
}

impl Default for Hepmc {
    fn default() -> Self {
        Self::new()
    }
}

impl Plugin for Hepmc {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.provenance)
    }
}

fn stream(data: Vec<u8>, strides: &[u32]) -> Stream {
    Stream {
        data,
        layout: Layout {
            strides: strides.to_vec(),
            ..Layout::default()
        },
    }
}

/// What became of a block whose numbers were taken out.
fn apart(split: kernel::Split) -> Adapted {
    Adapted {
        params: split.form.params().to_vec(),
        streams: vec![
            stream(split.text, &[]),
            stream(split.high, &[2]),
            stream(split.low, &[split.form.low() as u32]),
            stream(split.off, &[]),
        ],
    }
}

/// There are none.
fn check(settings: &Settings) -> Result<()> {
    match settings.keys().next() {
        Some(key) => Err(Error::Config(format!("there is no setting `{key}`"))),
        None => Ok(()),
    }
}

impl Adapter for Hepmc {
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        check(settings)?;
        Ok(kernel::split(input).map_or_else(
            || Adapted {
                params: Vec::new(),
                streams: vec![stream(input.to_vec(), &[])],
            },
            apart,
        ))
    }

    fn propose(
        &self,
        input: &[u8],
        place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        check(settings)?;
        let Some(score) = files::score(input, place.head) else {
            return Ok(Vec::new());
        };
        let split = kernel::split(input).into_iter();
        let proposal = |split| Proposal {
            score,
            adapted: apart(split),
        };
        Ok(split.map(proposal).collect())
    }

    fn regions(&self, input: &[u8], _: &Place<'_>) -> Result<Vec<Region>> {
        let region = |range| Region {
            range,
            score: 95,
            joins: true,
            note: Vec::new(),
        };
        Ok(files::within(input).into_iter().map(region).collect())
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        if params.is_empty() {
            return Some("no numbers taken out".into());
        }
        Some(form::Form::from_params(params)?.describe())
    }

    fn inverse(
        &self,
        _version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        _limits: &Limits,
    ) -> Result<Vec<u8>> {
        if params.is_empty() {
            let [only] = <[Vec<u8>; 1]>::try_from(streams)
                .map_err(|_| self.malformed("without parameters there must be one stream"))?;
            return Ok(only);
        }
        let form = form::Form::from_params(params)
            .ok_or_else(|| self.malformed("the parameters are none of this plugin"))?;
        let [text, high, low, off] = <[Vec<u8>; 4]>::try_from(streams)
            .map_err(|_| self.malformed("there must be four streams"))?;
        let split = kernel::Split {
            form,
            text,
            high,
            low,
            off,
        };
        kernel::join(&split, output_len).map_err(|reason| self.malformed(reason))
    }
}
