//! With AVX-512: vectors of 16 words.

use std::arch::x86_64::*;

use super::{Place, Rounding, Task, WORDS};

impl Place {
    /// # Safety
    ///
    /// The machine has the instructions; `N` vectors of elements are at `at`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn load_16<const N: usize>(self, at: usize) -> [__m512i; N] {
        let mut words = [_mm512_setzero_si512(); N];
        // SAFETY: as the caller's.
        unsafe {
            macro_rules! each {
                ($from:ident, |$one:ident| $load:expr) => {
                    for (number, words) in words.iter_mut().enumerate() {
                        let $one = $from.add(at + number * WORDS).cast();
                        *words = $load;
                    }
                };
            }
            match self {
                Self::I8(from) => each!(from, |one| _mm512_cvtepi8_epi32(_mm_loadu_si128(one))),
                Self::U8(from) => each!(from, |one| _mm512_cvtepu8_epi32(_mm_loadu_si128(one))),
                Self::I16(from) => {
                    each!(from, |one| _mm512_cvtepi16_epi32(_mm256_loadu_si256(one)))
                }
                Self::I32(from) => each!(from, |one| _mm512_loadu_si512(one)),
            }
        }
        words
    }

    /// # Safety
    ///
    /// As [`load_16`](Self::load_16).
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn store_16<const N: usize>(self, at: usize, words: [__m512i; N]) {
        // SAFETY: as the caller's.
        unsafe {
            macro_rules! each {
                ($to:ident, |$one:ident, $words:ident| $store:expr) => {
                    for (number, $words) in words.into_iter().enumerate() {
                        let $one = $to.add(at + number * WORDS).cast();
                        $store;
                    }
                };
            }
            match self {
                Self::I8(to) => each!(to, |one, words| {
                    _mm_storeu_si128(one, _mm512_cvtepi32_epi8(words));
                }),
                Self::U8(to) => each!(to, |one, words| {
                    _mm_storeu_si128(one, _mm512_cvtepi32_epi8(words));
                }),
                Self::I16(to) => each!(to, |one, words| {
                    _mm256_storeu_si256(one, _mm512_cvtepi32_epi16(words));
                }),
                Self::I32(to) => each!(to, |one, words| _mm512_storeu_si512(one, words)),
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

/// What all elements of a row meet.
#[derive(Clone, Copy)]
struct Numbers {
    up: __m128i,
    first: Vectors,
    second: Option<Vectors>,
}

impl Task<'_> {
    /// # Safety
    ///
    /// The machine has the instructions; each place has `len` elements, a multiple of [`WORDS`].
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(in super::super) unsafe fn avx512(&self) {
        let numbers = Numbers {
            up: _mm_cvtsi32_si128(self.other.map_or(0, |(_, up)| up as i32)),
            first: Vectors::new(self.first),
            second: self.second.map(|(_, rounding)| Vectors::new(rounding)),
        };
        let mut at = 0;
        // SAFETY: as the caller's, for the vectors at `at`.
        unsafe {
            while self.len - at >= 4 * WORDS {
                self.vectors_16::<4>(numbers, at);
                at += 4 * WORDS;
            }
            while at < self.len {
                self.vectors_16::<1>(numbers, at);
                at += WORDS;
            }
        }
    }

    /// `N` vectors from `at` on: of what type a place is, is asked once for all of them.
    ///
    /// # Safety
    ///
    /// As [`avx512`](Self::avx512); so many elements are there.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn vectors_16<const N: usize>(&self, numbers: Numbers, at: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let mut total = self.sum.load_16::<N>(at);
            if let Some((other, _)) = self.other {
                let other = other.load_16::<N>(at);
                for (total, other) in total.iter_mut().zip(other) {
                    *total = _mm512_add_epi32(*total, _mm512_sll_epi32(other, numbers.up));
                }
            }
            let mut first = total;
            for first in &mut first {
                *first = numbers.first.of(*first);
            }
            // All is loaded before anything is stored.
            let mut second = first;
            if let (Some((factor, _)), Some(of)) = (self.second, numbers.second) {
                let factor = match factor {
                    None => first,
                    Some(place) => place.load_16::<N>(at),
                };
                for (second, factor) in second.iter_mut().zip(factor) {
                    *second = of.of(_mm512_mullo_epi32(*second, factor));
                }
            }
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
