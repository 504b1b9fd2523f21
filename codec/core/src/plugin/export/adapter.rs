//! An adapter behind C functions.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{self, reported};
use crate::plugin::Adapter;
use crate::plugin::abi::{
    UMOEC_OK, UmoecAdapter, UmoecBytes, UmoecLimits, UmoecOut, UmoecReport, UmoecSettings,
    UmoecStreams,
};
use crate::plugin::border::{borrow, borrow_array, size};
use crate::{Error, Result};

pub(super) const FUNCTIONS: UmoecAdapter = UmoecAdapter {
    size: size::<UmoecAdapter>(),
    reserved: 0,
    forward: Some(forward),
    inverse: Some(inverse),
};

type Context = Arc<dyn Adapter>;

/// Writes all of `data` to the host.
///
/// # Safety
/// `out` must be null or the host's, for the time of this call.
pub(super) unsafe fn put(out: *mut UmoecOut, data: &[u8]) -> Result<()> {
    // SAFETY: as the caller promised.
    let append = unsafe { out.as_ref() }.and_then(|out| out.append);
    // SAFETY: as the caller promised; `data` is readable.
    let status = append.map(|append| unsafe { append(out, data.as_ptr(), data.len()) });
    match status {
        Some(UMOEC_OK) => Ok(()),
        _ => Err(Error::Config("the host refuses the output".into())),
    }
}

/// # Safety
/// `context` is a leaked `Context`, everything else the host's, for the time of this call.
unsafe extern "C" fn forward(
    context: *mut c_void,
    input: UmoecBytes,
    settings: *const UmoecSettings,
    streams: *mut UmoecStreams,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (adapter, input) = unsafe { (&*context.cast::<Context>(), borrow(input)) };
        // SAFETY: as above.
        let adapted = adapter.forward(input, &unsafe { guard::settings(settings)? })?;
        // SAFETY: as above; the host's functions are those of the header.
        unsafe {
            put((*streams).params, &adapted.params)?;
            for (number, made) in adapted.streams.iter().enumerate() {
                let out = (*streams)
                    .stream
                    .map_or(std::ptr::null_mut(), |f| f(streams, number));
                put(out, &made.data)?;
                let strides = &made.layout.strides;
                // A hint that the host does not take is no loss.
                let _ = (*streams)
                    .hint
                    .map(|hint| hint(streams, number, strides.as_ptr(), strides.len()));
            }
        }
        Ok(())
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `forward`.
unsafe extern "C" fn inverse(
    context: *mut c_void,
    version: u32,
    params: UmoecBytes,
    streams: *const UmoecBytes,
    count: usize,
    output_len: usize,
    limits: *const UmoecLimits,
    out: *mut UmoecOut,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (adapter, params, streams, limits) = unsafe {
            (
                &*context.cast::<Context>(),
                borrow(params),
                borrow_array(streams, count),
                guard::limits(limits),
            )
        };
        // SAFETY: as above.
        let streams = streams
            .iter()
            .map(|&s| unsafe { borrow(s) }.to_vec())
            .collect();
        let version = guard::version(version)?;
        let block = adapter.inverse(version, params, streams, output_len, &limits)?;
        // SAFETY: as above.
        unsafe { put(out, &block) }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}
