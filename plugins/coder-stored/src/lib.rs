//! umoec coder `stored` (kind coder, id 1): bytes as they are.
//!
//! `spec.md` of this package defines the payload. The probabilities of a predictor are not looked
//! at: this is the floor under every other coder, for data that nothing can predict.

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::plugin::{
    Answers, AnyPlugin, Coder, DecisionCoder, DecisionDecoder, DecisionEncoder, Descriptor, Kind,
    Plugin, PluginId, Settings,
};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_codec::{Error, Limits, Result};

/// The plugin's id (`spec/plugin-ids.md`).
pub const ID: PluginId = PluginId(1);

umoec_codec::submit!(AnyPlugin::Coder(Arc::new(Stored::new())));

/// The coder.
struct Stored {
    descriptor: Descriptor,
}

impl Stored {
    fn new() -> Self {
        Self {
            descriptor: Descriptor {
                kind: Kind::Coder,
                id: ID,
                name: Cow::Borrowed("stored"),
                version: 1,
                oldest: 1,
                summary: Cow::Borrowed("bytes as they are"),
            },
        }
    }
}

impl Plugin for Stored {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

fn no_params(params: &[u8]) -> Result<()> {
    if params.is_empty() {
        return Ok(());
    }
    Err(Error::Plugin {
        kind: Kind::Coder,
        id: ID,
        reason: format!("`stored` has no parameters, but {params:02x?} were given"),
    })
}

impl Coder for Stored {
    fn plan(&self, _len: usize, settings: &Settings) -> Result<Vec<u8>> {
        self.descriptor.no_settings(settings)?;
        Ok(Vec::new())
    }

    fn memory(&self, _params: &[u8], _len: u64) -> u64 {
        // All it collects is the payload.
        0
    }

    fn encoder<'a>(&self, params: &[u8], data: &'a [u8]) -> Result<Box<dyn DecisionEncoder + 'a>> {
        no_params(params)?;
        Ok(Box::new(Encoder {
            answers: Answers::new(data),
            taken: Taken::default(),
        }))
    }

    fn decoder<'a>(
        &self,
        _version: u8,
        params: &[u8],
        payload: &'a [u8],
        _limits: &Limits,
    ) -> Result<Box<dyn DecisionDecoder + 'a>> {
        no_params(params)?;
        Ok(Box::new(Decoder {
            payload: Answers::new(payload),
            left: payload.len() as u64 * 8,
            failed: false,
        }))
    }
}

/// The bytes that were coded, in the order of coding.
#[derive(Default)]
struct Taken {
    bytes: Vec<u8>,
    /// Bits of the last byte that are still to come.
    missing: u32,
}

impl Taken {
    fn bit(&mut self, bit: bool) {
        if self.missing == 0 {
            self.bytes.push(0);
            self.missing = 8;
        }
        self.missing -= 1;
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << self.missing;
        }
    }
}

struct Encoder<'a> {
    answers: Answers<'a>,
    taken: Taken,
}

impl DecisionCoder for Encoder<'_> {
    fn bit(&mut self, _one: BitProbability) -> bool {
        let bit = self.answers.bit();
        self.taken.bit(bit);
        bit
    }

    fn byte(&mut self, _distribution: &ByteDistribution) -> u8 {
        let byte = self.answers.byte();
        self.taken.bytes.push(byte);
        byte
    }

    fn seek(&mut self, position: usize) {
        self.answers.seek(position);
    }
}

impl DecisionEncoder for Encoder<'_> {
    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) {
        out.append(&mut self.taken.bytes);
    }
}

struct Decoder<'a> {
    payload: Answers<'a>,
    /// Bits of the payload that were not read yet.
    left: u64,
    failed: bool,
}

impl Decoder<'_> {
    fn take(&mut self, bits: u64) {
        match self.left.checked_sub(bits) {
            Some(left) => self.left = left,
            None => self.failed = true,
        }
    }
}

impl DecisionCoder for Decoder<'_> {
    fn bit(&mut self, _one: BitProbability) -> bool {
        self.take(1);
        self.payload.bit()
    }

    fn byte(&mut self, _distribution: &ByteDistribution) -> u8 {
        self.take(8);
        self.payload.byte()
    }

    fn seek(&mut self, _position: usize) {}
}

impl DecisionDecoder for Decoder<'_> {
    fn failed(&self) -> bool {
        self.failed
    }

    fn finish(self: Box<Self>) -> bool {
        !self.failed && self.left == 0
    }
}

#[cfg(test)]
mod tests;
