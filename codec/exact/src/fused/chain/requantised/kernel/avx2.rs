//! With AVX2: vectors of 8 words.

use std::arch::x86_64::*;

use super::{Place, Rounding, Task, WORDS};

/// Words of a vector.
const WORD: usize = 8;
const _: () = assert!(WORDS == 2 * WORD);

impl Place {
    /// # Safety
    ///
    /// The machine has the instructions; `N` vectors of elements are at `at`.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn load_8<const N: usize>(self, at: usize) -> [__m256i; N] {
        let mut words = [_mm256_setzero_si256(); N];
        // SAFETY: as the caller's.
        unsafe {
            macro_rules! each {
                ($from:ident, |$one:ident| $load:expr) => {
                    for (number, words) in words.iter_mut().enumerate() {
                        let $one = $from.add(at + number * WORD).cast();
                        *words = $load;
                    }
                };
            }
            match self {
                Self::I8(from) => each!(from, |one| _mm256_cvtepi8_epi32(_mm_loadl_epi64(one))),
                Self::U8(from) => each!(from, |one| _mm256_cvtepu8_epi32(_mm_loadl_epi64(one))),
                Self::I16(from) => each!(from, |one| _mm256_cvtepi16_epi32(_mm_loadu_si128(one))),
                Self::I32(from) => each!(from, |one| _mm256_loadu_si256(one)),
            }
        }
        words
    }

    /// # Safety
    ///
    /// As [`load_8`](Self::load_8).
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn store_8<const N: usize>(self, at: usize, words: [__m256i; N]) {
        // SAFETY: as the caller's.
        unsafe {
            macro_rules! each {
                ($to:ident, |$one:ident, $words:ident| $store:expr) => {
                    for (number, $words) in words.into_iter().enumerate() {
                        let $one = $to.add(at + number * WORD).cast();
                        $store;
                    }
                };
            }
            match self {
                Self::I8(to) => each!(to, |one, words| _mm_storel_epi64(one, bytes(words))),
                Self::U8(to) => each!(to, |one, words| _mm_storel_epi64(one, bytes(words))),
                Self::I16(to) => each!(to, |one, words| _mm_storeu_si128(one, shorts(words))),
                Self::I32(to) => each!(to, |one, words| _mm256_storeu_si256(one, words)),
            }
        }
    }
}

/// The lowest byte of each word, in the lower half.
#[inline]
#[target_feature(enable = "avx2")]
fn bytes(words: __m256i) -> __m128i {
    let lowest = _mm256_setr_epi8(
        0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, //
        0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    );
    let halves = _mm256_shuffle_epi8(words, lowest);
    let (low, high) = (
        _mm256_castsi256_si128(halves),
        _mm256_extracti128_si256::<1>(halves),
    );
    _mm_unpacklo_epi32(low, high)
}

/// The lower 16 bits of each word.
#[inline]
#[target_feature(enable = "avx2")]
fn shorts(words: __m256i) -> __m128i {
    let lower = _mm256_setr_epi8(
        0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1, //
        0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1,
    );
    let halves = _mm256_shuffle_epi8(words, lower);
    let (low, high) = (
        _mm256_castsi256_si128(halves),
        _mm256_extracti128_si256::<1>(halves),
    );
    _mm_unpacklo_epi64(low, high)
}

/// A [`Rounding`] in vectors.
#[derive(Clone, Copy)]
struct Vectors {
    round: __m256i,
    down: __m128i,
    low: __m256i,
    high: __m256i,
}

impl Vectors {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(rounding: Rounding) -> Self {
        Self {
            round: _mm256_set1_epi32(rounding.round),
            down: _mm_cvtsi32_si128(rounding.down as i32),
            low: _mm256_set1_epi32(rounding.low),
            high: _mm256_set1_epi32(rounding.high),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn of(self, n: __m256i) -> __m256i {
        let n = _mm256_sra_epi32(_mm256_add_epi32(n, self.round), self.down);
        _mm256_min_epi32(_mm256_max_epi32(n, self.low), self.high)
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
    #[target_feature(enable = "avx2")]
    pub(in super::super) unsafe fn avx2(&self) {
        let numbers = Numbers {
            up: _mm_cvtsi32_si128(self.other.map_or(0, |(_, up)| up as i32)),
            first: Vectors::new(self.first),
            second: self.second.map(|(_, rounding)| Vectors::new(rounding)),
        };
        let mut at = 0;
        // SAFETY: as the caller's, for the vectors at `at`.
        unsafe {
            while self.len - at >= 4 * WORD {
                self.vectors_8::<4>(numbers, at);
                at += 4 * WORD;
            }
            while at < self.len {
                self.vectors_8::<2>(numbers, at);
                at += 2 * WORD;
            }
        }
    }

    /// `N` vectors from `at` on: of what type a place is, is asked once for all of them.
    ///
    /// # Safety
    ///
    /// As [`avx2`](Self::avx2); so many elements are there.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn vectors_8<const N: usize>(&self, numbers: Numbers, at: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let mut total = self.sum.load_8::<N>(at);
            if let Some((other, _)) = self.other {
                let other = other.load_8::<N>(at);
                for (total, other) in total.iter_mut().zip(other) {
                    *total = _mm256_add_epi32(*total, _mm256_sll_epi32(other, numbers.up));
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
                    Some(place) => place.load_8::<N>(at),
                };
                for (second, factor) in second.iter_mut().zip(factor) {
                    *second = of.of(_mm256_mullo_epi32(*second, factor));
                }
            }
            for place in self.totals {
                place.store_8(at, total);
            }
            for place in self.firsts {
                place.store_8(at, first);
            }
            for place in self.seconds {
                place.store_8(at, second);
            }
        }
    }
}
