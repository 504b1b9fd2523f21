//! A frame's body to the block.

use std::iter;
use std::sync::Arc;

use super::budget::{Permit, Ticket};
use super::coding::{Payload, StreamFault, StreamLedger, decode_stream, measure_stream};
use super::costs::{Costs, FrameCosts, StreamCosts, VariantCosts};
use super::options::DecodeOptions;
use super::pool::{Pool, Watch};
use crate::container::{FrameHead, FrameSection, MemberStart, ModelHash, Part, PluginRef};
use crate::plugin::{Kind, Model, Opened, Registry};
use crate::{Error, Limits, Result};

/// What a frame needs beside its predictors (spec umc §6.3): body, streams and block; and the block once
/// more, if it is put together of parts.
pub(super) fn frame_memory(head: &FrameHead, body_length: u64) -> u64 {
    let blocks = if head.segments.is_empty() { 1 } else { 2 };
    body_length + head.streams_length() + blocks * head.raw_length
}

/// One frame on its way back.
struct FrameDecoder<'a> {
    registry: &'a Registry,
    /// What the frame's member says.
    member: &'a MemberStart,
    /// What the caller allows.
    limits: Limits,
    frame: &'a FrameSection,
    /// Where to note what bytes cost.
    costs: Option<&'a Costs>,
}

/// Blocks on their way back, delivered in order.
pub(super) type DecodePool = Pool<Result<(Vec<u8>, Permit)>>;

/// Gives a frame to the workers.
pub(super) fn submit(
    pool: &mut DecodePool,
    registry: &Arc<Registry>,
    member: &Arc<MemberStart>,
    options: &DecodeOptions,
    frame: FrameSection,
) {
    let (limits, costs) = (options.frame_limits(), options.costs.clone());
    let (registry, member) = (Arc::clone(registry), Arc::clone(member));
    pool.submit(move |ticket, watch| {
        FrameDecoder {
            registry: &registry,
            member: &member,
            limits,
            frame: &frame,
            costs: costs.as_ref(),
        }
        .decode(ticket, watch)
    });
}

impl FrameDecoder<'_> {
    /// Decodes the frame. Waits for memory with `ticket`; the permit is to be kept as long as
    /// the block.
    fn decode(&self, ticket: Ticket, watch: &Watch) -> Result<(Vec<u8>, Permit)> {
        let head = &self.frame.head;
        self.check_lanes()?;
        for part in &head.parts {
            self.lookup(Kind::Adapter, part.adapter.as_ref())?;
        }
        for stream in &head.streams {
            self.lookup(Kind::Predictor, stream.predictor.as_ref())?;
            self.lookup(Kind::Coder, Some(&stream.coder))?;
        }
        let models = self.models()?;
        let base = frame_memory(head, self.frame.body.len() as u64);
        self.affordable(base)?;
        let limits = Limits {
            memory: self.limits.memory.min(self.member.memory) - base,
            output: self.limits.output,
        };
        let mut opened = Vec::with_capacity(head.streams.len());
        let mut predictors = 0;
        for stream in &head.streams {
            opened.push(match &stream.predictor {
                None => None,
                Some(reference) => {
                    let open = self.open(reference, stream.length, &models, &limits)?;
                    predictors = predictors.max(open.memory());
                    Some((reference.id, open))
                }
            });
        }
        let need = base.saturating_add(predictors);
        self.affordable(need)?;
        let permit = ticket.acquire(need);

        let mut streams = Vec::with_capacity(opened.len());
        let mut accounts = Vec::new();
        let adapters = head.parts.iter();
        let mut adapters = adapters.flat_map(|p| iter::repeat_n(p.adapter.as_ref(), p.streams));
        for (number, opened) in opened.into_iter().enumerate() {
            let predicting = opened.as_ref().map(|(id, opened)| (*id, &**opened));
            let stream = &head.streams[number];
            let coder = self.registry.coder(stream.coder.id, stream.coder.version)?;
            let payload = Payload {
                coder: &**coder,
                version: stream.coder.version,
                params: &stream.coder.params,
                bytes: self.frame.payload(number),
                length: length(stream.length)?,
            };
            let mut ledger = self.costs.map(|_| StreamLedger::default());
            let data = decode_stream(predicting, &payload, &limits, watch, ledger.as_mut())
                .map_err(|e| match e {
                    StreamFault::Error(e) => self.locate(e),
                    StreamFault::Payload => self.damaged(&format!("payload of stream {number}")),
                })?;
            let adapter = adapters.next().flatten().map(|a| a.id);
            if let Some(ledger) = ledger {
                let variants = match (&stream.predictor, predicting) {
                    (Some(reference), Some((_, opened))) => {
                        self.variants(reference, opened.memory(), &data, &models, watch)?
                    }
                    _ => Vec::new(),
                };
                accounts.push(StreamCosts {
                    adapter,
                    predictor: stream.predictor.as_ref().map(|p| p.id),
                    coder: stream.coder.id,
                    payload: payload.bytes.len() as u64,
                    bits: ledger.bits,
                    counts: ledger.counts,
                    variants,
                });
            }
            streams.push(data);
        }
        let mut plain = Vec::new();
        let block = self.join(streams, &limits, self.costs.map(|_| &mut plain))?;
        if let Some(costs) = self.costs {
            costs.add(FrameCosts {
                offset: self.frame.offset,
                content: origins(head, &plain),
                streams: accounts,
            });
        }
        Ok((block, permit))
    }

    /// Lanes of a frame are part of the format; no plugin of this program uses them.
    fn check_lanes(&self) -> Result<()> {
        if self.frame.head.lanes.is_none() {
            return Ok(());
        }
        Err(Error::Unsupported {
            what: format!("{} with lanes", self.frame.name),
            hint: "a newer umoec may read it".into(),
        })
    }

    /// The frame's models, once all that its member needs are there.
    fn models(&self) -> Result<Vec<Arc<Model>>> {
        let own = &self.frame.head.models;
        if let Some(header) = &self.member.header {
            if own.iter().any(|hash| !header.lists_model(hash)) {
                return Err(self.fault("it uses a model that the header does not list".into()));
            }
            for hash in &header.models {
                self.model(hash)?;
            }
        }
        own.iter().map(|hash| self.model(hash)).collect()
    }

    fn model(&self, hash: &ModelHash) -> Result<Arc<Model>> {
        let models = self.registry.models();
        if let Some(model) = self.member.models.iter().find(|m| m.hash() == *hash) {
            return Ok(Arc::clone(model));
        }
        if let Some(model) = models.by_hash(hash)? {
            return Ok(model);
        }
        let head = &self.frame.head;
        let place = head.models.iter().position(|own| own == hash);
        let name = place.and_then(|place| {
            head.streams.iter().find_map(|stream| {
                let p = stream.predictor.as_ref()?;
                let plugin = self.registry.predictor(p.id, p.version).ok()?;
                plugin.model_name(p.version, &p.params, place)
            })
        });
        Err(models.missing(hash, name.as_deref()))
    }

    /// Refuses a plugin that is not there or that the header does not list.
    fn lookup(&self, kind: Kind, reference: Option<&PluginRef>) -> Result<()> {
        let Some(PluginRef { id, version, .. }) = reference else {
            return Ok(());
        };
        self.registry.by_id(kind, *id, *version)?;
        match &self.member.header {
            Some(header) if !header.lists(kind, *id, *version) => Err(self.fault(format!(
                "it uses {kind} {id} (stream version {version}), which the header does not list"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a frame that needs more than was declared, or than is allowed.
    fn affordable(&self, needed: u64) -> Result<()> {
        if needed > self.member.memory {
            return Err(self.fault(format!(
                "it needs {needed} bytes of memory, {} are declared",
                self.member.memory
            )));
        }
        if needed > self.limits.memory {
            return Err(Error::Limit {
                what: format!("{} at byte {}", self.frame.name, self.frame.offset),
                needed,
                limit: self.limits.memory,
                hint: "allow more memory".into(),
            });
        }
        Ok(())
    }

    fn open(
        &self,
        plugin: &PluginRef,
        len: u64,
        models: &[Arc<Model>],
        limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        self.registry
            .predictor(plugin.id, plugin.version)?
            .open_with_models(plugin.version, &plugin.params, len, models, limits)
            .map_err(|e| self.locate(e))
    }

    /// What the stream `data`, decoded under `plugin` with so much memory, would have cost otherwise; for who asks.
    fn variants(
        &self,
        plugin: &PluginRef,
        memory: u64,
        data: &[u8],
        models: &[Arc<Model>],
        watch: &Watch,
    ) -> Result<Vec<VariantCosts>> {
        if !self.costs.is_some_and(Costs::wants_variants) {
            return Ok(Vec::new());
        }
        let limits = Limits {
            memory,
            output: self.limits.output,
        };
        let predictor = self.registry.predictor(plugin.id, plugin.version)?;
        let variants = predictor.variants(plugin.version, &plugin.params);
        let costs = variants.into_iter().map(|variant| {
            let reference = PluginRef {
                id: variant.predictor,
                version: variant.version,
                params: variant.params,
            };
            let opened = self.open(&reference, data.len() as u64, models, &limits)?;
            let bits = measure_stream(Some((reference.id, &*opened)), data, watch);
            Ok(VariantCosts {
                name: variant.name,
                bits: bits.map_err(|e| self.locate(e))?,
            })
        });
        costs.collect()
    }

    /// Streams to the block. Notes in `plain`, for who asks, of each part whether its one stream is it as it was.
    fn join(
        &self,
        streams: Vec<Vec<u8>>,
        limits: &Limits,
        mut plain: Option<&mut Vec<bool>>,
    ) -> Result<Vec<u8>> {
        let head = &self.frame.head;
        let mut streams = streams.into_iter();
        let mut parts = Vec::with_capacity(head.parts.len());
        for part in &head.parts {
            let own: Vec<_> = streams.by_ref().take(part.streams).collect();
            // Compared only for who asks: most adapters leave the content as it is.
            let only = match &own[..] {
                [only] if plain.is_some() => Some(only.clone()),
                _ => None,
            };
            let bytes = self.part(part, own, limits)?;
            if let Some(plain) = &mut plain {
                plain.push(only.is_some_and(|only| only == bytes));
            }
            parts.push(bytes);
        }
        if head.segments.is_empty() {
            // The head has at least one part.
            return Ok(parts.pop().unwrap_or_default());
        }
        let mut block = Vec::with_capacity(length(head.raw_length)?);
        let mut taken = vec![0; parts.len()];
        for segment in &head.segments {
            // The head was refused unless the segments of a part are as long as the part.
            let start = taken[segment.part];
            let end = start + segment.length as usize;
            block.extend_from_slice(&parts[segment.part][start..end]);
            taken[segment.part] = end;
        }
        Ok(block)
    }

    /// Its streams to a part.
    fn part(&self, part: &Part, mut streams: Vec<Vec<u8>>, limits: &Limits) -> Result<Vec<u8>> {
        let Some(adapter) = &part.adapter else {
            // The head was refused unless it has exactly one stream of the right length.
            return Ok(streams.pop().unwrap_or_default());
        };
        let expected = length(part.length)?;
        let bytes = self
            .registry
            .adapter(adapter.id, adapter.version)?
            .inverse(adapter.version, &adapter.params, streams, expected, limits)
            .map_err(|e| self.locate(e))?;
        if bytes.len() == expected {
            return Ok(bytes);
        }
        Err(self.fault(format!(
            "adapter {} made {} bytes of the streams instead of {expected}",
            adapter.id,
            bytes.len()
        )))
    }

    fn fault(&self, reason: String) -> Error {
        Error::Format {
            offset: self.frame.offset,
            section: self.frame.name.clone(),
            reason,
        }
    }

    fn damaged(&self, what: &str) -> Error {
        Error::Integrity {
            offset: self.frame.offset,
            section: self.frame.name.clone(),
            what: what.into(),
        }
    }

    /// What a plugin says of the bytes it was given is a fault of the file, at this frame.
    fn locate(&self, error: Error) -> Error {
        match error {
            Error::Plugin { .. } => self.fault(error.to_string()),
            Error::Limit {
                what,
                needed,
                limit,
                hint,
            } => Error::Limit {
                what: format!("{} at byte {}: {what}", self.frame.name, self.frame.offset),
                needed,
                limit,
                hint,
            },
            error => error,
        }
    }
}

/// Where the bytes of a block come from: lengths, with the streams whose bytes they are as they were.
fn origins(head: &FrameHead, plain: &[bool]) -> Vec<(u64, Option<usize>)> {
    let streams: Vec<usize> = head.parts.iter().map(|part| part.streams).collect();
    let first = |part: usize| streams[..part].iter().sum();
    let origin = |part: usize| plain[part].then(|| first(part));
    if head.segments.is_empty() {
        return vec![(head.raw_length, origin(0))];
    }
    let segments = head.segments.iter();
    segments.map(|s| (s.length, origin(s.part))).collect()
}

/// A length that this machine can address.
fn length(claimed: u64) -> Result<usize> {
    usize::try_from(claimed).map_err(|_| Error::Limit {
        what: "a block".into(),
        needed: claimed,
        limit: usize::MAX as u64,
        hint: "it needs a machine with a larger address space".into(),
    })
}
