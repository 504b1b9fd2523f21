//! An adapter of a library.

use super::call::Callee;
use super::library::Plugged;
use super::out::Out;
use super::proposals::{Proposals, Regions};
use super::settings::Lent;
use super::streams::Sink;
use crate::plugin::abi::{
    UmoecAdapter, UmoecBytes, UmoecPlace, UmoecProposals, UmoecReport, UmoecSettings,
};
use crate::plugin::border::{lend, size};
use crate::plugin::{
    Adapted, Adapter, Descriptor, Place, Plugin, Proposal, Provenance, Region, Settings,
};
use crate::{Limits, Result};

/// The most bytes of what an adapter says of parameters.
const MAX_WORDS: usize = 256;

/// The adapter.
pub(super) struct Loaded(pub(super) Plugged<UmoecAdapter>);

impl Plugin for Loaded {
    fn descriptor(&self) -> &Descriptor {
        &self.0.descriptor
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.0.provenance)
    }
}

impl Loaded {
    /// As `forward`, not checked against `inverse`.
    fn split(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        let plugged = &self.0;
        let callee: &Callee = &plugged.callee;
        let forward = callee.needs(plugged.functions.forward, "forward")?;
        let mut sink = Sink::new(input.len());
        let place = sink.lend();
        let called = Lent::new(settings).with(|settings| {
            callee.call(&Limits::default(), |_, report| {
                // SAFETY: everything lent outlives the call; the sink is not used otherwise until the
                // call returns; the function was checked to be there.
                unsafe { forward(plugged.context, lend(input), settings, place, report) }
            })
        });
        sink.take(callee, called)
    }

    /// What a function of the library proposes for a block.
    fn proposed(
        &self,
        input: &[u8],
        settings: &Settings,
        function: impl FnOnce(*const UmoecSettings, *mut UmoecProposals, *mut UmoecReport) -> i32,
    ) -> Result<Vec<Proposal>> {
        let callee = &self.0.callee;
        let mut made = Proposals::new(input.len());
        let place = made.lend();
        let called = Lent::new(settings).with(|settings| {
            callee.call(&Limits::default(), |_, report| {
                function(settings, place, report)
            })
        });
        let proposals = made.take(callee, called)?;
        for proposal in &proposals {
            self.comes_back(input, &proposal.adapted)?;
        }
        Ok(proposals)
    }

    /// A block that the library cannot bring back is an error now, not when it is needed.
    fn comes_back(&self, input: &[u8], adapted: &Adapted) -> Result<()> {
        let streams: Vec<&[u8]> = adapted.streams.iter().map(|s| &s.data[..]).collect();
        let version = self.0.descriptor.version;
        let limits = Limits::default();
        let back = self.join(version, &adapted.params, &streams, input.len(), &limits)?;
        if back == input {
            return Ok(());
        }
        Err(self
            .0
            .callee
            .broke("what it makes of its streams is not the block it was given"))
    }

    fn join(
        &self,
        version: u8,
        params: &[u8],
        streams: &[&[u8]],
        output_len: usize,
        limits: &Limits,
    ) -> Result<Vec<u8>> {
        let plugged = &self.0;
        let inverse = plugged.callee.needs(plugged.functions.inverse, "inverse")?;
        let lent: Vec<UmoecBytes> = streams.iter().map(|stream| lend(stream)).collect();
        let mut out = Out::new(output_len);
        let place = out.lend();
        let called = plugged.callee.call(limits, |limits, report| {
            // SAFETY: everything lent outlives the call; the function was checked to be there.
            unsafe {
                inverse(
                    plugged.context,
                    version.into(),
                    lend(params),
                    lent.as_ptr(),
                    lent.len(),
                    output_len,
                    limits,
                    place,
                    report,
                )
            }
        });
        let block = out.take().map_err(|e| plugged.callee.broke(e))?;
        called?;
        if block.len() == output_len {
            return Ok(block);
        }
        Err(plugged.callee.broke(format!(
            "it returned {} bytes of a block of {output_len}",
            block.len()
        )))
    }
}

/// A place as the other side reads it.
fn lent(place: &Place<'_>) -> UmoecPlace {
    UmoecPlace {
        size: size::<UmoecPlace>(),
        reserved: 0,
        offset: place.offset,
        head: lend(place.head),
    }
}

impl Adapter for Loaded {
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        let adapted = self.split(input, settings)?;
        self.comes_back(input, &adapted)?;
        Ok(adapted)
    }

    fn propose(
        &self,
        input: &[u8],
        place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        let plugged = &self.0;
        let Some(propose) = plugged.functions.propose else {
            return Ok(Vec::new());
        };
        let place = lent(place);
        self.proposed(input, settings, |settings, proposals, report| {
            let place = &raw const place;
            // SAFETY: everything lent outlives the call.
            unsafe {
                propose(
                    plugged.context,
                    lend(input),
                    place,
                    settings,
                    proposals,
                    report,
                )
            }
        })
    }

    fn regions(&self, input: &[u8], place: &Place<'_>) -> Result<Vec<Region>> {
        let plugged = &self.0;
        let Some(regions) = plugged.functions.regions else {
            return Ok(Vec::new());
        };
        let place = lent(place);
        let mut found = Regions::new(input.len());
        let into = found.lend();
        let called = plugged.callee.call(&Limits::default(), |_, report| {
            let place = &raw const place;
            // SAFETY: everything lent outlives the call.
            unsafe { regions(plugged.context, lend(input), place, into, report) }
        });
        found.take(&plugged.callee, called)
    }

    fn propose_region(
        &self,
        input: &[u8],
        note: &[u8],
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        let plugged = &self.0;
        let Some(propose_region) = plugged.functions.propose_region else {
            return self.propose(input, &Place::own(input), settings);
        };
        self.proposed(input, settings, |settings, proposals, report| {
            let (input, note) = (lend(input), lend(note));
            // SAFETY: everything lent outlives the call.
            unsafe { propose_region(plugged.context, input, note, settings, proposals, report) }
        })
    }

    fn memory(&self, adapted: &Adapted, len: usize) -> u64 {
        let plugged = &self.0;
        let Some(memory) = plugged.functions.memory else {
            return 0;
        };
        let streams = adapted.streams.iter().map(|stream| lend(&stream.data));
        let streams: Vec<UmoecBytes> = streams.collect();
        let (params, count) = (lend(&adapted.params), streams.len());
        // SAFETY: everything lent outlives the call.
        unsafe { memory(plugged.context, params, streams.as_ptr(), count, len as u64) }
    }

    fn describe(&self, version: u8, params: &[u8]) -> Option<String> {
        let plugged = &self.0;
        let describe = plugged.functions.describe?;
        let mut text = Out::new(MAX_WORDS);
        let place = text.lend();
        let called = plugged.callee.call(&Limits::default(), |_, report| {
            let (context, version) = (plugged.context, version.into());
            // SAFETY: everything lent outlives the call.
            unsafe { describe(context, version, lend(params), place, report) }
        });
        // Words are no reason to fail, and must not act on a terminal.
        let said = text
            .take()
            .ok()
            .filter(|said| called.is_ok() && !said.is_empty())?;
        Some(String::from_utf8_lossy(&said).escape_debug().collect())
    }

    fn inverse(
        &self,
        version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        limits: &Limits,
    ) -> Result<Vec<u8>> {
        let streams: Vec<&[u8]> = streams.iter().map(|stream| &stream[..]).collect();
        self.join(version, params, &streams, output_len, limits)
    }
}
