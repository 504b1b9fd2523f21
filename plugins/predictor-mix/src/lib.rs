//! umoec predictor `mix` (kind predictor, id 4): several predictors in one mixer.
//!
//! The context mixer `cm` gives the mixer and most of its inputs; a network of `tier1-onnx`
//! states the distribution of each byte, which enters bit by bit. What neither knows alone they
//! learn together: the network knows the language from the first byte on, the context models
//! know the file. `spec.md` of this package defines the stream.
//!
//! * `params`: components on the wire. `settings`: what a profile says. `plan`: whether the
//!   network pays. `plugin`: the plugin. `state`: a stream.

mod params;
mod plan;
mod plugin;
mod repeats;
mod settings;
mod state;

use std::sync::Arc;

use umoec_codec::Error;
use umoec_codec::plugin::{AnyPlugin, Kind};

pub use plugin::{ID, NAME};

umoec_codec::submit!(AnyPlugin::Predictor(Arc::new(plugin::Mix)));

/// Parameters that are at fault.
fn fault(reason: impl Into<String>) -> Error {
    Error::Plugin {
        kind: Kind::Predictor,
        id: ID,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests;
