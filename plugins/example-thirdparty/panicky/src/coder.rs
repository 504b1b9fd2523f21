//! A coder that writes bits as they are.

use std::sync::Arc;

use umoec_codec::plugin::{
    Answers, AnyPlugin, Coder, DecisionCoder, DecisionDecoder, DecisionEncoder, Descriptor, Kind,
    Provenance, Settings,
};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_codec::{Limits, Result};

umoec_codec::submit!(AnyPlugin::Coder(Arc::new(Plain::new())));

struct Plain {
    descriptor: Descriptor,
    provenance: Provenance,
}

impl Plain {
    fn new() -> Self {
        let (descriptor, provenance) = crate::about(Kind::Coder, "panicky-plain");
        Self {
            descriptor,
            provenance,
        }
    }
}

crate::plugin!(Plain);

impl Coder for Plain {
    fn plan(&self, _len: usize, _settings: &Settings) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn memory(&self, _params: &[u8], _len: u64) -> u64 {
        64
    }

    fn encoder<'a>(&self, _params: &[u8], data: &'a [u8]) -> Result<Box<dyn DecisionEncoder + 'a>> {
        Ok(Box::new(Side {
            answers: Answers::new(data),
            all: data,
            bits: 0,
        }))
    }

    fn decoder<'a>(
        &self,
        _version: u8,
        _params: &[u8],
        payload: &'a [u8],
        _limits: &Limits,
    ) -> Result<Box<dyn DecisionDecoder + 'a>> {
        Ok(Box::new(Side {
            answers: Answers::new(payload),
            all: payload,
            bits: 0,
        }))
    }
}

/// Either direction: the payload is the data.
struct Side<'a> {
    answers: Answers<'a>,
    all: &'a [u8],
    bits: usize,
}

impl DecisionCoder for Side<'_> {
    fn bit(&mut self, _one: BitProbability) -> bool {
        self.bits += 1;
        crate::listen(&self.all[..(self.bits / 8).min(self.all.len())]);
        self.answers.bit()
    }

    fn byte(&mut self, _distribution: &ByteDistribution) -> u8 {
        self.bits += 8;
        crate::listen(&self.all[..(self.bits / 8).min(self.all.len())]);
        self.answers.byte()
    }

    fn seek(&mut self, position: usize) {
        self.answers.seek(position);
    }
}

impl DecisionEncoder for Side<'_> {
    fn finish(self: Box<Self>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.all);
    }
}

impl DecisionDecoder for Side<'_> {
    fn failed(&self) -> bool {
        self.bits > self.all.len() * 8
    }

    fn finish(self: Box<Self>) -> bool {
        self.bits == self.all.len() * 8
    }
}
