//! umoec predictor `tier1-onnx` (kind predictor, id 3): a network states the distribution of
//! each byte.
//!
//! The network is a step graph (`spec/numerics.md`): an ONNX file whose every intermediate is
//! an integer that a float holds exactly. It was proved to be one before it is run, so that every
//! [`Backend`] gives the same bits; which one runs it is never written into a file. `spec.md` of
//! this package defines the stream.

pub mod backend;
pub mod conformance;
pub mod folders;
pub mod sample;

mod condition;
mod embedded;
mod loaded;
mod network;
mod pair;
mod params;
mod plugin;
mod selftest;
mod settings;
mod superblock;

pub use backend::Backend;
pub use embedded::{EMBEDDED, EMBEDDED_BYTES};
pub use loaded::{Loaded, choose_backend};
pub use network::{Network, Running};
pub use pair::Pair;
pub use plugin::{ID, NAME};
pub use superblock::spared;
pub use umoec_exact::Regions;

use umoec_codec::Error;
use umoec_codec::plugin::{AnyPlugin, Kind};
use umoec_exact::ExactError;

umoec_codec::submit!(AnyPlugin::Predictor(std::sync::Arc::new(plugin::Tier1)));

/// Parameters or a model that are at fault.
fn fault(reason: impl Into<String>) -> Error {
    Error::Plugin {
        kind: Kind::Predictor,
        id: ID,
        reason: reason.into(),
    }
}

/// A backend that is missing or failed: a matter of this machine, not of the file.
fn backend_fault(error: &ExactError) -> Error {
    Error::Config(error.to_string())
}

#[cfg(test)]
mod tests;
