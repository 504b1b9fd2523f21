//! A frame's body to the block.

use std::sync::Arc;

use super::budget::{Permit, Ticket};
use super::coding::{Payload, StreamFault, StreamLedger, decode_stream};
use super::costs::{Costs, FrameCosts, StreamCosts};
use super::options::DecodeOptions;
use super::pool::{Pool, Watch};
use crate::container::{FrameHead, FrameSection, MemberStart, ModelHash, PluginRef};
use crate::plugin::{Kind, Model, Opened, Registry};
use crate::{Error, Limits, Result};

/// What a frame needs beside its predictors (spec umc §6.3): body, streams and block.
pub(super) fn frame_memory(head: &FrameHead, body_length: u64) -> u64 {
    body_length + head.streams_length() + head.raw_length
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
        self.lookup(Kind::Adapter, head.adapter.as_ref())?;
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
            accounts.extend(ledger.map(|ledger| StreamCosts {
                predictor: stream.predictor.as_ref().map(|p| p.id),
                coder: stream.coder.id,
                payload: payload.bytes.len() as u64,
                bits: ledger.bits,
                counts: ledger.counts,
            }));
            streams.push(data);
        }
        // Compared only for who asks: most adapters leave the content as it is.
        let only = match &streams[..] {
            [only] if self.costs.is_some() => Some(only.clone()),
            _ => None,
        };
        let block = self.join(streams, &limits)?;
        if let Some(costs) = self.costs {
            costs.add(FrameCosts {
                offset: self.frame.offset,
                raw_length: block.len() as u64,
                adapter: head.adapter.as_ref().map(|a| a.id),
                plain: only.is_some_and(|only| only == block),
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

    /// Streams to the block.
    fn join(&self, mut streams: Vec<Vec<u8>>, limits: &Limits) -> Result<Vec<u8>> {
        let head = &self.frame.head;
        let Some(adapter) = &head.adapter else {
            // The head was refused unless it has exactly one stream of the right length.
            return Ok(streams.pop().unwrap_or_default());
        };
        let raw_length = length(head.raw_length)?;
        let block = self
            .registry
            .adapter(adapter.id, adapter.version)?
            .inverse(
                adapter.version,
                &adapter.params,
                streams,
                raw_length,
                limits,
            )
            .map_err(|e| self.locate(e))?;
        if block.len() == raw_length {
            return Ok(block);
        }
        Err(self.fault(format!(
            "adapter {} made {} bytes of the streams instead of {raw_length}",
            adapter.id,
            block.len()
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

/// A length that this machine can address.
fn length(claimed: u64) -> Result<usize> {
    usize::try_from(claimed).map_err(|_| Error::Limit {
        what: "a block".into(),
        needed: claimed,
        limit: usize::MAX as u64,
        hint: "it needs a machine with a larger address space".into(),
    })
}
