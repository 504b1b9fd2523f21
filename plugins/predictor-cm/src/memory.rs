//! Large memory, zero at first, on huge pages where the system has them: what contexts lead to is
//! far apart, and half the time would go to the page tables otherwise.

use std::mem::replace;
use std::ops::{Deref, DerefMut};

use memmap2::{MmapMut, MmapOptions};
use umoec_codec::{Error, Result};

use crate::simd::prefetch;
use crate::spare;

/// Up to so many bytes are got at once: even a short stream touches nearly all of their pages.
const AT_ONCE: usize = 256 << 10;

/// Zeroed bytes. The pages of many cost nothing before they are touched.
///
/// # Errors
/// `Memory` where the system has no such memory.
pub(crate) fn zeroed(len: usize) -> Result<Memory> {
    map(len, len <= AT_ONCE)
}

/// Zeroed bytes, their pages got `at_once`, which takes a fraction of the time of getting each when it is first read, and again when it is
/// first written: with several threads all processors are told of the latter. Or what an earlier model left.
fn map(len: usize, at_once: bool) -> Result<Memory> {
    if let Some(mut bytes) = spare::bytes(len) {
        bytes.fill(0);
        return Ok(Memory(bytes));
    }
    let memory = anonymous(len, at_once).map_err(|_| Error::Memory {
        what: "predictor cm".into(),
        needed: len as u64,
    })?;
    #[cfg(target_os = "linux")]
    if len >= 4 << 20 {
        // Advice only: where it is refused everything works, slower.
        let _ = memory.advise(memmap2::Advice::HugePage);
    }
    Ok(Memory(memory))
}

fn anonymous(len: usize, at_once: bool) -> std::io::Result<MmapMut> {
    let mut options = MmapOptions::new();
    options.len(len.max(1));
    if at_once {
        options.populate();
    }
    options.map_anon()
}

/// Bytes of their own pages, which are left to others in the end where they are few.
#[derive(Debug)]
pub(crate) struct Memory(MmapMut);

impl Drop for Memory {
    fn drop(&mut self) {
        // A map cannot be empty, and one that nobody touches costs next to nothing.
        if self.0.len() <= AT_ONCE
            && let Ok(nothing) = anonymous(1, false)
        {
            spare::leave_bytes(replace(&mut self.0, nothing));
        }
    }
}

impl Deref for Memory {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Memory {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Numbers, zero at first.
pub(crate) struct Words(Memory);

impl Words {
    /// `len` numbers.
    ///
    /// # Errors
    /// `Memory` where the system has no such memory.
    pub(crate) fn new(len: usize) -> Result<Self> {
        zeroed(4 * len).map(Self)
    }

    /// `len` numbers, all of them got at once.
    ///
    /// # Errors
    /// `Memory` where the system has no such memory.
    pub(crate) fn at_once(len: usize) -> Result<Self> {
        map(4 * len, true).map(Self)
    }

    #[inline(always)]
    pub(crate) fn get(&self, at: usize) -> u32 {
        let bytes = &self.0[4 * at..4 * at + 4];
        u32::from_ne_bytes(bytes.try_into().expect("four bytes"))
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, value: u32) {
        self.0[4 * at..4 * at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    /// Asks for the cache line of the number at `at`.
    #[inline(always)]
    pub(crate) fn prefetch(&self, at: usize) {
        prefetch(&self.0, 4 * at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_no_system_has_is_an_error() {
        let error = zeroed(1 << 60).unwrap_err();
        assert!(matches!(error, Error::Memory { needed, .. } if needed == 1 << 60));
    }

    #[test]
    fn what_another_left_is_zero_again() {
        // A length of its own: other tests run at the same time.
        let len = 54_321;
        for _ in 0..3 {
            let mut memory = zeroed(len).unwrap();
            assert_eq!(memory.len(), len);
            assert!(memory.iter().all(|&byte| byte == 0));
            memory.fill(7);
        }
        let left = spare::bytes(len).expect("the last one left it");
        assert!(left.iter().all(|&byte| byte == 7));
        assert!(spare::bytes(len).is_none());
    }

    #[test]
    fn what_is_large_goes_back_to_the_system() {
        let len = AT_ONCE + 4321;
        drop(zeroed(len).unwrap());
        assert!(spare::bytes(len).is_none());
    }
}
