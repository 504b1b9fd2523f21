//! Buffers that a library writes to.

use std::ffi::c_void;
use std::ptr;

use crate::plugin::abi::{UMOEC_OK, UMOEC_REFUSED, UmoecOut};
use crate::plugin::border::size;

/// Bytes behind what a library may write, looked at afterwards. They find a loop that runs too
/// far; nothing in one process can find every wrong write.
const GUARD: [u8; 64] = [0xA5; 64];

/// A buffer with a bound that the library cannot pass.
pub(super) struct Out {
    raw: UmoecOut,
    data: Vec<u8>,
    most: usize,
    /// Whether the guard stands behind the data now.
    guarded: bool,
    fault: Option<String>,
}

impl Out {
    /// For at most that many bytes.
    pub(super) fn new(most: usize) -> Box<Self> {
        Box::new(Self {
            raw: UmoecOut {
                size: size::<UmoecOut>(),
                reserved: 0,
                host: ptr::null_mut(),
                append: Some(append),
                extend: Some(extend),
            },
            data: Vec::new(),
            most,
            guarded: false,
            fault: None,
        })
    }

    /// What the library gets: valid until this is used otherwise.
    pub(super) fn lend(&mut self) -> *mut UmoecOut {
        let this: *mut Self = self;
        self.raw.host = this.cast::<c_void>();
        // SAFETY: `this` is a place of its own; only an address is taken.
        unsafe { &raw mut (*this).raw }
    }

    /// What was written, or what the library did wrong.
    pub(super) fn take(mut self) -> Result<Vec<u8>, String> {
        self.settle();
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.data),
        }
    }

    /// What the library did wrong so far.
    pub(super) fn fault(&mut self) -> Option<&str> {
        self.settle();
        self.fault.as_deref()
    }

    /// Takes the guard away.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.guarded) {
            return;
        }
        let len = self.data.len() - GUARD.len();
        if self.data[len..] != GUARD {
            self.fault = Some("it wrote beyond the end of its buffer".into());
        }
        self.data.truncate(len);
    }

    /// Makes room for `len` bytes; false where that is too much.
    fn room(&mut self, len: usize) -> bool {
        self.settle();
        if self.fault.is_some() {
            return false;
        }
        if len > self.most - self.data.len() {
            self.fault = Some(format!(
                "it returned more than the {} bytes that are possible",
                self.most
            ));
            return false;
        }
        if self.data.try_reserve(len + GUARD.len()).is_err() {
            self.fault = Some(format!("there is no memory for {len} bytes of output"));
            return false;
        }
        true
    }
}

/// # Safety
/// `out` is what `Out::lend` returned and still valid; `len` bytes are readable at `data`.
unsafe extern "C" fn append(out: *mut UmoecOut, data: *const u8, len: usize) -> i32 {
    // SAFETY: `host` is the `Out` that lent itself, which nobody else uses meanwhile.
    let out = unsafe { &mut *(*out).host.cast::<Out>() };
    if len > 0 && data.is_null() {
        out.fault = Some("it returned bytes at a null pointer".into());
    }
    if !out.room(len) {
        return UMOEC_REFUSED;
    }
    if len > 0 {
        // SAFETY: not null, and readable as the library promises.
        out.data
            .extend_from_slice(unsafe { std::slice::from_raw_parts(data, len) });
    }
    UMOEC_OK
}

/// # Safety
/// `out` is what `Out::lend` returned and still valid.
unsafe extern "C" fn extend(out: *mut UmoecOut, len: usize) -> *mut u8 {
    // SAFETY: `host` is the `Out` that lent itself, which nobody else uses meanwhile.
    let out = unsafe { &mut *(*out).host.cast::<Out>() };
    if !out.room(len) {
        return ptr::null_mut();
    }
    let start = out.data.len();
    out.data.resize(start + len, 0);
    out.data.extend_from_slice(&GUARD);
    out.guarded = true;
    out.data[start..].as_mut_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(out: &mut Out) -> (*mut UmoecOut, UmoecOut) {
        let raw = out.lend();
        // SAFETY: just lent; the functions are copied.
        (raw, unsafe { ptr::read(raw) })
    }

    #[test]
    fn bytes_arrive_in_order_up_to_the_bound() {
        let mut out = Out::new(10);
        let (raw, f) = calls(&mut out);
        // SAFETY: `raw` was just lent, and the room is written within its bounds.
        unsafe {
            assert_eq!(f.append.unwrap()(raw, b"abc".as_ptr(), 3), UMOEC_OK);
            let room = f.extend.unwrap()(raw, 4);
            ptr::copy_nonoverlapping(b"defg".as_ptr(), room, 4);
            assert_eq!(f.append.unwrap()(raw, b"hij".as_ptr(), 3), UMOEC_OK);
        }
        assert_eq!(out.take().unwrap(), b"abcdefghij");
    }

    #[test]
    fn too_much_is_refused_and_stays_refused() {
        let mut out = Out::new(4);
        let (raw, f) = calls(&mut out);
        // SAFETY: `raw` was just lent.
        unsafe {
            assert!(f.extend.unwrap()(raw, 5).is_null());
            assert_eq!(f.append.unwrap()(raw, b"a".as_ptr(), 1), UMOEC_REFUSED);
        }
        assert!(out.take().unwrap_err().contains("more than the 4 bytes"));
        let mut out = Out::new(usize::MAX >> 1);
        let (raw, f) = calls(&mut out);
        // SAFETY: `raw` was just lent; the null pointer is not read.
        unsafe {
            assert!(f.extend.unwrap()(raw, usize::MAX >> 2).is_null());
            assert_eq!(f.append.unwrap()(raw, ptr::null(), 1), UMOEC_REFUSED);
        }
        assert!(out.take().is_err());
    }

    #[test]
    fn a_write_beyond_the_room_is_found() {
        let mut out = Out::new(4);
        let (raw, f) = calls(&mut out);
        // SAFETY: `raw` was just lent; the byte behind the room is the guard's, still this vector's.
        unsafe {
            let room = f.extend.unwrap()(raw, 4);
            *room.add(4) = 1;
        }
        assert!(out.take().unwrap_err().contains("beyond the end"));
    }
}
