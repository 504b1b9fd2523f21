//! What both sides of the C interface need.
#![allow(unsafe_code, reason = "the border to other languages")]

use super::Kind;
use super::abi::UmoecBytes;

/// `sizeof(T)` as a struct states it.
pub(super) const fn size<T>() -> u32 {
    size_of::<T>() as u32
}

/// Borrowed bytes for the other side.
pub(super) const fn lend(bytes: &[u8]) -> UmoecBytes {
    UmoecBytes {
        data: bytes.as_ptr(),
        len: bytes.len(),
    }
}

/// The other side's bytes.
///
/// # Safety
/// Where `data` is not null, `len` bytes must be readable there for as long as `'a`.
pub(super) unsafe fn borrow<'a>(bytes: UmoecBytes) -> &'a [u8] {
    // SAFETY: as the caller promised.
    unsafe { borrow_array(bytes.data, bytes.len) }
}

/// An array of the other side's.
///
/// # Safety
/// Where `data` is not null, `len` values must be readable there for as long as `'a`.
pub(super) unsafe fn borrow_array<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if data.is_null() || len == 0 || !data.is_aligned() {
        return &[];
    }
    // SAFETY: not null, aligned, and readable as the caller promised.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// A field that the other side's struct may be too short for: it was added later, and is the type's default then.
///
/// # Safety
/// `this` must be null, or aligned and readable for as many bytes as it states first.
macro_rules! later {
    ($this:expr, $struct:ident, $field:ident) => {{
        let this: *const $crate::plugin::abi::$struct = $this;
        let end = std::mem::offset_of!($crate::plugin::abi::$struct, $field)
            + $crate::plugin::border::size_of_field(|s: &$crate::plugin::abi::$struct| &s.$field);
        if this.is_null() || ((*this).size as usize) < end {
            Default::default()
        } else {
            (&raw const (*this).$field).read()
        }
    }};
}
pub(super) use later;

/// Bytes of a field.
pub(super) const fn size_of_field<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

pub(super) const fn code_of(kind: Kind) -> u32 {
    match kind {
        Kind::Adapter => super::abi::UMOEC_ADAPTER,
        Kind::Predictor => super::abi::UMOEC_PREDICTOR,
        Kind::Coder => super::abi::UMOEC_CODER,
    }
}
