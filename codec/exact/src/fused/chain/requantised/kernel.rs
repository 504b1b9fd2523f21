//! A row of sums in vectors of 16 words.

use std::arch::x86_64::*;

use super::{Rounding, WORDS};
use crate::fused::chain::flat::Run;
use crate::fused::memory::Memory;
use crate::fused::scale::Type;

/// The first of a row's elements.
#[derive(Clone, Copy)]
pub(super) enum Place {
    I8(*mut i8),
    U8(*mut u8),
    I16(*mut i16),
    I32(*mut i32),
}

impl Place {
    pub(super) const NONE: Self = Self::I32(std::ptr::null_mut());

    /// # Safety
    ///
    /// The machine has the instructions; a vector of elements is at `at`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn load(self, at: usize) -> __m512i {
        // SAFETY: as the caller's.
        unsafe {
            match self {
                Self::I8(from) => _mm512_cvtepi8_epi32(_mm_loadu_si128(from.add(at).cast())),
                Self::U8(from) => _mm512_cvtepu8_epi32(_mm_loadu_si128(from.add(at).cast())),
                Self::I16(from) => _mm512_cvtepi16_epi32(_mm256_loadu_si256(from.add(at).cast())),
                Self::I32(from) => _mm512_loadu_si512(from.add(at).cast()),
            }
        }
    }

    /// # Safety
    ///
    /// As [`load`](Self::load).
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn store(self, at: usize, words: __m512i) {
        // SAFETY: as the caller's.
        unsafe {
            match self {
                Self::I8(to) => _mm_storeu_si128(to.add(at).cast(), _mm512_cvtepi32_epi8(words)),
                Self::U8(to) => _mm_storeu_si128(to.add(at).cast(), _mm512_cvtepi32_epi8(words)),
                Self::I16(to) => {
                    _mm256_storeu_si256(to.add(at).cast(), _mm512_cvtepi32_epi16(words));
                }
                Self::I32(to) => _mm512_storeu_si512(to.add(at).cast(), words),
            }
        }
    }
}

/// Where the arenas of a memory begin and how long they are.
pub(super) struct Arenas {
    i8: (*mut i8, usize),
    u8: (*mut u8, usize),
    i16: (*mut i16, usize),
    i32: (*mut i32, usize),
}

impl Arenas {
    pub(super) fn of(memory: &mut Memory) -> Self {
        fn arena<T>(all: &mut [T]) -> (*mut T, usize) {
            (all.as_mut_ptr(), all.len())
        }
        Self {
            i8: arena(memory.i8.all_mut()),
            u8: arena(memory.u8.all_mut()),
            i16: arena(memory.i16.all_mut()),
            i32: arena(memory.i32.all_mut()),
        }
    }

    /// The place of `len` elements of a row.
    pub(super) fn place(&self, run: &Run, row: usize, len: usize) -> Place {
        fn place<T>((first, all): (*mut T, usize), at: usize, len: usize) -> *mut T {
            assert!(at <= all && len <= all - at, "a row lies in its arena");
            first.wrapping_add(at)
        }
        let at = run.at(row, 0);
        match run.ty {
            Type::I8 => Place::I8(place(self.i8, at, len)),
            Type::U8 => Place::U8(place(self.u8, at, len)),
            Type::I16 => Place::I16(place(self.i16, at, len)),
            // `Requantised::of` takes no others.
            Type::I32 | Type::I64 => Place::I32(place(self.i32, at, len)),
        }
    }
}

/// A [`Rounding`] in vectors.
#[derive(Clone, Copy)]
struct Vectors {
    round: __m512i,
    down: __m128i,
    low: __m512i,
    high: __m512i,
}

impl Vectors {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(rounding: Rounding) -> Self {
        Self {
            round: _mm512_set1_epi32(rounding.round),
            down: _mm_cvtsi32_si128(rounding.down as i32),
            low: _mm512_set1_epi32(rounding.low),
            high: _mm512_set1_epi32(rounding.high),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn of(self, n: __m512i) -> __m512i {
        let n = _mm512_sra_epi32(_mm512_add_epi32(n, self.round), self.down);
        _mm512_min_epi32(_mm512_max_epi32(n, self.low), self.high)
    }
}

/// One row.
pub(super) struct Task<'a> {
    pub(super) len: usize,
    pub(super) sum: Place,
    pub(super) other: Option<(Place, u32)>,
    pub(super) first: Rounding,
    /// The factor, none for `first` itself.
    pub(super) second: Option<(Option<Place>, Rounding)>,
    pub(super) totals: &'a [Place],
    pub(super) firsts: &'a [Place],
    pub(super) seconds: &'a [Place],
}

impl Task<'_> {
    /// # Safety
    ///
    /// The machine has the instructions; each place has `len` elements, a multiple of [`WORDS`].
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) unsafe fn run(&self) {
        let first_of = Vectors::new(self.first);
        let (factor, second_of) = match self.second {
            Some((factor, rounding)) => (factor, Some(Vectors::new(rounding))),
            None => (None, None),
        };
        let (other, up) = match self.other {
            Some((place, up)) => (Some(place), up),
            None => (None, 0),
        };
        let up = _mm_cvtsi32_si128(up as i32);
        for at in (0..self.len).step_by(WORDS) {
            // SAFETY: as the caller's, for a vector at `at`.
            unsafe {
                let mut total = self.sum.load(at);
                if let Some(other) = other {
                    total = _mm512_add_epi32(total, _mm512_sll_epi32(other.load(at), up));
                }
                let first = first_of.of(total);
                // All is loaded before anything is stored.
                let second = match (second_of, factor) {
                    (None, _) => first,
                    (Some(of), None) => of.of(_mm512_mullo_epi32(first, first)),
                    (Some(of), Some(by)) => of.of(_mm512_mullo_epi32(first, by.load(at))),
                };
                for place in self.totals {
                    place.store(at, total);
                }
                for place in self.firsts {
                    place.store(at, first);
                }
                for place in self.seconds {
                    place.store(at, second);
                }
            }
        }
    }
}
