//! A library that panics before anybody can use it: in its self-test.

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Plugin, Provenance, Settings, derived_id,
};
use umoec_codec::{Limits, Result};

const IDENTITY: &str = "org.example.always";

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Always {
    descriptor: Descriptor {
        kind: Kind::Adapter,
        id: derived_id(Kind::Adapter, IDENTITY),
        name: Cow::Borrowed("example-always"),
        version: 1,
        oldest: 1,
        summary: Cow::Borrowed("panics"),
    },
    provenance: Provenance {
        identity: Cow::Borrowed(IDENTITY),
        homepage: Cow::Borrowed("https://example.org/umoec-always"),
        sample: Cow::Borrowed(b""),
    },
})));
umoec_codec::export_plugins!();

struct Always {
    descriptor: Descriptor,
    provenance: Provenance,
}

impl Plugin for Always {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.provenance)
    }
}

impl Adapter for Always {
    fn forward(&self, input: &[u8], _settings: &Settings) -> Result<Adapted> {
        panic!("{} bytes are too many", input.len());
    }

    fn inverse(
        &self,
        _version: u8,
        _params: &[u8],
        _streams: Vec<Vec<u8>>,
        _output_len: usize,
        _limits: &Limits,
    ) -> Result<Vec<u8>> {
        panic!("there is no way back");
    }
}
