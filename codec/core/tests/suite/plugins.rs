//! Plugins made for these tests, and profiles that use them.

use std::borrow::Cow;
use std::sync::Arc;

use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, Profile};
use umoec_codec::plugin::{
    Adapted, Adapter, Answers, AnyPlugin, Coder, DecisionCoder, DecisionDecoder, DecisionEncoder,
    Descriptor, Kind, Layout, Model, Models, Opened, Plugin, PluginId, Predictor, PredictorState,
    Registry, Settings, Stream, Variant,
};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_codec::{Error, Limits, Result};

use crate::rangecoder;

pub(crate) fn registry() -> Arc<Registry> {
    with_models(|_| {})
}

/// The plugins, and models that `add` adds.
pub(crate) fn with_models(add: impl FnOnce(&mut Models)) -> Arc<Registry> {
    let mut registry = Registry::new();
    add(registry.models_mut());
    for plugin in [
        AnyPlugin::Adapter(Arc::new(Same(describe(Kind::Adapter, 1, "same")))),
        AnyPlugin::Adapter(Arc::new(Halves(describe(Kind::Adapter, 2, "halves")))),
        AnyPlugin::Predictor(Arc::new(Bits(describe(Kind::Predictor, 1, "bits")))),
        AnyPlugin::Predictor(Arc::new(Table(describe(Kind::Predictor, 3, "table")))),
        AnyPlugin::Predictor(Arc::new(Liar(describe(Kind::Predictor, 7, "liar")))),
        AnyPlugin::Coder(Arc::new(Stored(describe(Kind::Coder, 1, "stored")))),
        AnyPlugin::Coder(Arc::new(Range(describe(Kind::Coder, 2, "range")))),
    ] {
        registry.insert(plugin, "the tests").unwrap();
    }
    Arc::new(registry)
}

/// A profile with those plugins, and blocks of that size.
pub(crate) fn profile(adapter: &str, predictor: &str, block_size: u64) -> Profile {
    Profile::from_toml(&format!(
        "name = 'test'\nnumber = 2\nblock_size = {block_size}\nmemory = '64 MiB'\n\
         adapter = {{ plugin = '{adapter}' }}\n\
         predictor = {{ plugin = '{predictor}' }}\n\
         coder = {{ plugin = 'range' }}\n"
    ))
    .unwrap()
}

pub(crate) fn options(block_size: u64) -> EncodeOptions {
    EncodeOptions::new(profile("same", "bits", block_size))
}

pub(crate) fn compress(data: &[u8], block_size: u64) -> Vec<u8> {
    umoec_codec::pipeline::compress(data, &registry(), &options(block_size)).unwrap()
}

pub(crate) fn decompress(file: &[u8]) -> Result<Vec<u8>> {
    umoec_codec::pipeline::decompress(file, &registry(), &DecodeOptions::default())
}

fn describe(kind: Kind, id: u64, name: &'static str) -> Descriptor {
    Descriptor {
        kind,
        id: PluginId(id),
        name: Cow::Borrowed(name),
        version: 1,
        oldest: 1,
        summary: Cow::Borrowed("of the tests"),
    }
}

macro_rules! plugins {
    ($($name:ident)*) => { $(
        struct $name(Descriptor);

        impl Plugin for $name {
            fn descriptor(&self) -> &Descriptor {
                &self.0
            }
        }
    )* };
}

plugins!(Same Halves Bits Table Liar Stored Range);

impl Adapter for Same {
    fn forward(&self, input: &[u8], _: &Settings) -> Result<Adapted> {
        Ok(Adapted {
            params: vec![],
            streams: vec![Stream {
                data: input.to_vec(),
                layout: Layout::default(),
            }],
        })
    }

    fn inverse(
        &self,
        _: u8,
        _: &[u8],
        mut streams: Vec<Vec<u8>>,
        _: usize,
        _: &Limits,
    ) -> Result<Vec<u8>> {
        Ok(streams.pop().unwrap_or_default())
    }
}

/// Bytes at even and at odd places, and a third stream that is always empty.
impl Adapter for Halves {
    fn forward(&self, input: &[u8], _: &Settings) -> Result<Adapted> {
        let every_second = |from: usize| Stream {
            data: input.iter().copied().skip(from).step_by(2).collect(),
            layout: Layout::default(),
        };
        Ok(Adapted {
            params: b"halves".to_vec(),
            streams: vec![
                every_second(0),
                every_second(1),
                Stream {
                    data: vec![],
                    layout: Layout::default(),
                },
            ],
        })
    }

    fn inverse(
        &self,
        _: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        len: usize,
        _: &Limits,
    ) -> Result<Vec<u8>> {
        let broken = |reason: &str| Error::Plugin {
            kind: Kind::Adapter,
            id: PluginId(2),
            reason: reason.into(),
        };
        if params != b"halves" || streams.len() != 3 {
            return Err(broken("no such parameters"));
        }
        if streams[0].len() != len.div_ceil(2) || streams[1].len() != len / 2 {
            return Err(broken("streams do not fit"));
        }
        Ok((0..len).map(|i| streams[i % 2][i / 2]).collect())
    }
}

/// Order 0 by bits. Parameters: `claim`, the KiB of memory it says it takes, one byte.
impl Predictor for Bits {
    fn plan(&self, _: &[u8], _: &Layout, settings: &Settings) -> Result<Vec<u8>> {
        let claim = settings.get("claim").and_then(|v| v.as_integer());
        Ok(vec![claim.unwrap_or(1) as u8])
    }

    /// A claim of 12 is more than it needs; that of 0 has a variant that it should not have.
    fn variants(&self, _: u8, params: &[u8]) -> Vec<Variant> {
        let params = match params {
            [12] => vec![2],
            [0] => vec![9],
            _ => return Vec::new(),
        };
        vec![Variant {
            name: "another claim",
            predictor: PluginId(1),
            version: 1,
            params,
        }]
    }

    fn open(&self, _: u8, params: &[u8], _: u64, limits: &Limits) -> Result<Box<dyn Opened>> {
        let &[claim] = params else {
            return Err(Error::Plugin {
                kind: Kind::Predictor,
                id: PluginId(1),
                reason: "it takes one byte of parameters".into(),
            });
        };
        let needed = u64::from(claim) * 1024;
        if needed > limits.memory {
            return Err(Error::Limit {
                what: "predictor `bits`".into(),
                needed,
                limit: limits.memory,
                hint: "allow more memory".into(),
            });
        }
        Ok(Box::new(Claim(needed)))
    }
}

struct Claim(u64);

impl Opened for Claim {
    fn memory(&self) -> u64 {
        self.0
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        Ok(Box::new(Tree([TOTAL_HALF; 256])))
    }
}

const TOTAL_HALF: u32 = 1 << 15;

struct Tree([u32; 256]);

impl PredictorState for Tree {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            let mut node = 1;
            while node < 256 {
                let p = &mut self.0[node];
                let bit = coder.bit(BitProbability::clamped(*p));
                *p = if bit {
                    *p + ((65_536 - *p) >> 4)
                } else {
                    *p - (*p >> 4)
                };
                node = node * 2 + usize::from(bit);
            }
            history.push(node as u8);
        }
    }
}

/// Breaks the contract: its history is not what was coded.
impl Predictor for Liar {
    fn plan(&self, _: &[u8], _: &Layout, _: &Settings) -> Result<Vec<u8>> {
        Ok(vec![])
    }

    fn open(&self, _: u8, _: &[u8], _: u64, _: &Limits) -> Result<Box<dyn Opened>> {
        Ok(Box::new(LiarOpened))
    }
}

struct LiarOpened;

impl Opened for LiarOpened {
    fn memory(&self) -> u64 {
        0
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        Ok(Box::new(LiarState))
    }
}

struct LiarState;

impl PredictorState for LiarState {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            let uniform = ByteDistribution::from_counts(&[0; 256]);
            history.push(coder.byte(&uniform) ^ 1);
        }
    }
}

/// Its model's 256 bytes are the counts of all bytes. Parameters: its name, and the position at
/// which it fails.
impl Predictor for Table {
    fn models(&self, _: &Settings, models: &Models) -> Result<Vec<Arc<Model>>> {
        Ok(vec![models.find("letters")?])
    }

    fn plan(&self, _: &[u8], _: &Layout, settings: &Settings) -> Result<Vec<u8>> {
        let fails_at = settings.get("fails_at").and_then(|v| v.as_integer());
        let mut params = b"letters".to_vec();
        params.push(fails_at.unwrap_or(255) as u8);
        Ok(params)
    }

    fn open(&self, _: u8, _: &[u8], _: u64, _: &Limits) -> Result<Box<dyn Opened>> {
        Err(Error::Config("it needs a model".into()))
    }

    fn open_with_models(
        &self,
        _: u8,
        params: &[u8],
        _: u64,
        models: &[Arc<Model>],
        _: &Limits,
    ) -> Result<Box<dyn Opened>> {
        // Files are forged in the tests, models and parameters with them.
        let counts = models.first().and_then(|m| m.bytes().first_chunk::<256>());
        let (Some(counts), Some(&fails_at)) = (counts, params.get(7)) else {
            return Err(Error::Plugin {
                kind: Kind::Predictor,
                id: self.descriptor().id,
                reason: "its model or its parameters are too short".into(),
            });
        };
        Ok(Box::new(Known {
            distribution: ByteDistribution::from_counts(&counts.map(u32::from)),
            fails_at: usize::from(fails_at),
        }))
    }

    fn model_name(&self, _: u8, params: &[u8], place: usize) -> Option<String> {
        let name = params.get(..7)?;
        (place == 0).then(|| String::from_utf8_lossy(name).into_owned())
    }
}

#[derive(Clone)]
struct Known {
    distribution: ByteDistribution,
    fails_at: usize,
}

impl Opened for Known {
    fn memory(&self) -> u64 {
        1024
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        Ok(Box::new(self.clone()))
    }
}

impl PredictorState for Known {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            if self.fails_at == history.len() && self.fails_at < 255 {
                return;
            }
            history.push(coder.byte(&self.distribution));
        }
    }

    fn failure(&mut self) -> Option<Error> {
        (self.fails_at == 3).then(|| Error::Config("the device has gone".into()))
    }
}

impl Coder for Range {
    fn plan(&self, _: usize, _: &Settings) -> Result<Vec<u8>> {
        Ok(vec![])
    }

    fn memory(&self, _: &[u8], _: u64) -> u64 {
        0
    }

    fn encoder<'a>(&self, _: &[u8], data: &'a [u8]) -> Result<Box<dyn DecisionEncoder + 'a>> {
        Ok(Box::new(rangecoder::Encoder::new(data)))
    }

    fn decoder<'a>(
        &self,
        _: u8,
        _: &[u8],
        payload: &'a [u8],
        _: &Limits,
    ) -> Result<Box<dyn DecisionDecoder + 'a>> {
        Ok(Box::new(rangecoder::Decoder::new(payload)))
    }
}

/// Whole bytes as they are.
impl Coder for Stored {
    fn plan(&self, _: usize, _: &Settings) -> Result<Vec<u8>> {
        Ok(vec![])
    }

    fn memory(&self, _: &[u8], _: u64) -> u64 {
        0
    }

    fn encoder<'a>(&self, _: &[u8], data: &'a [u8]) -> Result<Box<dyn DecisionEncoder + 'a>> {
        Ok(Box::new(Copying {
            answers: Answers::new(data),
            copied: vec![],
        }))
    }

    fn decoder<'a>(
        &self,
        _: u8,
        _: &[u8],
        payload: &'a [u8],
        _: &Limits,
    ) -> Result<Box<dyn DecisionDecoder + 'a>> {
        Ok(Box::new(Reading {
            left: Some(payload),
        }))
    }
}

struct Copying<'a> {
    answers: Answers<'a>,
    copied: Vec<u8>,
}

impl DecisionCoder for Copying<'_> {
    fn bit(&mut self, _: BitProbability) -> bool {
        unreachable!("only whole bytes are stored here")
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        let byte = self.answers.byte();
        self.copied.push(byte);
        byte
    }

    fn seek(&mut self, position: usize) {
        self.answers.seek(position);
    }
}

impl DecisionEncoder for Copying<'_> {
    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) {
        out.append(&mut self.copied);
    }
}

struct Reading<'a> {
    /// `None` once it was too short.
    left: Option<&'a [u8]>,
}

impl DecisionCoder for Reading<'_> {
    fn bit(&mut self, _: BitProbability) -> bool {
        // A hostile frame may pair this coder with a predictor of bits.
        self.left = None;
        false
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        let split = self.left.and_then(<[u8]>::split_first);
        self.left = split.map(|(_, rest)| rest);
        split.map_or(0, |(byte, _)| *byte)
    }

    fn seek(&mut self, _: usize) {}
}

impl DecisionDecoder for Reading<'_> {
    fn failed(&self) -> bool {
        self.left.is_none()
    }

    fn finish(self: Box<Self>) -> bool {
        self.left == Some(&[])
    }
}
