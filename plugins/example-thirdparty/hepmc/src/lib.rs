//! umoec adapter `hepmc`: event records of particle physics in text, as HepMC and LHE write them.
//!
//! Most bytes of such a file are digits of momenta, which nothing can predict but which text
//! spells at 3.3 bits and more a digit; and every particle's energy follows from its momentum and
//! its mass. This adapter takes the numbers out of the text, keeps them in binary, and keeps of an
//! energy only how far it is off. `spec.md` defines the streams.

mod form;
mod kernel;

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Plugin, Provenance, Settings, Stream,
    derived_id,
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

impl Adapter for Hepmc {
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        if let Some(key) = settings.keys().next() {
            return Err(Error::Config(format!("there is no setting `{key}`")));
        }
        let Some(split) = kernel::split(input) else {
            return Ok(Adapted {
                params: Vec::new(),
                streams: vec![stream(input.to_vec(), &[])],
            });
        };
        Ok(Adapted {
            params: split.form.params().to_vec(),
            streams: vec![
                stream(split.text, &[]),
                stream(split.high, &[2]),
                stream(split.low, &[split.form.low() as u32]),
                stream(split.off, &[]),
            ],
        })
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
