//! A coder behind C functions.

use std::ffi::c_void;
use std::sync::Arc;

use super::adapter::put;
use super::guard::{self, caught, reported};
use crate::plugin::abi::{
    UmoecBytes, UmoecCoder, UmoecDecisions, UmoecLimits, UmoecOut, UmoecReport, UmoecSettings,
};
use crate::plugin::border::{borrow, borrow_array, size};
use crate::plugin::{Coder, DecisionCoder, DecisionDecoder, DecisionEncoder};
use crate::probability::{BitProbability, ByteDistribution, TOTAL};
use crate::{Error, Result};

pub(super) const FUNCTIONS: UmoecCoder = UmoecCoder {
    size: size::<UmoecCoder>(),
    reserved: 0,
    plan: Some(plan),
    memory: Some(memory),
    encoder: Some(encoder),
    encoded: Some(encoded),
    decoder: Some(decoder),
    decoded: Some(decoded),
    abandon: Some(abandon),
};

type Context = Arc<dyn Coder>;

/// One of both directions.
enum Side {
    Encoder(Box<dyn DecisionEncoder>),
    Decoder(Box<dyn DecisionDecoder>),
}

/// An encoder or a decoder, for the host.
struct Session {
    side: Side,
    table: ByteDistribution,
    /// What a decision panicked with: everything after it is void.
    panic: Option<String>,
}

impl Session {
    /// Asks for one decision; `or` where this or an earlier one panicked.
    fn decide<T>(
        &mut self,
        or: T,
        ask: impl FnOnce(&mut dyn DecisionCoder, &ByteDistribution) -> T,
    ) -> T {
        let Self { side, table, panic } = self;
        if panic.is_some() {
            return or;
        }
        let answer = caught(|| match side {
            Side::Encoder(coder) => ask(&mut **coder, table),
            Side::Decoder(coder) => ask(&mut **coder, table),
        });
        answer.unwrap_or_else(|said| {
            *panic = Some(said);
            or
        })
    }
}

/// Hands a session to the host.
///
/// # Safety
/// `decisions` is the host's, for the time of this call.
unsafe fn lend_session(side: Side, decisions: *mut UmoecDecisions) {
    let session = Session {
        side,
        table: ByteDistribution::from_counts(&[0; 256]),
        panic: None,
    };
    // SAFETY: as the caller promised.
    unsafe {
        (*decisions).state = Box::into_raw(Box::new(session)).cast();
        (*decisions).bit = Some(bit);
        (*decisions).byte = Some(byte);
        (*decisions).seek = Some(seek);
        (*decisions).failed = Some(failed);
    }
}

/// # Safety
/// `context` is a leaked `Context`, everything else the host's, for the time of this call.
unsafe extern "C" fn plan(
    context: *mut c_void,
    len: u64,
    settings: *const UmoecSettings,
    params: *mut UmoecOut,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (coder, settings) =
            unsafe { (&*context.cast::<Context>(), guard::settings(settings)?) };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        // SAFETY: as above.
        unsafe { put(params, &coder.plan(len, &settings)?) }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `plan`.
unsafe extern "C" fn memory(context: *mut c_void, params: UmoecBytes, len: u64) -> u64 {
    // SAFETY: as the caller promised.
    let (coder, params) = unsafe { (&*context.cast::<Context>(), borrow(params)) };
    // What panics here would need anything.
    caught(|| coder.memory(params, len)).unwrap_or(u64::MAX)
}

/// # Safety
/// As `plan`; `data` lives until `encoded` or `abandon`.
unsafe extern "C" fn encoder(
    context: *mut c_void,
    params: UmoecBytes,
    data: UmoecBytes,
    decisions: *mut UmoecDecisions,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised: `data` outlives the session.
        let (coder, params, data) =
            unsafe { (&*context.cast::<Context>(), borrow(params), borrow(data)) };
        let made = coder.encoder(params, data)?;
        // SAFETY: as above.
        unsafe { lend_session(Side::Encoder(made), decisions) };
        Ok(())
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `plan`; `payload` lives until `decoded` or `abandon`.
unsafe extern "C" fn decoder(
    context: *mut c_void,
    version: u32,
    params: UmoecBytes,
    payload: UmoecBytes,
    limits: *const UmoecLimits,
    decisions: *mut UmoecDecisions,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised: `payload` outlives the session.
        let (coder, params, payload, limits) = unsafe {
            (
                &*context.cast::<Context>(),
                borrow(params),
                borrow(payload),
                guard::limits(limits),
            )
        };
        let made = coder.decoder(guard::version(version)?, params, payload, &limits)?;
        // SAFETY: as above.
        unsafe { lend_session(Side::Decoder(made), decisions) };
        Ok(())
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// Takes a session back from the host.
///
/// # Safety
/// `state` comes from `lend_session` and is used for the last time.
unsafe fn take(state: *mut c_void) -> Result<Side> {
    // SAFETY: as the caller promised.
    let session = unsafe { Box::from_raw(state.cast::<Session>()) };
    match session.panic {
        None => Ok(session.side),
        Some(panic) => Err(Error::Config(format!("a decision panicked: {panic}"))),
    }
}

fn malformed(reason: &str) -> Error {
    Error::Plugin {
        kind: crate::plugin::Kind::Coder,
        id: crate::plugin::PluginId(0),
        reason: reason.into(),
    }
}

/// # Safety
/// `state` comes from `encoder` and is used for the last time; the rest is the host's.
unsafe extern "C" fn encoded(
    state: *mut c_void,
    payload: *mut UmoecOut,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        let mut out = Vec::new();
        // SAFETY: as the caller promised.
        match unsafe { take(state)? } {
            Side::Encoder(encoder) => encoder.try_finish(&mut out)?,
            Side::Decoder(_) => return Err(malformed("it is a decoder")),
        }
        // SAFETY: as above.
        unsafe { put(payload, &out) }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// `state` comes from `decoder` and is used for the last time; the rest is the host's.
unsafe extern "C" fn decoded(state: *mut c_void, report: *mut UmoecReport) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let good = match unsafe { take(state)? } {
            Side::Decoder(decoder) => decoder.finish(),
            Side::Encoder(_) => false,
        };
        match good {
            true => Ok(()),
            false => Err(malformed(
                "the payload is not that of a stream of this length",
            )),
        }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// `state` comes from `lend_session` and is used for the last time.
unsafe extern "C" fn abandon(state: *mut c_void) {
    if !state.is_null() {
        // SAFETY: as the caller promised.
        let _ = caught(|| drop(unsafe { Box::from_raw(state.cast::<Session>()) }));
    }
}

/// # Safety
/// `state` comes from `lend_session`, and nobody else uses it.
unsafe extern "C" fn bit(state: *mut c_void, one: u32) -> u32 {
    // SAFETY: as the caller promised.
    let session = unsafe { &mut *state.cast::<Session>() };
    let one = BitProbability::clamped(one.min(TOTAL));
    session.decide(false, |coder, _| coder.bit(one)).into()
}

/// # Safety
/// As `bit`; 257 numbers are readable at `cumulative`.
unsafe extern "C" fn byte(state: *mut c_void, cumulative: *const u32) -> u32 {
    // SAFETY: as the caller promised.
    let (session, table) =
        unsafe { (&mut *state.cast::<Session>(), borrow_array(cumulative, 257)) };
    if !table
        .try_into()
        .is_ok_and(|table| session.table.replace(table))
    {
        session.panic = Some("the host's table does not rise".into());
        return 0;
    }
    session.decide(0, |coder, table| coder.byte(table)).into()
}

/// # Safety
/// As `bit`.
unsafe extern "C" fn seek(state: *mut c_void, position: u64) {
    // SAFETY: as the caller promised.
    let session = unsafe { &mut *state.cast::<Session>() };
    let position = usize::try_from(position).unwrap_or(usize::MAX);
    session.decide((), |coder, _| coder.seek(position));
}

/// # Safety
/// As `bit`.
unsafe extern "C" fn failed(state: *mut c_void) -> u32 {
    // SAFETY: as the caller promised.
    let session = unsafe { &*state.cast::<Session>() };
    let failed = match &session.side {
        Side::Encoder(_) => false,
        Side::Decoder(decoder) => caught(|| decoder.failed()).unwrap_or(true),
    };
    (failed || session.panic.is_some()).into()
}
