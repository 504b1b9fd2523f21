//! The mixer's two inner loops: a scalar reference, and AVX2 and AVX-512 that give the same bits.
//!
//! Both are sums and element-wise operations on i32 that cannot overflow (bounds in
//! `mixer.rs`), so the order of summation does not matter and equality is exact.

#![allow(unsafe_code, reason = "vector kernels and prefetch")]

/// Inputs are padded to a multiple of this many.
pub(crate) const GROUP: usize = 16;

/// Fraction bits of a weight.
pub(crate) const WEIGHT_BITS: u32 = 20;
/// Largest magnitude of a weight: 8.0.
pub(crate) const WEIGHT_MAX: i32 = (8 << WEIGHT_BITS) - 1;

/// Which kernels to use, found once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// The best kernel of this machine. `UMOEC_SIMD` lowers the choice: `scalar` forces the
    /// reference, `avx2` leaves AVX-512 out.
    pub(crate) fn detect() -> Self {
        let wish = std::env::var("UMOEC_SIMD").unwrap_or_default();
        Self::available()
            .into_iter()
            .rev()
            .find(|k| k.name() == wish || wish.is_empty())
            .unwrap_or(Self::Scalar)
    }

    /// The kernels this machine can run, the slowest first.
    pub(crate) fn available() -> Vec<Self> {
        let mut kernels = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                kernels.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                kernels.push(Self::Avx512);
            }
        }
        kernels
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
        }
    }

    /// Sum over i of `(x[i] * (w[i] >> 4)) >> 8`: the logit in units of 2^-8, times 2^8.
    #[inline]
    pub(crate) fn dot(self, x: &[i32], w: &[i32]) -> i32 {
        assert!(x.len() == w.len() && x.len().is_multiple_of(GROUP));
        match self {
            Self::Scalar => dot_scalar(x, w),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` chose this kernel because the processor has AVX2.
            Self::Avx2 => unsafe { x86::dot(x, w) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` chose this kernel because the processor has AVX-512F.
            Self::Avx512 => unsafe { x86::dot512(x, w) },
        }
    }

    /// `w[i] += (x[i] * error + 2^9) >> 10`, clamped to `WEIGHT_MAX`.
    #[inline]
    pub(crate) fn train(self, x: &[i32], w: &mut [i32], error: i32) {
        assert!(x.len() == w.len() && x.len().is_multiple_of(GROUP));
        match self {
            Self::Scalar => train_scalar(x, w, error),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` chose this kernel because the processor has AVX2.
            Self::Avx2 => unsafe { x86::train(x, w, error) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` chose this kernel because the processor has AVX-512F.
            Self::Avx512 => unsafe { x86::train512(x, w, error) },
        }
    }
}

fn dot_scalar(x: &[i32], w: &[i32]) -> i32 {
    x.iter().zip(w).map(|(&x, &w)| (x * (w >> 4)) >> 8).sum()
}

fn train_scalar(x: &[i32], w: &mut [i32], error: i32) {
    for (w, &x) in w.iter_mut().zip(x) {
        *w = (*w + ((x * error + (1 << 9)) >> 10)).clamp(-WEIGHT_MAX, WEIGHT_MAX);
    }
}

/// Asks for the cache line at `memory[at]`, where that is within; nothing happens on other architectures.
#[inline]
pub(crate) fn prefetch<T>(memory: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if at < memory.len() {
        // SAFETY: the address is within the slice, and prefetching has no effect on memory.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(memory.as_ptr().add(at).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (memory, at);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::WEIGHT_MAX;

    /// Lanes of a 256-bit vector of i32.
    const LANES: usize = 8;

    /// # Safety
    /// AVX2; equal lengths, a multiple of 16.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn dot(x: &[i32], w: &[i32]) -> i32 {
        let mut sum = _mm256_setzero_si256();
        for (x, w) in x.chunks_exact(LANES).zip(w.chunks_exact(LANES)) {
            // SAFETY: each chunk has the 32 bytes that are read.
            let (x, w) = unsafe {
                (
                    _mm256_loadu_si256(x.as_ptr().cast()),
                    _mm256_loadu_si256(w.as_ptr().cast()),
                )
            };
            let product = _mm256_mullo_epi32(x, _mm256_srai_epi32::<4>(w));
            sum = _mm256_add_epi32(sum, _mm256_srai_epi32::<8>(product));
        }
        let half = _mm_add_epi32(
            _mm256_castsi256_si128(sum),
            _mm256_extracti128_si256::<1>(sum),
        );
        let quarter = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
        let whole = _mm_add_epi32(quarter, _mm_shuffle_epi32::<0b10_11_00_01>(quarter));
        _mm_cvtsi128_si32(whole)
    }

    /// # Safety
    /// AVX2; equal lengths, a multiple of 16.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn train(x: &[i32], w: &mut [i32], error: i32) {
        let error = _mm256_set1_epi32(error);
        let half = _mm256_set1_epi32(1 << 9);
        let (low, high) = (
            _mm256_set1_epi32(-WEIGHT_MAX),
            _mm256_set1_epi32(WEIGHT_MAX),
        );
        for (x, w) in x.chunks_exact(LANES).zip(w.chunks_exact_mut(LANES)) {
            // SAFETY: each chunk has the 32 bytes that are read and written.
            unsafe {
                let old = _mm256_loadu_si256(w.as_ptr().cast());
                let product = _mm256_mullo_epi32(_mm256_loadu_si256(x.as_ptr().cast()), error);
                let step = _mm256_srai_epi32::<10>(_mm256_add_epi32(product, half));
                let new = _mm256_add_epi32(old, step);
                let new = _mm256_max_epi32(_mm256_min_epi32(new, high), low);
                _mm256_storeu_si256(w.as_mut_ptr().cast(), new);
            }
        }
    }

    /// # Safety
    /// AVX-512F; equal lengths, a multiple of 16.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn dot512(x: &[i32], w: &[i32]) -> i32 {
        let mut sum = _mm512_setzero_si512();
        for (x, w) in x.chunks_exact(2 * LANES).zip(w.chunks_exact(2 * LANES)) {
            // SAFETY: each chunk has the 64 bytes that are read.
            let (x, w) = unsafe {
                (
                    _mm512_loadu_si512(x.as_ptr().cast()),
                    _mm512_loadu_si512(w.as_ptr().cast()),
                )
            };
            let product = _mm512_mullo_epi32(x, _mm512_srai_epi32::<4>(w));
            sum = _mm512_add_epi32(sum, _mm512_srai_epi32::<8>(product));
        }
        _mm512_reduce_add_epi32(sum)
    }

    /// # Safety
    /// AVX-512F; equal lengths, a multiple of 16.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn train512(x: &[i32], w: &mut [i32], error: i32) {
        let error = _mm512_set1_epi32(error);
        let half = _mm512_set1_epi32(1 << 9);
        let (low, high) = (
            _mm512_set1_epi32(-WEIGHT_MAX),
            _mm512_set1_epi32(WEIGHT_MAX),
        );
        for (x, w) in x.chunks_exact(2 * LANES).zip(w.chunks_exact_mut(2 * LANES)) {
            // SAFETY: each chunk has the 64 bytes that are read and written.
            unsafe {
                let old = _mm512_loadu_si512(w.as_ptr().cast());
                let product = _mm512_mullo_epi32(_mm512_loadu_si512(x.as_ptr().cast()), error);
                let step = _mm512_srai_epi32::<10>(_mm512_add_epi32(product, half));
                let new = _mm512_add_epi32(old, step);
                let new = _mm512_max_epi32(_mm512_min_epi32(new, high), low);
                _mm512_storeu_si512(w.as_mut_ptr().cast(), new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The extremes of inputs, weights and errors are where an overflow would show.
        #[test]
        fn the_kernels_give_the_same_bits(
            seed in prop::collection::vec((-2815i32..=2815, -WEIGHT_MAX..=WEIGHT_MAX), 1..12),
            extreme in any::<bool>(),
            error in -65_535i32..=65_535,
        ) {
            let n = seed.len() * GROUP;
            let x: Vec<i32> = (0..n)
                .map(|i| if extreme { 2815 } else { seed[i % seed.len()].0 })
                .collect();
            let w: Vec<i32> = (0..n)
                .map(|i| if extreme { WEIGHT_MAX } else { seed[(i * 7 + 1) % seed.len()].1 })
                .collect();
            let dot = Kernel::Scalar.dot(&x, &w);
            let mut trained = w.clone();
            Kernel::Scalar.train(&x, &mut trained, error);
            for kernel in Kernel::available() {
                prop_assert_eq!(kernel.dot(&x, &w), dot);
                let mut w = w.clone();
                kernel.train(&x, &mut w, error);
                prop_assert_eq!(&w, &trained);
            }
        }
    }
}
