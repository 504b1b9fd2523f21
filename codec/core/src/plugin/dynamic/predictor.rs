//! A predictor of a library.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::decisions::Driver;
use super::library::Plugged;
use super::out::Out;
use super::settings::Lent;
use super::streams::MAX_PARAMS;
use crate::plugin::abi::{UmoecLayout, UmoecPredictor};
use crate::plugin::border::{lend, size};
use crate::plugin::{
    DecisionCoder, Descriptor, Layout, Opened, Plugin, Predictor, PredictorState, Provenance,
    Settings,
};
use crate::{Error, Limits, Result};

/// The predictor.
pub(super) struct Loaded(pub(super) Arc<Plugged<UmoecPredictor>>);

impl Plugin for Loaded {
    fn descriptor(&self) -> &Descriptor {
        &self.0.descriptor
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.0.provenance)
    }
}

impl Predictor for Loaded {
    fn plan(&self, data: &[u8], layout: &Layout, settings: &Settings) -> Result<Vec<u8>> {
        let plugged = &self.0;
        let plan = plugged.callee.needs(plugged.functions.plan, "plan")?;
        let layout = UmoecLayout {
            size: size::<UmoecLayout>(),
            reserved: 0,
            strides: layout.strides.as_ptr(),
            count: layout.strides.len(),
            number_width: layout.number.map_or(0, |n| n.width.into()),
            number_phase: layout.number.map_or(0, |n| n.phase.into()),
        };
        let mut params = Out::new(MAX_PARAMS);
        let place = params.lend();
        let called = Lent::new(settings).with(|settings| {
            plugged.callee.call(&Limits::default(), |_, report| {
                // SAFETY: everything lent outlives the call.
                unsafe {
                    plan(
                        plugged.context,
                        lend(data),
                        &raw const layout,
                        settings,
                        place,
                        report,
                    )
                }
            })
        });
        let params = params.take().map_err(|e| plugged.callee.broke(e))?;
        called.map(|()| params)
    }

    fn open(
        &self,
        version: u8,
        params: &[u8],
        len: u64,
        limits: &Limits,
    ) -> Result<Box<dyn Opened>> {
        let plugged = &self.0;
        let open = plugged.callee.needs(plugged.functions.open, "open")?;
        let (mut handle, mut memory) = (ptr::null_mut(), 0);
        plugged.callee.call(limits, |limits, report| {
            let (handle, memory) = (&raw mut handle, &raw mut memory);
            // SAFETY: everything lent outlives the call.
            unsafe {
                open(
                    plugged.context,
                    version.into(),
                    lend(params),
                    len,
                    limits,
                    handle,
                    memory,
                    report,
                )
            }
        })?;
        let opened = Shared {
            plugged: Arc::clone(plugged),
            handle,
        };
        if memory > limits.memory {
            return Err(Error::Limit {
                what: format!("predictor `{}`", plugged.callee.name),
                needed: memory,
                limit: limits.memory,
                hint: "allow more memory".into(),
            });
        }
        Ok(Box::new(Ready {
            opened: Arc::new(opened),
            memory,
        }))
    }
}

/// What the library opened.
struct Shared {
    plugged: Arc<Plugged<UmoecPredictor>>,
    handle: *mut c_void,
}

// SAFETY: the handle is only handed to `start`, which spec plugin-abi §4 requires to work from
// several threads at once, and to `close`, once and alone, from whichever thread is the last.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(close) = self.plugged.functions.close {
            // SAFETY: the library's handle; every state keeps this alive, so it is the last call.
            unsafe { close(self.handle) };
        }
    }
}

struct Ready {
    opened: Arc<Shared>,
    memory: u64,
}

impl Opened for Ready {
    fn memory(&self) -> u64 {
        self.memory
    }

    fn start(&self) -> Result<Box<dyn PredictorState>> {
        let plugged = &self.opened.plugged;
        let start = plugged.callee.needs(plugged.functions.start, "start")?;
        let mut handle = ptr::null_mut();
        plugged.callee.call(&Limits::default(), |_, report| {
            // SAFETY: the library's handle, and places that outlive the call.
            unsafe { start(self.opened.handle, &raw mut handle, report) }
        })?;
        Ok(Box::new(State {
            opened: Arc::clone(&self.opened),
            handle,
            failure: None,
        }))
    }
}

struct State {
    opened: Arc<Shared>,
    handle: *mut c_void,
    failure: Option<Error>,
}

impl State {
    fn try_code(
        &self,
        len: usize,
        coder: &mut dyn DecisionCoder,
        history: &mut Vec<u8>,
    ) -> Result<()> {
        let plugged = &self.opened.plugged;
        let code = plugged.callee.needs(plugged.functions.code, "code")?;
        let before = history.len();
        history.resize(before + len, 0);
        let mut driver = Driver::new(coder, len);
        let place = &raw mut driver;
        let decisions = Driver::lend(place);
        let called = plugged.callee.call(&Limits::default(), |_, report| {
            let data = history.as_mut_ptr();
            // SAFETY: the library's handle; `history` has `before + len` bytes and the driver is
            // alive until the call returns, and nothing else uses either.
            unsafe { code(self.handle, &raw const decisions, data, before, len, report) }
        });
        // What the host refused explains the status.
        if let Some(fault) = driver.refused() {
            return Err(plugged.callee.broke(fault));
        }
        called?;
        match driver.left() {
            0 => Ok(()),
            _ => Err(plugged
                .callee
                .broke("it coded fewer bytes than it was asked for")),
        }
    }
}

impl PredictorState for State {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        let before = history.len();
        if let Err(error) = self.try_code(len, coder, history) {
            history.truncate(before);
            self.failure = Some(error);
        }
    }

    fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(stop) = self.opened.plugged.functions.stop {
            // SAFETY: the library's handle, used for the last time.
            unsafe { stop(self.handle) };
        }
    }
}
