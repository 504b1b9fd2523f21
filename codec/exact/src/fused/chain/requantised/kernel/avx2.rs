//! With AVX2: vectors of 8 words.

use std::arch::x86_64::*;

use super::rows::kernel;
use super::{Place, Rounding, Task, WORDS};

/// Words of a vector.
const WORD: usize = 8;
const _: () = assert!(WORDS == 2 * WORD);

type Vector = __m256i;

kernel!(avx2, "avx2");

#[inline]
#[target_feature(enable = "avx2")]
fn all(word: i32) -> Vector {
    _mm256_set1_epi32(word)
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: Vector, b: Vector) -> Vector {
    _mm256_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn product(a: Vector, b: Vector) -> Vector {
    _mm256_mullo_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn up(words: Vector, bits: __m128i) -> Vector {
    _mm256_sll_epi32(words, bits)
}

#[inline]
#[target_feature(enable = "avx2")]
fn down(words: Vector, bits: __m128i) -> Vector {
    _mm256_sra_epi32(words, bits)
}

#[inline]
#[target_feature(enable = "avx2")]
fn clamped(words: Vector, low: Vector, high: Vector) -> Vector {
    _mm256_min_epi32(_mm256_max_epi32(words, low), high)
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn of_i8(from: *const i8) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast())) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn of_u8(from: *const u8) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast())) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn of_i16(from: *const i16) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm256_cvtepi16_epi32(_mm_loadu_si128(from.cast())) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn of_i32(from: *const i32) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm256_loadu_si256(from.cast()) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn to_bytes(to: *mut u8, words: Vector) {
    // SAFETY: as the caller's.
    unsafe { _mm_storel_epi64(to.cast(), bytes(words)) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn to_i16(to: *mut i16, words: Vector) {
    // SAFETY: as the caller's.
    unsafe { _mm_storeu_si128(to.cast(), shorts(words)) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn to_i32(to: *mut i32, words: Vector) {
    // SAFETY: as the caller's.
    unsafe { _mm256_storeu_si256(to.cast(), words) }
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
