//! With AVX-512: vectors of 16 words.

use std::arch::x86_64::*;

use super::{Place, Rounding, Task, WORDS};

impl Place {
    /// # Safety
    ///
    /// The machine has the instructions; a vector of elements is at `at`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn load_16(self, at: usize) -> __m512i {
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
    /// As [`load_16`](Self::load_16).
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn store_16(self, at: usize, words: __m512i) {
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

impl Task<'_> {
    /// # Safety
    ///
    /// The machine has the instructions; each place has `len` elements, a multiple of [`WORDS`].
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(in super::super) unsafe fn avx512(&self) {
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
                let mut total = self.sum.load_16(at);
                if let Some(other) = other {
                    total = _mm512_add_epi32(total, _mm512_sll_epi32(other.load_16(at), up));
                }
                let first = first_of.of(total);
                // All is loaded before anything is stored.
                let second = match (second_of, factor) {
                    (None, _) => first,
                    (Some(of), None) => of.of(_mm512_mullo_epi32(first, first)),
                    (Some(of), Some(by)) => of.of(_mm512_mullo_epi32(first, by.load_16(at))),
                };
                for place in self.totals {
                    place.store_16(at, total);
                }
                for place in self.firsts {
                    place.store_16(at, first);
                }
                for place in self.seconds {
                    place.store_16(at, second);
                }
            }
        }
    }
}
