//! The operations of `simd` in the vectors of x86-64.

use std::arch::x86_64::*;

use super::{Expected, LANES, Line, NARROW, Narrow};
use crate::counter::LIMIT_MAX;
use crate::math::LOGIT_MAX;
use crate::mixer::{GROUP, UPPER_BITS};
use crate::slots::{KNOWN, SURE};

/// Lanes of a vector of 256 bits.
const HALF: usize = LANES / 2;

/// The sums of four lanes each of four vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_of_four(v: &[__m128i]) -> __m128i {
    let a = _mm_add_epi32(
        _mm_unpacklo_epi32(v[0], v[1]),
        _mm_unpackhi_epi32(v[0], v[1]),
    );
    let b = _mm_add_epi32(
        _mm_unpacklo_epi32(v[2], v[3]),
        _mm_unpackhi_epi32(v[2], v[3]),
    );
    _mm_add_epi32(_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b))
}

/// The opinions that sums in four lanes each stand for; there are `n` of them, those behind are 0.
#[inline]
#[target_feature(enable = "avx2")]
fn opinions_of(sums: &[__m128i; NARROW], n: usize, opinions: &mut Narrow) {
    let mut quads = [_mm_setzero_si128(); 4];
    for (quad, sums) in quads
        .iter_mut()
        .zip(sums.chunks_exact(4))
        .take(n.div_ceil(4))
    {
        *quad = _mm_srai_epi32::<{ UPPER_BITS as i32 }>(sums_of_four(sums));
    }
    let low = _mm_packs_epi32(quads[0], quads[1]);
    let high = _mm_packs_epi32(quads[2], quads[3]);
    let all = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(low), high);
    let most = _mm256_set1_epi16(LOGIT_MAX as i16);
    let least = _mm256_set1_epi16(-LOGIT_MAX as i16);
    let all = _mm256_max_epi16(_mm256_min_epi16(all, most), least);
    // SAFETY: `Narrow` has 32 bytes and that alignment.
    unsafe { _mm256_store_si256(opinions.0.as_mut_ptr().cast(), all) };
}

#[inline]
#[target_feature(enable = "avx2")]
fn halved(sum: __m256i) -> __m128i {
    _mm_add_epi32(
        _mm256_castsi256_si128(sum),
        _mm256_extracti128_si256::<1>(sum),
    )
}

/// Calls `$kernel` with the number of lines as a constant, where it is a usual one: its loops are unrolled then.
macro_rules! by_width {
    ($kernel:ident, $width:expr, $($argument:expr),*) => {
        match $width {
            2 => $kernel::<2>($($argument),*),
            3 => $kernel::<3>($($argument),*),
            _ => $kernel::<0>($($argument),*),
        }
    };
}

/// # Safety
/// AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn mix(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow) {
    by_width!(mix_rows, x.len(), x, weights, at, opinions);
}

/// `x` has W lines, any number with W = 0; so below.
#[inline]
#[target_feature(enable = "avx2")]
fn mix_rows<const W: usize>(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow) {
    let x = if W == 0 { x } else { &x[..W] };
    let mut sums = [_mm_setzero_si128(); NARROW];
    for (sum, &at) in sums.iter_mut().zip(at) {
        let row = &weights[at as usize..][..x.len()];
        let (mut a, mut b) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (x, w) in x.iter().zip(row) {
            let (x, w) = (x.0.as_ptr(), w.0.as_ptr());
            // SAFETY: a line is two vectors.
            let product = |at: usize| unsafe {
                let x = _mm256_load_si256(x.add(at).cast());
                _mm256_madd_epi16(x, _mm256_load_si256(w.add(at).cast()))
            };
            a = _mm256_add_epi32(a, product(0));
            b = _mm256_add_epi32(b, product(HALF));
        }
        *sum = halved(_mm256_add_epi32(a, b));
    }
    opinions_of(&sums, at.len(), opinions);
}

/// # Safety
/// AVX-512F and BW.
#[inline]
#[target_feature(enable = "avx2,avx512f,avx512bw")]
pub(super) unsafe fn mix512(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow) {
    by_width!(mix_rows512, x.len(), x, weights, at, opinions);
}

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512bw")]
fn mix_rows512<const W: usize>(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow) {
    let x = if W == 0 { x } else { &x[..W] };
    let mut sums = [_mm_setzero_si128(); NARROW];
    for (sum, &at) in sums.iter_mut().zip(at) {
        let row = &weights[at as usize..][..x.len()];
        let mut all = _mm512_setzero_si512();
        for (x, w) in x.iter().zip(row) {
            // SAFETY: a line is one vector.
            let product = unsafe {
                let x = _mm512_load_si512(x.0.as_ptr().cast());
                _mm512_madd_epi16(x, _mm512_load_si512(w.0.as_ptr().cast()))
            };
            all = _mm512_add_epi32(all, product);
        }
        let (low, high) = (
            _mm512_castsi512_si256(all),
            _mm512_extracti64x4_epi64::<1>(all),
        );
        *sum = halved(_mm256_add_epi32(low, high));
    }
    opinions_of(&sums, at.len(), opinions);
}

/// # Safety
/// AVX2; `upper` and `lower` are of one vector each, aligned.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn learn(x: __m256i, upper: *mut i16, lower: *mut i16, error: __m256i) {
    let (step_low, step_high) = (_mm256_mullo_epi16(x, error), _mm256_mulhi_epi16(x, error));
    // SAFETY: as the caller promised.
    unsafe {
        let low = _mm256_add_epi16(_mm256_load_si256(lower.cast()), step_low);
        let high = _mm256_adds_epi16(_mm256_load_si256(upper.cast()), step_high);
        // There was a carry where the sum is less, as numbers without sign, than what was added.
        let sign = _mm256_set1_epi16(i16::MIN);
        let carry = _mm256_cmpgt_epi16(
            _mm256_xor_si256(step_low, sign),
            _mm256_xor_si256(low, sign),
        );
        _mm256_store_si256(lower.cast(), low);
        _mm256_store_si256(upper.cast(), _mm256_subs_epi16(high, carry));
    }
}

/// # Safety
/// AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn train(x: &[Line], row: &mut [Line], error: i16) {
    by_width!(train_row, x.len(), x, row, error);
}

#[inline]
#[target_feature(enable = "avx2")]
fn train_row<const W: usize>(x: &[Line], row: &mut [Line], error: i16) {
    let x = if W == 0 { x } else { &x[..W] };
    let row = if W == 0 { row } else { &mut row[..2 * W] };
    let (upper, lower) = row.split_at_mut(x.len());
    let error = _mm256_set1_epi16(error);
    for ((x, upper), lower) in x.iter().zip(upper).zip(lower) {
        let (upper, lower) = (upper.0.as_mut_ptr(), lower.0.as_mut_ptr());
        for at in [0, HALF] {
            // SAFETY: a line is two vectors.
            unsafe {
                let x = _mm256_load_si256(x.0.as_ptr().add(at).cast());
                learn(x, upper.add(at), lower.add(at), error);
            }
        }
    }
}

/// # Safety
/// AVX-512F and BW.
#[inline]
#[target_feature(enable = "avx2,avx512f,avx512bw")]
pub(super) unsafe fn train512(x: &[Line], row: &mut [Line], error: i16) {
    by_width!(train_row512, x.len(), x, row, error);
}

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512bw")]
fn train_row512<const W: usize>(x: &[Line], row: &mut [Line], error: i16) {
    let x = if W == 0 { x } else { &x[..W] };
    let row = if W == 0 { row } else { &mut row[..2 * W] };
    let (upper, lower) = row.split_at_mut(x.len());
    let (error, one) = (_mm512_set1_epi16(error), _mm512_set1_epi16(1));
    for ((x, upper), lower) in x.iter().zip(upper).zip(lower) {
        let (upper, lower) = (upper.0.as_mut_ptr(), lower.0.as_mut_ptr());
        // SAFETY: a line is one vector.
        unsafe {
            let x = _mm512_load_si512(x.0.as_ptr().cast());
            let step = _mm512_mullo_epi16(x, error);
            let low = _mm512_add_epi16(_mm512_load_si512(lower.cast()), step);
            let high = _mm512_load_si512(upper.cast());
            let high = _mm512_adds_epi16(high, _mm512_mulhi_epi16(x, error));
            let carry = _mm512_cmplt_epu16_mask(low, step);
            _mm512_store_si512(lower.cast(), low);
            _mm512_store_si512(upper.cast(), _mm512_mask_adds_epi16(high, carry, high, one));
        }
    }
}

/// # Safety
/// AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn mix_narrow(x: &Narrow, row: &Line) -> i32 {
    // SAFETY: both are aligned; a line begins with the upper halves.
    let products = unsafe {
        let x = _mm256_load_si256(x.0.as_ptr().cast());
        _mm256_madd_epi16(x, _mm256_load_si256(row.0.as_ptr().cast()))
    };
    let half = halved(products);
    let quarter = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
    let whole = _mm_add_epi32(quarter, _mm_shuffle_epi32::<0b10_11_00_01>(quarter));
    _mm_cvtsi128_si32(whole)
}

/// # Safety
/// AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn train_narrow(x: &Narrow, row: &mut Line, error: i16) {
    let upper = row.0.as_mut_ptr();
    // SAFETY: both are aligned; the lower halves are the second half of a line.
    unsafe {
        let x = _mm256_load_si256(x.0.as_ptr().cast());
        learn(x, upper, upper.add(HALF), _mm256_set1_epi16(error));
    }
}

/// The table of reciprocals is a division here. That is exact: a quotient of at most 2^16 that is not a whole
/// number is at least 1 / 513 of its size away from one, and rounded by at most 2^-24 of that.
///
/// # Safety
/// AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn updated(counters: &[u32; GROUP], bits: &[u32; GROUP]) -> [u32; GROUP] {
    const { assert!(GROUP == 8) };
    // SAFETY: both are as long as a vector.
    let (counters, bits) = unsafe {
        (
            _mm256_loadu_si256(counters.as_ptr().cast()),
            _mm256_loadu_si256(bits.as_ptr().cast()),
        )
    };
    let limit = _mm256_set1_epi32(LIMIT_MAX as i32);
    let n = _mm256_and_si256(counters, limit);
    let p = _mm256_srli_epi32::<10>(counters);
    let target = _mm256_sub_epi32(_mm256_slli_epi32::<22>(bits), bits);
    let divisor = _mm256_add_epi32(_mm256_add_epi32(n, n), _mm256_set1_epi32(3));
    let quotient = _mm256_div_ps(_mm256_set1_ps(131_072.0), _mm256_cvtepi32_ps(divisor));
    let reciprocal = _mm256_cvttps_epi32(quotient);
    let off = _mm256_srai_epi32::<8>(_mm256_sub_epi32(target, p));
    let step = _mm256_srai_epi32::<8>(_mm256_mullo_epi32(off, reciprocal));
    let p = _mm256_max_epi32(_mm256_add_epi32(p, step), _mm256_setzero_si256());
    // All ones, which is -1, where the count grows.
    let grows = _mm256_cmpgt_epi32(limit, n);
    let rest = _mm256_and_si256(counters, _mm256_set1_epi32(1023));
    let learned = _mm256_or_si256(_mm256_slli_epi32::<10>(p), _mm256_sub_epi32(rest, grows));
    let mut all = [0; GROUP];
    // SAFETY: as above.
    unsafe { _mm256_storeu_si256(all.as_mut_ptr().cast(), learned) };
    all
}

/// # Safety
/// AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn told(x: &[i16; GROUP], counters: &[u32; GROUP]) -> [[i16; GROUP]; 3] {
    // SAFETY: each is as long as a vector.
    let (x, low, high) = unsafe {
        let counters: *const __m128i = counters.as_ptr().cast();
        (
            _mm_loadu_si128(x.as_ptr().cast()),
            _mm_loadu_si128(counters),
            _mm_loadu_si128(counters.add(1)),
        )
    };
    // The mark moves to the sign, and the sign to all bits.
    let marks = |left| {
        let count = _mm_cvtsi32_si128(left);
        let (low, high) = (_mm_sll_epi32(low, count), _mm_sll_epi32(high, count));
        let (low, high) = (_mm_srai_epi32::<31>(low), _mm_srai_epi32::<31>(high));
        _mm_packs_epi32(low, high)
    };
    let known = marks(KNOWN.leading_zeros() as i32);
    let sure = _mm_and_si128(x, marks(SURE.leading_zeros() as i32));
    let mut all = [[0; GROUP]; 3];
    for (to, from) in all.iter_mut().zip([_mm_and_si128(x, known), sure, known]) {
        // SAFETY: as above.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), from) };
    }
    all
}

/// # Safety
/// AVX2.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn expected(
    x: &[i16; GROUP],
    expected: &[u32; GROUP],
    partial: u32,
    shift: u32,
) -> Expected {
    // SAFETY: each is as long as a vector.
    let (x, expected) = unsafe {
        (
            _mm_loadu_si128(x.as_ptr().cast()),
            _mm256_loadu_si256(expected.as_ptr().cast()),
        )
    };
    let shown = _mm256_srl_epi32(expected, _mm_cvtsi32_si128(shift as i32));
    let bits = _mm256_and_si256(shown, _mm256_set1_epi32(1));
    let before = _mm256_srli_epi32::<1>(shown);
    let agree = _mm256_cmpeq_epi32(before, _mm256_set1_epi32(partial as i32));
    // 1 for x, -1 for -x, 0 where nothing is expected any more.
    let sign = _mm256_sub_epi32(_mm256_add_epi32(bits, bits), _mm256_set1_epi32(1));
    let sign = _mm256_and_si256(sign, agree);
    let sign = _mm_packs_epi32(
        _mm256_castsi256_si128(sign),
        _mm256_extracti128_si256::<1>(sign),
    );
    let inputs = _mm_sign_epi16(x, sign);
    let mut said = Expected {
        inputs: [0; GROUP],
        agree: [0; GROUP],
        bits: [0; GROUP],
    };
    // SAFETY: as above.
    unsafe {
        _mm_storeu_si128(said.inputs.as_mut_ptr().cast(), inputs);
        _mm256_storeu_si256(said.agree.as_mut_ptr().cast(), agree);
        _mm256_storeu_si256(said.bits.as_mut_ptr().cast(), bits);
    }
    said
}
