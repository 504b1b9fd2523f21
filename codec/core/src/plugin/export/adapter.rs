//! An adapter behind C functions.

use std::ffi::c_void;
use std::ops::Range;
use std::sync::Arc;

use super::guard::{self, caught, reported};
use crate::plugin::abi::{
    UMOEC_OK, UmoecAdapter, UmoecBytes, UmoecLimits, UmoecOut, UmoecPlace, UmoecProposals,
    UmoecRegions, UmoecReport, UmoecSettings, UmoecStreams,
};
use crate::plugin::border::{borrow, borrow_array, later, lend, size};
use crate::plugin::{Adapted, Adapter, Layout, Place, Proposal, Stream};
use crate::{Error, Result};

pub(super) const FUNCTIONS: UmoecAdapter = UmoecAdapter {
    size: size::<UmoecAdapter>(),
    reserved: 0,
    forward: Some(forward),
    inverse: Some(inverse),
    propose: Some(propose),
    regions: Some(regions),
    propose_region: Some(propose_region),
    describe: Some(describe),
    memory: Some(memory),
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

/// Writes what became of a block to the host.
///
/// # Safety
/// `streams` must be null or the host's, for the time of this call.
unsafe fn put_all(streams: *mut UmoecStreams, adapted: &Adapted) -> Result<()> {
    if streams.is_null() {
        return Err(Error::Config("the host refuses the output".into()));
    }
    // SAFETY: as the caller promised; the host's functions are those of the header.
    unsafe {
        put((*streams).params, &adapted.params)?;
        for (number, made) in adapted.streams.iter().enumerate() {
            let out = (*streams)
                .stream
                .map_or(std::ptr::null_mut(), |f| f(streams, number));
            put(out, &made.data)?;
            let Layout {
                strides,
                number: numbers,
            } = &made.layout;
            // A hint that the host does not take, or does not know, is no loss.
            let _ = (*streams)
                .hint
                .map(|hint| hint(streams, number, strides.as_ptr(), strides.len()));
            if let (Some(hint), Some(n)) = (later!(streams, UmoecStreams, number), numbers) {
                let _ = hint(streams, number, n.width.into(), n.phase.into());
            }
        }
    }
    Ok(())
}

/// Writes proposals to the host, as many as it takes.
///
/// # Safety
/// `to` must be null or the host's, for the time of this call.
unsafe fn put_proposals(to: *mut UmoecProposals, proposals: &[Proposal]) -> Result<()> {
    // SAFETY: as the caller promised.
    let Some(next) = unsafe { to.as_ref() }.and_then(|to| to.next) else {
        return Ok(());
    };
    for proposal in proposals {
        // SAFETY: as above.
        let streams = unsafe { next(to, proposal.score.into()) };
        if streams.is_null() {
            break;
        }
        // SAFETY: just lent by the host.
        unsafe { put_all(streams, &proposal.adapted)? };
    }
    Ok(())
}

/// The host's place of a block.
///
/// # Safety
/// `place` must be null or the host's, for the time of this call.
unsafe fn borrow_place<'a>(place: *const UmoecPlace) -> Place<'a> {
    // SAFETY: as the caller promised.
    match unsafe { place.as_ref() } {
        None => Place::default(),
        Some(place) => Place {
            offset: place.offset,
            // SAFETY: as above.
            head: unsafe { borrow(place.head) },
        },
    }
}

/// # Safety
/// As `forward`.
unsafe extern "C" fn propose(
    context: *mut c_void,
    input: UmoecBytes,
    place: *const UmoecPlace,
    settings: *const UmoecSettings,
    proposals: *mut UmoecProposals,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (adapter, input, place) = unsafe {
            (
                &*context.cast::<Context>(),
                borrow(input),
                borrow_place(place),
            )
        };
        // SAFETY: as above.
        let made = adapter.propose(input, &place, &unsafe { guard::settings(settings)? })?;
        // SAFETY: as above.
        unsafe { put_proposals(proposals, &made) }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `forward`.
unsafe extern "C" fn regions(
    context: *mut c_void,
    input: UmoecBytes,
    place: *const UmoecPlace,
    regions: *mut UmoecRegions,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (adapter, input, place, found) = unsafe {
            (
                &*context.cast::<Context>(),
                borrow(input),
                borrow_place(place),
                regions.as_ref().and_then(|regions| regions.found),
            )
        };
        let made = adapter.regions(input, &place)?;
        for region in made.iter().take_while(|_| found.is_some()) {
            let Range { start, end } = region.range;
            let (score, joins) = (region.score.into(), region.joins.into());
            let note = lend(&region.note);
            // SAFETY: as above.
            let status =
                found.map(|f| unsafe { f(regions, start as u64, end as u64, score, joins, note) });
            if status != Some(UMOEC_OK) {
                break;
            }
        }
        Ok(())
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `forward`.
unsafe extern "C" fn propose_region(
    context: *mut c_void,
    input: UmoecBytes,
    note: UmoecBytes,
    settings: *const UmoecSettings,
    proposals: *mut UmoecProposals,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (adapter, input, note) =
            unsafe { (&*context.cast::<Context>(), borrow(input), borrow(note)) };
        // SAFETY: as above.
        let settings = unsafe { guard::settings(settings)? };
        let made = adapter.propose_region(input, note, &settings)?;
        // SAFETY: as above.
        unsafe { put_proposals(proposals, &made) }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `forward`.
unsafe extern "C" fn describe(
    context: *mut c_void,
    version: u32,
    params: UmoecBytes,
    text: *mut UmoecOut,
    report: *mut UmoecReport,
) -> i32 {
    let run = || {
        // SAFETY: as the caller promised.
        let (adapter, params) = unsafe { (&*context.cast::<Context>(), borrow(params)) };
        let words = adapter.describe(guard::version(version)?, params);
        // SAFETY: as above.
        unsafe { put(text, words.unwrap_or_default().as_bytes()) }
    };
    // SAFETY: as the caller promised.
    unsafe { reported(report, run) }
}

/// # Safety
/// As `forward`.
unsafe extern "C" fn memory(
    context: *mut c_void,
    params: UmoecBytes,
    streams: *const UmoecBytes,
    count: usize,
    len: u64,
) -> u64 {
    // SAFETY: as the caller promised.
    let (adapter, params, streams) = unsafe {
        (
            &*context.cast::<Context>(),
            borrow(params),
            borrow_array(streams, count),
        )
    };
    let stream = |&s: &UmoecBytes| Stream {
        // SAFETY: as above.
        data: unsafe { borrow(s) }.to_vec(),
        layout: Layout::default(),
    };
    // What panics here would need anything.
    caught(|| {
        let adapted = Adapted {
            params: params.to_vec(),
            streams: streams.iter().map(stream).collect(),
        };
        adapter.memory(&adapted, usize::try_from(len).unwrap_or(usize::MAX))
    })
    .unwrap_or(u64::MAX)
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
        // SAFETY: as above.
        unsafe { put_all(streams, &adapted) }
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
