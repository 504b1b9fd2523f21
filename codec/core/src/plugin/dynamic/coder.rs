//! A coder of a library.

use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use super::library::Plugged;
use super::out::Out;
use super::settings::Lent;
use super::streams::MAX_PARAMS;
use crate::plugin::abi::{UmoecCoder, UmoecDecisions};
use crate::plugin::border::{lend, size};
use crate::plugin::{
    Coder, DecisionCoder, DecisionDecoder, DecisionEncoder, Descriptor, Plugin, Provenance,
    Settings,
};
use crate::probability::{BitProbability, ByteDistribution};
use crate::{Limits, Result};

/// The coder.
pub(super) struct Loaded(pub(super) Arc<Plugged<UmoecCoder>>);

impl Plugin for Loaded {
    fn descriptor(&self) -> &Descriptor {
        &self.0.descriptor
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.0.provenance)
    }
}

/// The most bytes of the payload of `len` bytes: no decision takes more than two bytes, and a
/// payload longer than the stream is thrown away.
fn bound(len: usize) -> usize {
    len.saturating_mul(16).saturating_add(1 << 16)
}

/// What the library fills in when it opens an encoder or a decoder.
fn blank() -> UmoecDecisions {
    UmoecDecisions {
        size: size::<UmoecDecisions>(),
        reserved: 0,
        state: ptr::null_mut(),
        bit: None,
        byte: None,
        seek: None,
        failed: None,
        tree: None,
        bytes: None,
    }
}

impl Loaded {
    /// The functions that an encoder or a decoder must have.
    fn complete<'a>(&self, raw: UmoecDecisions, length: usize) -> Result<Drive<'a>> {
        let callee = &self.0.callee;
        // Made first: it is freed where a function is missing.
        let mut drive = Drive {
            plugged: Arc::clone(&self.0),
            raw,
            bit: no_bit,
            byte: no_byte,
            open: true,
            length,
            data: PhantomData,
        };
        drive.bit = callee.needs(drive.raw.bit, "bit")?;
        drive.byte = callee.needs(drive.raw.byte, "byte")?;
        Ok(drive)
    }
}

impl Coder for Loaded {
    fn plan(&self, len: usize, settings: &Settings) -> Result<Vec<u8>> {
        let plugged = &self.0;
        let plan = plugged.callee.needs(plugged.functions.plan, "plan")?;
        let mut params = Out::new(MAX_PARAMS);
        let place = params.lend();
        let called = Lent::new(settings).with(|settings| {
            plugged.callee.call(&Limits::default(), |_, report| {
                // SAFETY: everything lent outlives the call.
                unsafe { plan(plugged.context, len as u64, settings, place, report) }
            })
        });
        let params = params.take().map_err(|e| plugged.callee.broke(e))?;
        called.map(|()| params)
    }

    fn memory(&self, params: &[u8], len: u64) -> u64 {
        match self.0.functions.memory {
            // SAFETY: the parameters outlive the call.
            Some(memory) => unsafe { memory(self.0.context, lend(params), len) },
            None => 0,
        }
    }

    fn encoder<'a>(&self, params: &[u8], data: &'a [u8]) -> Result<Box<dyn DecisionEncoder + 'a>> {
        let plugged = &self.0;
        let encoder = plugged.callee.needs(plugged.functions.encoder, "encoder")?;
        let mut raw = blank();
        plugged.callee.call(&Limits::default(), |_, report| {
            // SAFETY: `data` lives as long as the encoder (`'a`), everything else for the call.
            unsafe {
                encoder(
                    plugged.context,
                    lend(params),
                    lend(data),
                    &raw mut raw,
                    report,
                )
            }
        })?;
        Ok(Box::new(self.complete(raw, data.len())?))
    }

    fn decoder<'a>(
        &self,
        version: u8,
        params: &[u8],
        payload: &'a [u8],
        limits: &Limits,
    ) -> Result<Box<dyn DecisionDecoder + 'a>> {
        let plugged = &self.0;
        let decoder = plugged.callee.needs(plugged.functions.decoder, "decoder")?;
        let mut raw = blank();
        plugged.callee.call(limits, |limits, report| {
            let (params, payload, raw) = (lend(params), lend(payload), &raw mut raw);
            // SAFETY: `payload` lives as long as the decoder (`'a`), everything else for the call.
            unsafe {
                decoder(
                    plugged.context,
                    version.into(),
                    params,
                    payload,
                    limits,
                    raw,
                    report,
                )
            }
        })?;
        Ok(Box::new(self.complete(raw, payload.len())?))
    }
}

/// One encoder or decoder of the library's, which reads bytes that live for `'a`.
struct Drive<'a> {
    plugged: Arc<Plugged<UmoecCoder>>,
    raw: UmoecDecisions,
    bit: unsafe extern "C" fn(*mut std::ffi::c_void, u32) -> u32,
    byte: unsafe extern "C" fn(*mut std::ffi::c_void, *const u32) -> u32,
    /// Whether the library has still to free it.
    open: bool,
    /// Bytes of data, or of payload.
    length: usize,
    data: PhantomData<&'a [u8]>,
}

/// Stands where a function has not been looked for yet.
unsafe extern "C" fn no_bit(_: *mut std::ffi::c_void, _: u32) -> u32 {
    0
}

/// As `no_bit`.
unsafe extern "C" fn no_byte(_: *mut std::ffi::c_void, _: *const u32) -> u32 {
    0
}

impl DecisionCoder for Drive<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        // SAFETY: the library's own state and function.
        unsafe { (self.bit)(self.raw.state, one.one()) != 0 }
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        // SAFETY: as above; the table outlives the call.
        unsafe { (self.byte)(self.raw.state, distribution.cumulative().as_ptr()) as u8 }
    }

    fn seek(&mut self, position: usize) {
        if let Some(seek) = self.raw.seek {
            // SAFETY: the library's own state and function.
            unsafe { seek(self.raw.state, position as u64) };
        }
    }
}

impl DecisionEncoder for Drive<'_> {
    fn finish(self: Box<Self>, out: &mut Vec<u8>) {
        // Callers that can hear of an error ask the other one; an empty payload decodes to nothing.
        let _ = self.try_finish(out);
    }

    fn try_finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<()> {
        let plugged = Arc::clone(&self.plugged);
        let encoded = plugged.callee.needs(plugged.functions.encoded, "encoded")?;
        let mut payload = Out::new(bound(self.length));
        let place = payload.lend();
        self.open = false;
        let called = plugged.callee.call(&Limits::default(), |_, report| {
            // SAFETY: the library's own state, used for the last time.
            unsafe { encoded(self.raw.state, place, report) }
        });
        let payload = payload.take().map_err(|e| plugged.callee.broke(e))?;
        called?;
        out.extend_from_slice(&payload);
        Ok(())
    }
}

impl DecisionDecoder for Drive<'_> {
    fn failed(&self) -> bool {
        // SAFETY: the library's own state and function.
        self.raw
            .failed
            .is_some_and(|failed| unsafe { failed(self.raw.state) != 0 })
    }

    fn finish(mut self: Box<Self>) -> bool {
        let plugged = Arc::clone(&self.plugged);
        let Some(decoded) = plugged.functions.decoded else {
            return false;
        };
        self.open = false;
        let called = plugged.callee.call(&Limits::default(), |_, report| {
            // SAFETY: the library's own state, used for the last time.
            unsafe { decoded(self.raw.state, report) }
        });
        called.is_ok()
    }
}

impl Drop for Drive<'_> {
    fn drop(&mut self) {
        if let (true, Some(abandon)) = (self.open, self.plugged.functions.abandon) {
            // SAFETY: the library's own state, used for the last time.
            unsafe { abandon(self.raw.state) };
        }
    }
}
