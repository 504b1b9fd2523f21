//! What a plugin is, and where plugins are found.
//!
//! Three kinds, each a trait of its own file: an [`Adapter`] turns the bytes of a block into
//! streams and back; a [`Predictor`] gives the probability of each next decision; a
//! [`Coder`] turns decisions under probabilities into bytes.
//!
//! A linked plugin announces itself with [`submit!`](crate::submit). Nothing in this crate
//! names one; [`Registry::linked`] collects what the linker kept.

pub mod abi;
mod adapter;
mod answers;
mod border;
mod coder;
#[cfg(feature = "dynamic")]
pub mod dynamic;
#[doc(hidden)]
pub mod export;
mod helpers;
mod identity;
mod meter;
mod model;
mod models;
mod params;
mod predictor;
mod registry;

use std::borrow::Cow;
use std::fmt;

use crate::{Error, Result};

pub use adapter::{Adapted, Adapter, Layout, NumberLayout, Place, Proposal, Region, Stream};
pub use answers::Answers;
pub use coder::{Coder, DecisionCoder, DecisionDecoder, DecisionEncoder};
pub use helpers::{Helper, Helpers};
pub use identity::{Provenance, THIRD_PARTY, check_identity, derived_id};
pub use meter::Meter;
pub use model::{EmbeddedModel, EmbeddedModels, Model, hex};
pub use models::Models;
pub use params::{ParamReader, put_leb128};
pub use predictor::{Opened, Predictor, PredictorState, Trial, Variant};
pub use registry::{AnyPlugin, Registration, Registry};

#[doc(hidden)]
pub use inventory;

/// A plugin's settings as they stand in a profile (TOML).
pub type Settings = toml::Table;

/// The identity of a plugin on the wire (`spec/plugin-ids.md`): unique within its [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId(pub u64);

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ids below 2^16 are the project's own and small; others are random and read as hex.
        if self.0 < 1 << 16 {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:#x}", self.0)
        }
    }
}

/// The three kinds of plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Bytes of a block to streams and back.
    Adapter,
    /// Probabilities of the next decision.
    Predictor,
    /// Decisions to bytes and back.
    Coder,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adapter => "adapter",
            Self::Predictor => "predictor",
            Self::Coder => "coder",
        })
    }
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What it does.
    pub kind: Kind,
    /// Its identity on the wire.
    pub id: PluginId,
    /// Its name on the command line and in profiles: lower case, digits and `-`.
    pub name: Cow<'static, str>,
    /// The newest version of its stream, which it writes. 1..=127.
    pub version: u8,
    /// The oldest version of its stream that it still reads.
    pub oldest: u8,
    /// One line for people.
    pub summary: Cow<'static, str>,
}

impl Descriptor {
    /// Malformed parameters or streams of this plugin.
    #[must_use]
    pub fn fault(&self, reason: impl Into<String>) -> Error {
        Error::Plugin {
            kind: self.kind,
            id: self.id,
            reason: reason.into(),
        }
    }

    /// Refuses settings, for a plugin that has none.
    ///
    /// # Errors
    /// `Config` that names the first.
    pub fn no_settings(&self, settings: &Settings) -> Result<()> {
        match settings.keys().next() {
            None => Ok(()),
            Some(key) => Err(Error::Config(format!(
                "{} `{}`: unknown setting `{}`, there are none",
                self.kind,
                self.name,
                key.escape_debug()
            ))),
        }
    }

    /// The stream of an adapter that makes one, as long as the block of `len` bytes.
    ///
    /// # Errors
    /// `Plugin` where the frame has others.
    pub fn only_stream(&self, streams: Vec<Vec<u8>>, len: usize) -> Result<Vec<u8>> {
        let [stream]: [Vec<u8>; 1] = streams
            .try_into()
            .map_err(|_| self.fault("it has one stream, but the frame has several"))?;
        if stream.len() == len {
            Ok(stream)
        } else {
            Err(self.fault("its stream is not as long as the block"))
        }
    }
}

/// What all plugins have in common.
pub trait Plugin: Send + Sync {
    /// The plugin's identity, versions and summary.
    fn descriptor(&self) -> &Descriptor;

    /// Whose it is; `None` for a plugin of this project.
    fn provenance(&self) -> Option<&Provenance> {
        None
    }
}

/// Announces linked plugins to [`Registry::linked`].
///
/// ```ignore
/// umoec_codec::submit!(AnyPlugin::Coder(Arc::new(MyCoder)));
/// ```
#[macro_export]
macro_rules! submit {
    ($make:expr) => {
        $crate::plugin::inventory::submit! {
            $crate::plugin::Registration {
                make: || $make,
                origin: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
            }
        }
    };
}
