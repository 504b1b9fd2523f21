//! What a library makes of a block, as it writes it.

use std::ffi::c_void;

use super::call::Callee;
use super::out::Out;
use crate::Result;
use crate::container::MAX_STREAMS;
use crate::plugin::abi::{UMOEC_OK, UMOEC_REFUSED, UmoecOut, UmoecStreams};
use crate::plugin::border::{borrow_array, size};
use crate::plugin::{Adapted, Layout, NumberLayout, Stream};

/// The most bytes of parameters (spec umc §5.2).
pub(super) const MAX_PARAMS: usize = 1 << 16;
/// The most strides of a stream that are looked at.
const MAX_STRIDES: usize = 16;
/// The widest numbers of a stream.
const MAX_WIDTH: u32 = 8;

/// The most bytes that all streams of a block may have: a stream that an adapter unpacks is
/// longer than what it was packed in, but not without end.
fn bound(input: usize) -> usize {
    input.saturating_mul(64).saturating_add(16 << 20)
}

/// What the library writes to while it turns a block into streams.
pub(super) struct Sink {
    raw: UmoecStreams,
    params: Box<Out>,
    streams: Vec<(Box<Out>, Layout)>,
    /// Bound of each stream.
    most: usize,
    fault: Option<String>,
}

impl Sink {
    /// For a block of `len` bytes.
    pub(super) fn new(len: usize) -> Box<Self> {
        Box::new(Self {
            raw: UmoecStreams {
                size: size::<UmoecStreams>(),
                reserved: 0,
                host: std::ptr::null_mut(),
                params: std::ptr::null_mut(),
                stream: Some(stream),
                hint: Some(hint),
                number: Some(number),
            },
            params: Out::new(MAX_PARAMS),
            streams: Vec::new(),
            most: bound(len),
            fault: None,
        })
    }

    /// What the library gets: valid until this is used otherwise.
    pub(super) fn lend(&mut self) -> *mut UmoecStreams {
        self.raw.params = self.params.lend();
        let this: *mut Self = self;
        self.raw.host = this.cast::<c_void>();
        // SAFETY: `this` is a place of its own; only an address is taken.
        unsafe { &raw mut (*this).raw }
    }

    /// What the library did wrong so far.
    pub(super) fn fault(&mut self) -> Option<String> {
        let refused = self.streams.iter_mut().find_map(|(out, _)| out.fault());
        let refused = refused.or(self.params.fault()).map(str::to_owned);
        refused.or_else(|| self.fault.clone())
    }

    /// What was written, after a call that `called` tells the outcome of.
    ///
    /// # Errors
    /// What the library did wrong here, which explains the outcome, else what it reported.
    pub(super) fn take(mut self, callee: &Callee, called: Result<()>) -> Result<Adapted> {
        if let Some(fault) = self.fault() {
            return Err(callee.broke(fault));
        }
        called?;
        let mut adapted = Adapted {
            params: self.params.take().map_err(|e| callee.broke(e))?,
            streams: Vec::with_capacity(self.streams.len()),
        };
        for (out, layout) in self.streams {
            let data = out.take().map_err(|e| callee.broke(e))?;
            adapted.streams.push(Stream { data, layout });
        }
        if adapted.streams.is_empty() {
            return Err(callee.broke("it made no stream of a block"));
        }
        Ok(adapted)
    }
}

/// # Safety
/// `streams` is what `Sink::lend` returned and still valid, and nobody else uses that sink.
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

/// # Safety
/// As `stream`.
unsafe extern "C" fn number(
    streams: *mut UmoecStreams,
    number: usize,
    width: u32,
    phase: u32,
) -> i32 {
    // SAFETY: as the caller, the library, was told.
    let sink = unsafe { &mut *(*streams).host.cast::<Sink>() };
    match sink.streams.get_mut(number) {
        Some((_, layout)) if phase < width && width <= MAX_WIDTH => {
            layout.number = Some(NumberLayout {
                width: width as u8,
                phase: phase as u8,
            });
            UMOEC_OK
        }
        _ => UMOEC_REFUSED,
    }
}
