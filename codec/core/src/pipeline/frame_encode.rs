//! A block to a frame's body.

use std::sync::Arc;

use super::budget::{Permit, Ticket};
use super::coding::{Predicting, encode_stream};
use super::frame_decode::frame_memory;
use super::measure::Measure;
use super::pool::Watch;
use super::tournament::{Adapters, Share};
use super::{Contests, EncodeOptions, Profile};
use crate::container::{
    FrameHead, MAX_FRAME_HEAD, NeededPlugin, Part, PluginNote, PluginRef, Segment, StreamHead,
};
use crate::plugin::{
    AnyPlugin, Coder, Descriptor, Kind, Model, Opened, Place, Plugin, PluginId, Predictor,
    Registry, Settings, Stream,
};
use crate::{Error, Limits, Result};

/// The coder that copies, for what does not shrink.
const STORED: &str = "stored";

/// A profile with its plugins found.
pub(super) struct FrameEncoder {
    profile: Profile,
    adapters: Adapters,
    predictor: Arc<dyn Predictor>,
    coder: Arc<dyn Coder>,
    stored: Arc<dyn Coder>,
    /// What the predictor's parameters count.
    models: Vec<Arc<Model>>,
    /// Bytes of memory that the member declares.
    memory: u64,
    /// Where to note how adapters are chosen.
    contests: Option<Contests>,
}

/// A block, coded.
pub(super) struct CodedFrame {
    /// The body of a FRAME.
    pub(super) body: Vec<u8>,
    /// Bytes of memory that a decoder takes for it.
    pub(super) memory: u64,
}

/// A block before it is coded.
struct Layout {
    parts: Vec<Part>,
    segments: Vec<Segment>,
    /// The streams of all parts.
    planned: Vec<Planned>,
    /// Bytes of memory that adapters take on the way back.
    way_back: u64,
}

/// A stream before it is coded.
struct Planned {
    data: Vec<u8>,
    predictor: PluginRef,
    opened: Box<dyn Opened>,
    coder_params: Vec<u8>,
}

/// A stream, coded.
struct CodedStream {
    length: u64,
    predictor: Option<PluginRef>,
    coder: PluginRef,
    payload: Vec<u8>,
    /// Bytes of memory that its predictor takes.
    memory: u64,
}

fn reference(d: &Descriptor, params: Vec<u8>) -> PluginRef {
    PluginRef {
        id: d.id,
        version: d.version,
        params,
    }
}

impl FrameEncoder {
    /// Finds the profile's plugins.
    pub(super) fn new(registry: &Registry, options: &EncodeOptions, memory: u64) -> Result<Self> {
        let profile = &options.profile;
        profile.check()?;
        let coder = |name: &str| match registry.by_name(Kind::Coder, name)? {
            AnyPlugin::Coder(plugin) => Ok(Arc::clone(plugin)),
            _ => Err(other_kind(name)),
        };
        let predictor = match registry.by_name(Kind::Predictor, &profile.predictor.name)? {
            AnyPlugin::Predictor(plugin) => Arc::clone(plugin),
            _ => return Err(other_kind(&profile.predictor.name)),
        };
        Ok(Self {
            models: predictor.models(&profile.predictor.settings, registry.models())?,
            predictor,
            adapters: Adapters::new(registry, &profile.adapter.name, &profile.adapter.settings)?,
            coder: coder(&profile.coder.name)?,
            stored: coder(STORED)?,
            profile: profile.clone(),
            memory,
            contests: options.contests.clone(),
        })
    }

    /// All models that a frame may use.
    pub(super) fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    /// All plugins that a frame may use, in the order of the header.
    pub(super) fn needed(&self) -> Vec<NeededPlugin> {
        let others = [
            self.predictor.descriptor(),
            self.coder.descriptor(),
            self.stored.descriptor(),
        ];
        let adapters = self.adapters.all().map(|adapter| adapter.descriptor());
        let mut needed: Vec<_> = adapters
            .chain(others)
            .map(|d| NeededPlugin::new(d.kind, d.id, d.version))
            .collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// What a reader is told of the plugins that are not of this project.
    pub(super) fn notes(&self) -> Vec<PluginNote> {
        let adapters = self.adapters.all().map(|a| -> &dyn Plugin { &**a });
        let others: [&dyn Plugin; 2] = [&*self.predictor, &*self.coder];
        let note = |plugin: &dyn Plugin| {
            let (d, whose) = (plugin.descriptor(), plugin.provenance()?);
            Some(PluginNote {
                kind: NeededPlugin::new(d.kind, d.id, d.version).kind,
                id: d.id,
                version: d.version,
                name: d.name.to_string(),
                identity: whose.identity.to_string(),
                homepage: whose.homepage.to_string(),
            })
        };
        adapters.chain(others).filter_map(note).collect()
    }

    /// Codes a block. Waits for memory with `ticket`; the permit is to be kept until the body
    /// has been written.
    pub(super) fn encode(
        &self,
        block: Vec<u8>,
        place: &Place<'_>,
        ticket: Ticket,
        watch: &Watch,
    ) -> Result<(CodedFrame, Permit)> {
        let measure = Measure {
            predictor: &*self.predictor,
            settings: &self.profile.predictor.settings,
            models: &self.models,
            limits: Limits {
                memory: self.memory,
                output: u64::MAX,
            },
            contests: self.contests.as_ref(),
        };
        let shares = self
            .adapters
            .share(&block, place, &measure)
            .map_err(|e| self.too_small(e))?;
        let raw_length = block.len() as u64;
        let shared = self.lay_out(shares);
        let layout = match shared {
            Ok(layout) if self.affords(&layout, raw_length) => layout,
            // What an adapter makes of a block may be far longer than the block.
            Err(Error::Config(_)) | Ok(_) if self.adapters.has_plain() => {
                self.lay_out(vec![self.adapters.plain_share(&block)?])?
            }
            shared => shared?,
        };
        let Layout {
            parts,
            segments,
            planned,
            way_back,
        } = layout;
        // The block itself is needed again only if it must be stored; mostly the one stream
        // is the block.
        let block = match &planned[..] {
            [only] if only.data == block => None,
            _ => Some(block),
        };
        let coding = planned.iter().map(|stream| self.need(stream)).max();
        let streams = planned.iter().map(|stream| stream.data.len());
        // Each stream twice: a predictor keeps what it has coded.
        let kept = 2 * streams.sum::<usize>() + block.as_ref().map_or(0, Vec::len);
        let permit = ticket.acquire(coding.unwrap_or(0).saturating_add(kept as u64));

        let mut coded = Vec::with_capacity(planned.len());
        // If the one stream is the block, it comes back from coding.
        let mut only = None;
        for stream in planned {
            let (stream, data) = self.code(stream, watch)?;
            coded.push(stream);
            only = Some(data);
        }
        let predicted = coded.iter().any(|stream| stream.predictor.is_some());
        let models = if predicted { &self.models[..] } else { &[] };
        let adapters: Vec<_> = parts
            .iter()
            .flat_map(|p| &p.adapter)
            .map(|a| a.id)
            .collect();
        let frame = assemble(raw_length, parts, segments, models, coded, way_back);
        let block = block.or(only).unwrap_or_default();
        let plain = |block: &[u8]| -> Result<CodedFrame> {
            let part = Part {
                length: raw_length,
                adapter: None,
                streams: 1,
            };
            let stored = vec![self.store(block, watch)?];
            Ok(assemble(raw_length, vec![part], vec![], &[], stored, 0))
        };
        // spec umc §6.2: a stored frame's head takes less than 32 bytes, so only a frame that
        // saved next to nothing is worth the comparison.
        let frame = if frame.body.len() as u64 >= raw_length {
            let stored = plain(&block)?;
            if stored.body.len() <= frame.body.len() {
                stored
            } else {
                frame
            }
        } else {
            frame
        };
        self.check(&frame, raw_length, &adapters)?;
        Ok((frame, permit))
    }

    /// Plans the streams of all parts.
    fn lay_out(&self, shares: Vec<Share<'_>>) -> Result<Layout> {
        let mut layout = Layout {
            parts: Vec::new(),
            segments: segments(&shares),
            planned: Vec::new(),
            way_back: 0,
        };
        for share in shares {
            let length = share.ranges.iter().map(|range| range.len()).sum();
            let way_back = share.adapter.memory(&share.adapted, length);
            layout.way_back = layout.way_back.max(way_back);
            layout.parts.push(Part {
                length: length as u64,
                adapter: Some(reference(share.adapter.descriptor(), share.adapted.params)),
                streams: share.adapted.streams.len(),
            });
            for (stream, known) in share.adapted.streams.into_iter().zip(share.plans) {
                layout.planned.push(self.plan(stream, known)?);
            }
        }
        Ok(layout)
    }

    /// Whether a decoder's memory is enough for that, if the streams shrink at all.
    fn affords(&self, layout: &Layout, raw_length: u64) -> bool {
        let streams = layout.planned.iter().map(|stream| stream.data.len() as u64);
        let predictors = layout.planned.iter().map(|stream| stream.opened.memory());
        let plugins = predictors.max().unwrap_or(0).max(layout.way_back);
        let blocks = if layout.segments.is_empty() { 2 } else { 3 };
        let body = raw_length.saturating_mul(blocks) + streams.sum::<u64>();
        body.saturating_add(plugins) <= self.memory
    }

    /// Plans a stream, whose predictor's parameters may be `known`.
    fn plan(&self, stream: Stream, known: Option<Vec<u8>>) -> Result<Planned> {
        let (d, settings) = (
            self.predictor.descriptor(),
            &self.profile.predictor.settings,
        );
        let params = match known {
            Some(params) => params,
            None => self.predictor.plan_with_models(
                &stream.data,
                &stream.layout,
                settings,
                &self.models,
            )?,
        };
        let limits = Limits {
            memory: self.memory,
            output: u64::MAX,
        };
        let length = stream.data.len() as u64;
        let opened = self
            .predictor
            .open_with_models(d.version, &params, length, &self.models, &limits)
            .map_err(|e| self.too_small(e))?;
        let coder_settings: &Settings = &self.profile.coder.settings;
        Ok(Planned {
            coder_params: self.coder.plan(stream.data.len(), coder_settings)?,
            data: stream.data,
            predictor: reference(d, params),
            opened,
        })
    }

    /// Bytes of memory to code that stream, the stream itself not counted.
    fn need(&self, stream: &Planned) -> u64 {
        let coder = self
            .coder
            .memory(&stream.coder_params, stream.data.len() as u64);
        stream.opened.memory().saturating_add(coder)
    }

    /// Codes a stream, or stores it if that is shorter. Gives its bytes back.
    fn code(&self, stream: Planned, watch: &Watch) -> Result<(CodedStream, Vec<u8>)> {
        let data = stream.data;
        let predicting: Predicting<'_> = Some((stream.predictor.id, &*stream.opened));
        let params = &stream.coder_params;
        let payload = if data.is_empty() {
            Vec::new()
        } else {
            encode_stream(predicting, &*self.coder, params, &data, watch)?
        };
        let memory = stream.opened.memory();
        drop(stream.opened);
        if data.is_empty() || payload.len() >= data.len() {
            return Ok((self.store(&data, watch)?, data));
        }
        let coded = CodedStream {
            length: data.len() as u64,
            predictor: Some(stream.predictor),
            coder: reference(self.coder.descriptor(), stream.coder_params),
            payload,
            memory,
        };
        Ok((coded, data))
    }

    fn store(&self, data: &[u8], watch: &Watch) -> Result<CodedStream> {
        let params = self.stored.plan(data.len(), &Settings::new())?;
        let payload = encode_stream(None, &*self.stored, &params, data, watch)?;
        Ok(CodedStream {
            length: data.len() as u64,
            predictor: None,
            coder: reference(self.stored.descriptor(), params),
            payload,
            memory: 0,
        })
    }

    /// Refuses to write a frame that no decoder would take.
    fn check(&self, frame: &CodedFrame, raw_length: u64, adapters: &[PluginId]) -> Result<()> {
        if frame.memory > self.memory {
            return Err(Error::Config(format!(
                "profile `{}`: a block of {raw_length} bytes needs {} bytes of memory to decode, \
                 `memory` is {}: raise it or make `block_size` smaller",
                self.profile.name, frame.memory, self.memory
            )));
        }
        if frame.body.len() as u64 > raw_length + MAX_FRAME_HEAD {
            return Err(Error::Plugin {
                kind: Kind::Adapter,
                // There is one, or several are in it together.
                id: adapters.first().copied().unwrap_or(PluginId(0)),
                reason: format!("its parameters take more than {MAX_FRAME_HEAD} bytes"),
            });
        }
        Ok(())
    }

    /// On the encoding side a limit is the profile's own.
    fn too_small(&self, error: Error) -> Error {
        match error {
            Error::Limit { what, needed, .. } => Error::Config(format!(
                "profile `{}`: {what} needs {needed} bytes, `memory` is {}: raise it or make \
                 `block_size` smaller",
                self.profile.name, self.memory
            )),
            error => error,
        }
    }
}

fn other_kind(name: &str) -> Error {
    Error::Config(format!("`{name}` is registered as another kind of plugin"))
}

/// The segments of a block that several adapters share.
fn segments(shares: &[Share<'_>]) -> Vec<Segment> {
    if shares.len() < 2 {
        return Vec::new();
    }
    let numbered = shares.iter().enumerate();
    let mut all: Vec<_> = numbered
        .flat_map(|(part, share)| {
            share
                .ranges
                .iter()
                .map(move |range| (range.start, part, range.len()))
        })
        .collect();
    all.sort_unstable();
    let mut segments: Vec<Segment> = Vec::new();
    for (_, part, length) in all {
        let length = length as u64;
        match segments.last_mut() {
            // Regions of one part may touch.
            Some(last) if last.part == part => last.length += length,
            _ => segments.push(Segment { part, length }),
        }
    }
    segments
}

/// Puts head and payloads together.
fn assemble(
    raw_length: u64,
    parts: Vec<Part>,
    segments: Vec<Segment>,
    models: &[Arc<Model>],
    coded: Vec<CodedStream>,
    way_back: u64,
) -> CodedFrame {
    // One after another: predictors, then adapters.
    let plugins = coded.iter().map(|stream| stream.memory).max();
    let plugins = plugins.unwrap_or(0).max(way_back);
    let (streams, payloads): (Vec<_>, Vec<_>) = coded
        .into_iter()
        .map(|stream| {
            let head = StreamHead {
                length: stream.length,
                predictor: stream.predictor,
                coder: stream.coder,
                payload: 0..stream.payload.len(),
            };
            (head, stream.payload)
        })
        .unzip();
    let head = FrameHead {
        raw_length,
        parts,
        segments,
        lanes: None,
        models: models.iter().map(|model| model.hash()).collect(),
        streams,
    };
    let mut body = head.write();
    body.reserve_exact(payloads.iter().map(Vec::len).sum());
    for payload in payloads {
        body.extend_from_slice(&payload);
    }
    let memory = frame_memory(&head, body.len() as u64).saturating_add(plugins);
    CodedFrame { body, memory }
}
