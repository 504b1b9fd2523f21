//! With AVX-512: vectors of 16 words.

use std::arch::x86_64::*;

use super::rows::kernel;
use super::{Place, Rounding, Task, WORDS};

/// Words of a vector.
const WORD: usize = WORDS;

type Vector = __m512i;

kernel!(avx512, "avx512f,avx512bw,avx512dq,avx512vl");

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn all(word: i32) -> Vector {
    _mm512_set1_epi32(word)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn add(a: Vector, b: Vector) -> Vector {
    _mm512_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn product(a: Vector, b: Vector) -> Vector {
    _mm512_mullo_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn up(words: Vector, bits: __m128i) -> Vector {
    _mm512_sll_epi32(words, bits)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn down(words: Vector, bits: __m128i) -> Vector {
    _mm512_sra_epi32(words, bits)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn clamped(words: Vector, low: Vector, high: Vector) -> Vector {
    _mm512_min_epi32(_mm512_max_epi32(words, low), high)
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn of_i8(from: *const i8) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast())) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn of_u8(from: *const u8) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast())) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn of_i16(from: *const i16) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm512_cvtepi16_epi32(_mm256_loadu_si256(from.cast())) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn of_i32(from: *const i32) -> Vector {
    // SAFETY: as the caller's.
    unsafe { _mm512_loadu_si512(from.cast()) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn to_bytes(to: *mut u8, words: Vector) {
    // SAFETY: as the caller's.
    unsafe { _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(words)) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn to_i16(to: *mut i16, words: Vector) {
    // SAFETY: as the caller's.
    unsafe { _mm256_storeu_si256(to.cast(), _mm512_cvtepi32_epi16(words)) }
}

/// # Safety
///
/// The machine has the instructions; a vector of elements is there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn to_i32(to: *mut i32, words: Vector) {
    // SAFETY: as the caller's.
    unsafe { _mm512_storeu_si512(to.cast(), words) }
}
