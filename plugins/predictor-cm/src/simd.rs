//! One source, several instruction sets, the same bits.
//!
//! All arithmetic of the model is on integers. [`Kernel::run`] compiles the whole of it once
//! for the plain target, the reference, and once for each vector extension; the mixer's two
//! inner loops, which the compiler does not vectorise by itself, are written by hand as
//! [`Ops`]. They are sums and element-wise operations on i32 that cannot overflow (bounds in
//! `mixer.rs`), so the order of summation does not matter and equality is exact.

#![allow(unsafe_code, reason = "vector kernels and prefetch")]

use crate::mixer::WEIGHT_MAX;

/// Which compilation to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Something that `Kernel::run` compiles for each instruction set. `run` and what it calls
/// must be `#[inline(always)]`, or it stays compiled for the plain target.
pub(crate) trait Job {
    fn run<O: Ops>(self);
}

/// The mixer's inner loops. `x` and `w` have one length, a multiple of 16.
pub(crate) trait Ops {
    /// Sum over i of `(x[i] * (w[i] >> 4)) >> 8`: a logit times 2^8.
    fn dot(x: &[i32], w: &[i32]) -> i32;
    /// `w[i] += (x[i] * error + 2^9) >> 10`, clamped to `WEIGHT_MAX`.
    fn train(x: &[i32], w: &mut [i32], error: i32);
}

/// The reference.
pub(crate) struct ScalarOps;

impl Ops for ScalarOps {
    #[inline(always)]
    fn dot(x: &[i32], w: &[i32]) -> i32 {
        x.iter().zip(w).map(|(&x, &w)| (x * (w >> 4)) >> 8).sum()
    }

    #[inline(always)]
    fn train(x: &[i32], w: &mut [i32], error: i32) {
        for (w, &x) in w.iter_mut().zip(x) {
            *w = (*w + ((x * error + (1 << 9)) >> 10)).clamp(-WEIGHT_MAX, WEIGHT_MAX);
        }
    }
}

/// Kernels for 256-bit vectors; only `Kernel::run` may use them.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx2Ops;

#[cfg(target_arch = "x86_64")]
impl Ops for Avx2Ops {
    #[inline(always)]
    fn dot(x: &[i32], w: &[i32]) -> i32 {
        // SAFETY: `Kernel::run` uses these operations where `available` found AVX2.
        unsafe { x86::dot(x, w) }
    }

    #[inline(always)]
    fn train(x: &[i32], w: &mut [i32], error: i32) {
        // SAFETY: as above.
        unsafe { x86::train(x, w, error) }
    }
}

/// Kernels for 512-bit vectors; only `Kernel::run` may use them.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx512Ops;

#[cfg(target_arch = "x86_64")]
impl Ops for Avx512Ops {
    #[inline(always)]
    fn dot(x: &[i32], w: &[i32]) -> i32 {
        // SAFETY: `Kernel::run` uses these operations where `available` found AVX-512F.
        unsafe { x86::dot512(x, w) }
    }

    #[inline(always)]
    fn train(x: &[i32], w: &mut [i32], error: i32) {
        // SAFETY: as above.
        unsafe { x86::train512(x, w, error) }
    }
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

    /// The kernels this machine can run, the reference first.
    pub(crate) fn available() -> Vec<Self> {
        let mut kernels = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2") {
                kernels.push(Self::Avx2);
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    kernels.push(Self::Avx512);
                }
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

    /// Runs the job as compiled for this kernel.
    pub(crate) fn run(self, job: impl Job) {
        match self {
            Self::Scalar => job.run::<ScalarOps>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` found these extensions.
            Self::Avx2 => unsafe { run_avx2(job) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` found these extensions.
            Self::Avx512 => unsafe { run_avx512(job) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run_avx2(job: impl Job) {
    job.run::<Avx2Ops>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl")]
fn run_avx512(job: impl Job) {
    job.run::<Avx512Ops>();
}

/// Asks for the cache line at `memory[at]`, where that is within; nothing happens on other
/// architectures.
#[inline(always)]
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
    //! Loops over pointers, two vectors at a time: the rows are short, so that the overhead of
    //! each turn counts.

    use std::arch::x86_64::*;

    use crate::mixer::WEIGHT_MAX;

    /// # Safety
    /// AVX2; equal lengths, a multiple of 16.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn dot(x: &[i32], w: &[i32]) -> i32 {
        debug_assert!(x.len() == w.len() && x.len().is_multiple_of(16));
        let (x, w, n) = (x.as_ptr(), w.as_ptr(), x.len());
        let (mut a, mut b) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        let mut i = 0;
        while i < n {
            // SAFETY: i + 16 is at most n, the length of both.
            unsafe {
                let term = |at: usize| {
                    let x = _mm256_loadu_si256(x.add(at).cast());
                    let w = _mm256_loadu_si256(w.add(at).cast());
                    _mm256_srai_epi32::<8>(_mm256_mullo_epi32(x, _mm256_srai_epi32::<4>(w)))
                };
                a = _mm256_add_epi32(a, term(i));
                b = _mm256_add_epi32(b, term(i + 8));
            }
            i += 16;
        }
        let sum = _mm256_add_epi32(a, b);
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
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn train(x: &[i32], w: &mut [i32], error: i32) {
        debug_assert!(x.len() == w.len() && x.len().is_multiple_of(16));
        let (x, n, w) = (x.as_ptr(), w.len(), w.as_mut_ptr());
        let error = _mm256_set1_epi32(error);
        let half = _mm256_set1_epi32(1 << 9);
        let (low, high) = (
            _mm256_set1_epi32(-WEIGHT_MAX),
            _mm256_set1_epi32(WEIGHT_MAX),
        );
        let mut i = 0;
        while i < n {
            // SAFETY: i + 8 is at most n, the length of both.
            unsafe {
                let old = _mm256_loadu_si256(w.add(i).cast());
                let product = _mm256_mullo_epi32(_mm256_loadu_si256(x.add(i).cast()), error);
                let step = _mm256_srai_epi32::<10>(_mm256_add_epi32(product, half));
                let new = _mm256_add_epi32(old, step);
                let new = _mm256_max_epi32(_mm256_min_epi32(new, high), low);
                _mm256_storeu_si256(w.add(i).cast(), new);
            }
            i += 8;
        }
    }

    /// # Safety
    /// AVX-512F; equal lengths, a multiple of 16.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn dot512(x: &[i32], w: &[i32]) -> i32 {
        debug_assert!(x.len() == w.len() && x.len().is_multiple_of(16));
        let (x, w, n) = (x.as_ptr(), w.as_ptr(), x.len());
        let mut sum = _mm512_setzero_si512();
        let mut i = 0;
        while i < n {
            // SAFETY: i + 16 is at most n, the length of both.
            let (x, w) = unsafe {
                (
                    _mm512_loadu_si512(x.add(i).cast()),
                    _mm512_loadu_si512(w.add(i).cast()),
                )
            };
            let product = _mm512_mullo_epi32(x, _mm512_srai_epi32::<4>(w));
            sum = _mm512_add_epi32(sum, _mm512_srai_epi32::<8>(product));
            i += 16;
        }
        _mm512_reduce_add_epi32(sum)
    }

    /// # Safety
    /// AVX-512F; equal lengths, a multiple of 16.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn train512(x: &[i32], w: &mut [i32], error: i32) {
        debug_assert!(x.len() == w.len() && x.len().is_multiple_of(16));
        let (x, n, w) = (x.as_ptr(), w.len(), w.as_mut_ptr());
        let error = _mm512_set1_epi32(error);
        let half = _mm512_set1_epi32(1 << 9);
        let (low, high) = (
            _mm512_set1_epi32(-WEIGHT_MAX),
            _mm512_set1_epi32(WEIGHT_MAX),
        );
        let mut i = 0;
        while i < n {
            // SAFETY: i + 16 is at most n, the length of both.
            unsafe {
                let old = _mm512_loadu_si512(w.add(i).cast());
                let product = _mm512_mullo_epi32(_mm512_loadu_si512(x.add(i).cast()), error);
                let step = _mm512_srai_epi32::<10>(_mm512_add_epi32(product, half));
                let new = _mm512_add_epi32(old, step);
                let new = _mm512_max_epi32(_mm512_min_epi32(new, high), low);
                _mm512_storeu_si512(w.add(i).cast(), new);
            }
            i += 16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Both<'a> {
        x: &'a [i32],
        w: &'a mut [i32],
        error: i32,
        dot: &'a mut i32,
    }

    impl Job for Both<'_> {
        #[inline(always)]
        fn run<O: Ops>(self) {
            *self.dot = O::dot(self.x, self.w);
            O::train(self.x, self.w, self.error);
        }
    }

    proptest! {
        /// The extremes of inputs, weights and errors are where an overflow would show.
        #[test]
        fn the_kernels_give_the_same_bits(
            seed in prop::collection::vec((-2815i32..=2815, -WEIGHT_MAX..=WEIGHT_MAX), 1..12),
            extreme in any::<bool>(),
            error in -65_535i32..=65_535,
        ) {
            let n = seed.len() * 16;
            let x: Vec<i32> =
                (0..n).map(|i| if extreme { 2815 } else { seed[i % seed.len()].0 }).collect();
            let w: Vec<i32> = (0..n)
                .map(|i| if extreme { WEIGHT_MAX } else { seed[(i * 7 + 1) % seed.len()].1 })
                .collect();
            let results: Vec<(i32, Vec<i32>)> = Kernel::available()
                .into_iter()
                .map(|kernel| {
                    let (mut w, mut dot) = (w.clone(), 0);
                    kernel.run(Both { x: &x, w: &mut w, error, dot: &mut dot });
                    (dot, w)
                })
                .collect();
            prop_assert!(results.windows(2).all(|r| r[0] == r[1]));
        }
    }
}
