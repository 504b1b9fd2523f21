//! A predictor behind C functions.

use std::ffi::c_void;
use std::sync::Arc;

use super::adapter::put;
use super::guard::{self, caught, reported};
use crate::plugin::abi::{
    UmoecBytes, UmoecDecisions, UmoecLayout, UmoecLimits, UmoecOut, UmoecPredictor, UmoecReport,
    UmoecSettings,
};
use crate::plugin::border::{borrow, borrow_array, later, size};
use crate::plugin::{DecisionCoder, Layout, NumberLayout, Opened, Predictor, PredictorState};
use crate::probability::{BitProbability, ByteDistribution};
use crate::{Error, Result};

pub(super) const FUNCTIONS: UmoecPredictor = UmoecPredictor {
    size: size::<UmoecPredictor>(),
    reserved: 0,
    plan: Some(plan),
    open: Some(open),
    close: Some(close),
    start: Some(start),
    code: Some(code),
    stop: Some(stop),
};

type Context = Arc<dyn Predictor>;

/// A state, and what it has coded: the host has a copy of its own.
struct Session {
    state: Box<dyn PredictorState>,
    history: Vec<u8>,
}

/// # Safety
/// `context` is a leaked `Context`, everything else the host's, for the time of this call.
unsafe extern "C" fn plan(
    context: *mut c_void,
    data: UmoecBytes,
    layout: *const UmoecLayout,
    settings: *const UmoecSettings,
    params: *mut UmoecOut,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (predictor, data, strides, settings) = unsafe {
            (
                &*context.cast::<Context>(),
                borrow(data),
                borrow_array((*layout).strides, (*layout).count),
                guard::settings(settings)?,
            )
        };
        // SAFETY: as above.
        let [width, phase]: [u32; 2] = unsafe {
            [
                later!(layout, UmoecLayout, number_width),
                later!(layout, UmoecLayout, number_phase),
            ]
        };
        let number = match (u8::try_from(width), u8::try_from(phase)) {
            (Ok(width), Ok(phase)) if phase < width => Some(NumberLayout { width, phase }),
            _ => None,
        };
        let layout = Layout {
            strides: strides.to_vec(),
            number,
        };
        let planned = predictor.plan(data, &layout, &settings)?;
        // SAFETY: as above.
        unsafe { put(params, &planned) }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `plan`.
unsafe extern "C" fn open(
    context: *mut c_void,
    version: u32,
    params: UmoecBytes,
    len: u64,
    limits: *const UmoecLimits,
    opened: *mut *mut c_void,
    memory: *mut u64,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (predictor, params, limits) = unsafe {
            (
                &*context.cast::<Context>(),
                borrow(params),
                guard::limits(limits),
            )
        };
        let ready = predictor.open(guard::version(version)?, params, len, &limits)?;
        // A session keeps what it has coded: spec plugin-abi §6 counts that.
        let needed = ready.memory().saturating_add(len);
        // SAFETY: as above.
        unsafe {
            *memory = needed;
            *opened = Box::into_raw(Box::new(ready)).cast();
        }
        Ok(())
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// `opened` comes from `open` and is used for the last time.
unsafe extern "C" fn close(opened: *mut c_void) {
    if !opened.is_null() {
        // SAFETY: as the caller promised. A destructor that panics leaks what is left.
        let _ = caught(|| drop(unsafe { Box::from_raw(opened.cast::<Box<dyn Opened>>()) }));
    }
}

/// # Safety
/// `opened` comes from `open`, everything else is the host's, for the time of this call.
unsafe extern "C" fn start(
    opened: *mut c_void,
    state: *mut *mut c_void,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let started = unsafe { &*opened.cast::<Box<dyn Opened>>() }.start()?;
        let session = Session {
            state: started,
            history: Vec::new(),
        };
        // SAFETY: as above.
        unsafe { *state = Box::into_raw(Box::new(session)).cast() };
        Ok(())
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// `state` comes from `start`, everything else is the host's, for the time of this call.
unsafe extern "C" fn code(
    state: *mut c_void,
    decisions: *const UmoecDecisions,
    history: *mut u8,
    before: usize,
    len: usize,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (session, decisions) = unsafe { (&mut *state.cast::<Session>(), &*decisions) };
        let mut host = Host::new(decisions)?;
        session.state.code(len, &mut host, &mut session.history);
        if let Some(error) = session.state.failure() {
            return Err(error);
        }
        let coded = session.history.get(before..).unwrap_or_default();
        if coded.len() != len {
            let reason = format!("the history grew by {} bytes instead of {len}", coded.len());
            return Err(Error::Config(reason));
        }
        // SAFETY: as above: `before + len` bytes are the host's to be written, and `coded` has `len`.
        unsafe { std::ptr::copy_nonoverlapping(coded.as_ptr(), history.add(before), len) };
        Ok(())
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// `state` comes from `start` and is used for the last time.
unsafe extern "C" fn stop(state: *mut c_void) {
    if !state.is_null() {
        // SAFETY: as the caller promised.
        let _ = caught(|| drop(unsafe { Box::from_raw(state.cast::<Session>()) }));
    }
}

/// The host's coder, as predictors know coders.
struct Host {
    state: *mut c_void,
    bit: unsafe extern "C" fn(*mut c_void, u32) -> u32,
    byte: unsafe extern "C" fn(*mut c_void, *const u32) -> u32,
    seek: unsafe extern "C" fn(*mut c_void, u64),
}

impl Host {
    fn new(decisions: &UmoecDecisions) -> Result<Self> {
        match (decisions.bit, decisions.byte, decisions.seek) {
            (Some(bit), Some(byte), Some(seek)) => Ok(Self {
                state: decisions.state,
                bit,
                byte,
                seek,
            }),
            _ => Err(Error::Config("the host lacks a function".into())),
        }
    }
}

impl DecisionCoder for Host {
    fn bit(&mut self, one: BitProbability) -> bool {
        // SAFETY: the host's function and state, within the call that lent them.
        unsafe { (self.bit)(self.state, one.one()) != 0 }
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        // SAFETY: as above; the table outlives the call.
        unsafe { (self.byte)(self.state, distribution.cumulative().as_ptr()) as u8 }
    }

    fn seek(&mut self, position: usize) {
        // SAFETY: as above.
        unsafe { (self.seek)(self.state, position as u64) };
    }
}
