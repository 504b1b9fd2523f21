//! The edge of a library: panics become statuses, errors become reports.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::plugin::Settings;
use crate::plugin::abi::{
    UMOEC_CONFIG, UMOEC_FAILED, UMOEC_LIMIT, UMOEC_MALFORMED, UMOEC_MEMORY, UMOEC_OK, UMOEC_PANIC,
    UMOEC_UNSUPPORTED, UmoecLimits, UmoecReport, UmoecSettings,
};
use crate::plugin::border::borrow;
use crate::{Error, Limits, Result};

/// What `run` returns, or what it panicked with.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    // Nothing that was caught half-done is used again: the host gives up what it was for.
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| said(&*panic))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// Runs a function of a plugin for the host.
///
/// # Safety
/// `report` must be the host's, for the time of this call.
pub(super) unsafe fn reported(report: *mut UmoecReport, run: impl FnOnce() -> Result<()>) -> i32 {
    let (status, needed, message) = match caught(run) {
        Ok(Ok(())) => return UMOEC_OK,
        Err(panic) => (UMOEC_PANIC, 0, panic),
        Ok(Err(error)) => describe(error),
    };
    // SAFETY: as the caller promised; the host gives room for `capacity` bytes.
    unsafe {
        if let Some(report) = report.as_mut() {
            report.needed = needed;
            report.len = message.len().min(report.capacity);
            std::ptr::copy_nonoverlapping(message.as_ptr(), report.message, report.len);
        }
    }
    status
}

fn describe(error: Error) -> (i32, u64, String) {
    match error {
        Error::Config(text) => (UMOEC_CONFIG, 0, text),
        Error::Plugin { reason, .. } => (UMOEC_MALFORMED, 0, reason),
        Error::Limit { needed, .. } => (UMOEC_LIMIT, needed, String::new()),
        Error::Memory { needed, .. } => (UMOEC_MEMORY, needed, String::new()),
        Error::Unsupported { what, hint } => (UMOEC_UNSUPPORTED, 0, format!("{what}: {hint}")),
        other => (UMOEC_FAILED, 0, other.to_string()),
    }
}

/// The host's settings.
///
/// # Safety
/// `settings` must be the host's, for the time of this call.
pub(super) unsafe fn settings(settings: *const UmoecSettings) -> Result<Settings> {
    // SAFETY: as the caller promised.
    let text = unsafe { borrow((*settings).toml) };
    let table = std::str::from_utf8(text).ok().map(str::parse);
    match table {
        Some(Ok(table)) => Ok(table),
        _ => Err(Error::Config("the settings are not TOML".into())),
    }
}

/// The host's limits.
///
/// # Safety
/// `limits` must be the host's, for the time of this call.
pub(super) unsafe fn limits(limits: *const UmoecLimits) -> Limits {
    Limits {
        // SAFETY: as the caller promised.
        memory: unsafe { (*limits).memory },
        output: u64::MAX,
    }
}

/// A stream version as the traits have it; the host never asks for one out of range.
pub(super) fn version(version: u32) -> Result<u8> {
    u8::try_from(version)
        .map_err(|_| Error::Config(format!("there is no stream version {version}")))
}
