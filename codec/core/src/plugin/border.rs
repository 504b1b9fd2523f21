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

pub(super) const fn code_of(kind: Kind) -> u32 {
    match kind {
        Kind::Adapter => super::abi::UMOEC_ADAPTER,
        Kind::Predictor => super::abi::UMOEC_PREDICTOR,
        Kind::Coder => super::abi::UMOEC_CODER,
    }
}
