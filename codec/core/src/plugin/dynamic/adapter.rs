//! An adapter of a library.

use std::ffi::c_void;

use super::call::Callee;
use super::library::Plugged;
use super::out::Out;
use super::settings::Lent;
use crate::container::MAX_STREAMS;
use crate::plugin::abi::{
    UMOEC_OK, UMOEC_REFUSED, UmoecAdapter, UmoecBytes, UmoecOut, UmoecStreams,
};
use crate::plugin::border::{borrow_array, lend, size};
use crate::plugin::{Adapted, Adapter, Descriptor, Layout, Plugin, Provenance, Settings, Stream};
use crate::{Limits, Result};

/// The most bytes of parameters (spec umc §5.2).
pub(super) const MAX_PARAMS: usize = 1 << 16;
/// The most strides of a stream that are looked at.
const MAX_STRIDES: usize = 16;

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

/// The most bytes that all streams of a block may have: a stream that an adapter unpacks is
/// longer than what it was packed in, but not without end.
fn bound(input: usize) -> usize {
    input.saturating_mul(64).saturating_add(16 << 20)
}

/// What the library writes to while it turns a block into streams.
struct Sink {
    raw: UmoecStreams,
    streams: Vec<(Box<Out>, Layout)>,
    /// Bound of each stream.
    most: usize,
    fault: Option<String>,
}

/// # Safety
/// `streams` is the `raw` of a `Sink` whose `host` points to it, and nobody else uses it.
unsafe extern "C" fn stream(streams: *mut UmoecStreams, number: usize) -> *mut UmoecOut {
    // SAFETY: as the caller, the library, was told.
    let sink = unsafe { &mut *(*streams).host.cast::<Sink>() };
    if number > sink.streams.len() || number as u64 >= MAX_STREAMS {
        sink.fault = Some(format!(
            "it asked for stream {number}, having begun {}",
            sink.streams.len()
        ));
        return std::ptr::null_mut();
    }
    if number == sink.streams.len() {
        sink.streams.push((Out::new(sink.most), Layout::default()));
    }
    sink.streams[number].0.lend()
}

/// # Safety
/// As `stream`; `count` numbers are readable at `strides`.
unsafe extern "C" fn hint(
    streams: *mut UmoecStreams,
    number: usize,
    strides: *const u32,
    count: usize,
) -> i32 {
    // SAFETY: as the caller, the library, was told.
    let sink = unsafe { &mut *(*streams).host.cast::<Sink>() };
    let Some((_, layout)) = sink.streams.get_mut(number) else {
        return UMOEC_REFUSED;
    };
    // SAFETY: as above.
    let strides = unsafe { borrow_array(strides, count.min(MAX_STRIDES)) };
    layout.strides = strides.iter().copied().filter(|&s| s > 0).collect();
    UMOEC_OK
}

impl Loaded {
    /// As `forward`, not checked against `inverse`.
    fn split(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        let plugged = &self.0;
        let callee: &Callee = &plugged.callee;
        let mut params = Out::new(MAX_PARAMS);
        let mut sink = Sink {
            raw: UmoecStreams {
                size: size::<UmoecStreams>(),
                reserved: 0,
                host: std::ptr::null_mut(),
                params: params.lend(),
                stream: Some(stream),
                hint: Some(hint),
            },
            streams: Vec::new(),
            most: bound(input.len()),
            fault: None,
        };
        let place = &raw mut sink;
        let forward = callee.needs(plugged.functions.forward, "forward")?;
        let called = Lent::new(settings).with(|settings| {
            callee.call(&Limits::default(), |_, report| {
                // SAFETY: everything lent outlives the call; `place` is the sink, which is not
                // used otherwise until the call returns; the function was checked to be there.
                unsafe {
                    (*place).raw.host = place.cast::<c_void>();
                    let raw = &raw mut (*place).raw;
                    forward(plugged.context, lend(input), settings, raw, report)
                }
            })
        });
        // What the host refused explains the status.
        let refused = sink.streams.iter_mut().find_map(|(out, _)| out.fault());
        let refused = refused.or(params.fault()).map(str::to_owned);
        if let Some(fault) = refused.or(sink.fault) {
            return Err(callee.broke(fault));
        }
        called?;
        let mut adapted = Adapted {
            params: params.take().map_err(|e| callee.broke(e))?,
            streams: Vec::with_capacity(sink.streams.len()),
        };
        for (out, layout) in sink.streams {
            let data = out.take().map_err(|e| callee.broke(e))?;
            adapted.streams.push(Stream { data, layout });
        }
        if adapted.streams.is_empty() {
            return Err(callee.broke("it made no stream of a block"));
        }
        Ok(adapted)
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

impl Adapter for Loaded {
    /// A block that the library cannot bring back is an error now, not when it is needed.
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        let adapted = self.split(input, settings)?;
        let streams: Vec<&[u8]> = adapted.streams.iter().map(|s| &s.data[..]).collect();
        let version = self.0.descriptor.version;
        let limits = Limits::default();
        let back = self.join(version, &adapted.params, &streams, input.len(), &limits)?;
        if back == input {
            return Ok(adapted);
        }
        Err(self
            .0
            .callee
            .broke("what it makes of its streams is not the block it was given"))
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
