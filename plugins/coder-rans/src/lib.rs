//! umoec coder `rans` (kind coder, id 2): range asymmetric numeral systems.
//!
//! `spec.md` of this package defines the payload and argues why it is unambiguous. A predictor's
//! decisions become intervals; the encoder collects a chunk of them and codes it in reverse, since
//! what an rANS state takes in last comes out first; the decoder then reads forwards and keeps a
//! few numbers only.
//!
//! * [`reference`](mod@reference): the coder in plain arithmetic, the truth.
//! * `kernel`: the encoder's inner loop, division by reciprocals, words in place of intervals.
//! * `encoder`, `decoder`: the two sides as a predictor sees them.
//!
//! Million decisions per second through `dyn DecisionCoder`, on one of two cores of an AMD EPYC (family
//! 26) that others used too: medians of `cargo bench -p umoec-coder-rans`, the best of up to three runs.
//!
//! | states | encode bits | decode bits | encode bytes | decode bytes |
//! |--:|--:|--:|--:|--:|
//! | 1 | 190 | 450 | 147 | 38 |
//! | 2 | 157 | 462 | 168 | 65 |
//! | 4 | 225 | 544 | 177 | 76 |
//! | 8 | 219 | 483 | 180 | 66 |
//!
//! One state is the default: a context model takes ten times longer than any of these, and further
//! states cost up to eight bytes each. Whole bytes decode at the pace of the search in their table.
//! The encoder's kernel alone takes 3.1 ns a binary decision with one state, against 4.2 ns with the
//! processor's division by the state; with four states both are near 2.3 ns.

mod decoder;
mod encoder;
mod kernel;
mod params;
pub mod reference;

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::plugin::{
    AnyPlugin, Coder, DecisionDecoder, DecisionEncoder, Descriptor, Kind, Plugin, PluginId,
    Settings,
};
use umoec_codec::{Limits, Result};

use decoder::Decoder;
use encoder::Encoder;

/// The plugin's id (`spec/plugin-ids.md`).
pub const ID: PluginId = PluginId(2);

/// The bound `L` below which a state takes in a word (`spec.md`, section 1).
pub const LOWER_BOUND: u64 = 1 << 32;

/// Decisions in a full chunk (`spec.md`, section 1).
pub const CHUNK: usize = 1 << 22;

umoec_codec::submit!(AnyPlugin::Coder(Arc::new(Rans::new(CHUNK))));

/// The coder.
struct Rans {
    descriptor: Descriptor,
    /// Decisions in a full chunk. A test takes less to reach many chunks.
    chunk: usize,
}

impl Rans {
    fn new(chunk: usize) -> Self {
        Self {
            descriptor: Descriptor {
                kind: Kind::Coder,
                id: ID,
                name: Cow::Borrowed("rans"),
                version: 1,
                oldest: 1,
                summary: Cow::Borrowed("range asymmetric numeral systems, within 0.01 % of ideal"),
            },
            chunk,
        }
    }
}

impl Plugin for Rans {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

impl Coder for Rans {
    fn plan(&self, _len: usize, settings: &Settings) -> Result<Vec<u8>> {
        params::from_settings(settings)
    }

    fn memory(&self, _params: &[u8], len: u64) -> u64 {
        // Four bytes for each of at most eight decisions a byte, and half as much again while
        // the list is moved to where it can double.
        let decisions = len.saturating_mul(8).min(self.chunk as u64);
        decisions.next_power_of_two() * 6
    }

    fn encoder<'a>(&self, params: &[u8], data: &'a [u8]) -> Result<Box<dyn DecisionEncoder + 'a>> {
        let chunk = self.chunk;
        Ok(match params::parse(params)? {
            1 => Box::new(Encoder::<1>::new(data, chunk)),
            2 => Box::new(Encoder::<2>::new(data, chunk)),
            4 => Box::new(Encoder::<4>::new(data, chunk)),
            _ => Box::new(Encoder::<8>::new(data, chunk)),
        })
    }

    fn decoder<'a>(
        &self,
        _version: u8,
        params: &[u8],
        payload: &'a [u8],
        _limits: &Limits,
    ) -> Result<Box<dyn DecisionDecoder + 'a>> {
        let chunk = self.chunk;
        Ok(match params::parse(params)? {
            1 => Box::new(Decoder::<1>::new(payload, chunk)),
            2 => Box::new(Decoder::<2>::new(payload, chunk)),
            4 => Box::new(Decoder::<4>::new(payload, chunk)),
            _ => Box::new(Decoder::<8>::new(payload, chunk)),
        })
    }
}

#[cfg(test)]
mod tests;
