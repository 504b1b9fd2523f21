//! Plugins of every kind, written in Rust, that work until they meet a certain word: then they
//! panic. The host must survive that, and so must the work that it has beside it.

mod adapter;
mod coder;
mod predictor;

use std::borrow::Cow;

use umoec_codec::plugin::{Descriptor, Kind, Provenance, derived_id};

umoec_codec::export_plugins!();

/// Who meets this panics.
const WORD: &[u8] = b"please panic";

/// Identity, name and provenance of a plugin of this library.
fn about(kind: Kind, name: &'static str) -> (Descriptor, Provenance) {
    let identity = format!("org.example.{name}");
    let descriptor = Descriptor {
        kind,
        id: derived_id(kind, &identity),
        name: Cow::Borrowed(name),
        version: 2,
        oldest: 1,
        summary: Cow::Borrowed("panics when it is told to"),
    };
    let provenance = Provenance {
        identity: identity.into(),
        homepage: Cow::Borrowed("https://example.org/umoec-panicky"),
        sample: Cow::Borrowed(b"a sample"),
    };
    (descriptor, provenance)
}

/// Implements `Plugin` for a type with `descriptor` and `provenance`.
macro_rules! plugin {
    ($name:ty) => {
        impl umoec_codec::plugin::Plugin for $name {
            fn descriptor(&self) -> &umoec_codec::plugin::Descriptor {
                &self.descriptor
            }

            fn provenance(&self) -> Option<&umoec_codec::plugin::Provenance> {
                Some(&self.provenance)
            }
        }
    };
}
use plugin;

/// Panics if the bytes end with the word.
fn listen(bytes: &[u8]) {
    assert!(!bytes.ends_with(WORD), "I was told to");
}
