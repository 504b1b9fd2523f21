//! Plugins in dynamic libraries, built as an outsider would.

mod broken;
mod example;
mod files;
mod missing;
mod panics;
mod round_trips;

use std::path::PathBuf;
use std::sync::Arc;

use umoec_codec::pipeline::{EncodeOptions, Profile, compress};
use umoec_codec::plugin::Registry;
use umoec_codec::{Error, Result};

/// The shipped plugins and these libraries.
fn with(libraries: &[PathBuf]) -> Arc<Registry> {
    let mut registry = umoec_builtin::registry().unwrap();
    for library in libraries {
        registry.add_library(library).unwrap();
    }
    Arc::new(registry)
}

/// A profile of these three plugins.
fn profile(adapter: &str, predictor: &str, coder: &str) -> Profile {
    let mut profile = umoec_tests::stack::fixed(1 << 16, (predictor, ""), (coder, ""));
    profile.adapter.name = adapter.into();
    profile
}

fn encode(content: &[u8], registry: &Arc<Registry>, profile: Profile) -> Result<Vec<u8>> {
    compress(content, registry, &EncodeOptions::new(profile))
}

/// Why a library is refused.
#[track_caller]
fn refusal(library: &std::path::Path) -> String {
    match Registry::new().add_library(library) {
        Err(Error::Library { path, reason, hint }) => {
            assert_eq!(path, library);
            assert!(!hint.is_empty());
            reason
        }
        Err(other) => panic!("another error: {other}"),
        Ok(()) => panic!("{} was taken", library.display()),
    }
}
