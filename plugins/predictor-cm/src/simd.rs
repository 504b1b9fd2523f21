//! One source, several instruction sets, the same bits.
//!
//! All arithmetic of the model is on integers. [`Kernel::run`] compiles the whole of it once
//! for the plain target, the reference, and once for each vector extension; the inner loops of the
//! mixer and of groups of counters, which the compiler does not vectorise by itself, are written by
//! hand as [`Ops`]. They are sums modulo 2^32 and element-wise operations, so the order of summation
//! does not matter and equality is exact.

#![allow(unsafe_code, reason = "vector kernels and prefetch")]

use crate::counter::updated;
use crate::math::LOGIT_MAX;
use crate::mixer::{GROUP, UPPER_BITS};
use crate::slots::{KNOWN, SURE, marked};

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

/// Numbers of 16 bits in a vector of 512 bits.
pub(crate) const LANES: usize = 32;

/// A cache line of numbers.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Line(pub(crate) [i16; LANES]);

impl Line {
    pub(crate) const ZERO: Self = Self([0; LANES]);
}

/// Most opinions of a layer, and inputs of a narrow one.
pub(crate) const NARROW: usize = 16;
/// The inputs of a narrow layer.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Narrow(pub(crate) [i16; NARROW]);

/// The numbers of some lines.
#[inline(always)]
pub(crate) fn flat(lines: &mut [Line]) -> &mut [i16] {
    // SAFETY: a line is `LANES` numbers, without padding.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), LANES * lines.len()) }
}

/// What runs say of a bit.
pub(crate) struct Expected {
    /// The inputs: logits of the expected bits.
    pub(crate) inputs: [i16; GROUP],
    /// All ones where the expected byte agrees with the bits so far.
    pub(crate) agree: [u32; GROUP],
    /// The expected bits.
    pub(crate) bits: [u32; GROUP],
}

/// The mixer's inner loops. A row of weights is as many lines of upper halves as there are lines of
/// inputs, then as many of lower halves. Sums are modulo 2^32: their order does not matter.
pub(crate) trait Ops {
    /// Opinion k is the `logit` of the sum over i of `x[i] * upper[i]` in the row that begins at line
    /// `at[k]`; those behind the last row are 0.
    fn mix(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow);
    /// Each weight plus `x[i] * error`; upper halves saturate.
    fn train(x: &[Line], row: &mut [Line], error: i16);
    /// The sum over i of `x[i] * upper[i]`, of a row in one line: upper halves, then lower ones.
    fn mix_narrow(x: &Narrow, row: &Line) -> i32;
    /// As `train`, for such a row.
    fn train_narrow(x: &Narrow, row: &mut Line, error: i16);
    /// Of the logits of counters that may be marked: those of counters that are `KNOWN`, those of counters that are
    /// `SURE`, else 0; and -1 for each that is known, else 0.
    fn told(x: &[i16; GROUP], counters: &[u32; GROUP]) -> [[i16; GROUP]; 3];
    /// Where 256 + a byte is expected, or 0, and `x` are the logits of what is expected: what that says of the bit after
    /// `partial`, which is bit `shift` of a byte.
    fn expected(x: &[i16; GROUP], expected: &[u32; GROUP], partial: u32, shift: u32) -> Expected;
    /// What `updated` makes of counters, each with a bit of its own.
    fn updated(counters: &[u32; GROUP], bits: &[u32; GROUP]) -> [u32; GROUP];
}

/// The reference.
pub(crate) struct ScalarOps;

/// The logit of a sum of products.
#[inline(always)]
pub(crate) fn logit(sum: i32) -> i32 {
    (sum >> UPPER_BITS).clamp(-LOGIT_MAX, LOGIT_MAX)
}

#[inline(always)]
fn dot(x: &[i16], upper: &[i16]) -> i32 {
    let products = x
        .iter()
        .zip(upper)
        .map(|(&x, &w)| i32::from(x) * i32::from(w));
    products.fold(0, i32::wrapping_add)
}

#[inline(always)]
fn learn(x: &[i16], upper: &mut [i16], lower: &mut [i16], error: i16) {
    for ((&x, upper), lower) in x.iter().zip(upper).zip(lower) {
        let step = i32::from(x) * i32::from(error);
        let low = u32::from(*lower as u16) + (step as u32 & 0xFFFF);
        let high = upper.saturating_add((step >> 16) as i16);
        *upper = high.saturating_add((low >> 16) as i16);
        *lower = low as i16;
    }
}

impl Ops for ScalarOps {
    #[inline(always)]
    fn mix(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow) {
        *opinions = Narrow([0; NARROW]);
        for (opinion, &at) in opinions.0.iter_mut().zip(at) {
            let row = &weights[at as usize..][..x.len()];
            let sums = x.iter().zip(row).map(|(x, w)| dot(&x.0, &w.0));
            *opinion = logit(sums.fold(0, i32::wrapping_add)) as i16;
        }
    }

    #[inline(always)]
    fn train(x: &[Line], row: &mut [Line], error: i16) {
        let (upper, lower) = row.split_at_mut(x.len());
        for ((x, upper), lower) in x.iter().zip(upper).zip(lower) {
            learn(&x.0, &mut upper.0, &mut lower.0, error);
        }
    }

    #[inline(always)]
    fn mix_narrow(x: &Narrow, row: &Line) -> i32 {
        dot(&x.0, &row.0)
    }

    #[inline(always)]
    fn train_narrow(x: &Narrow, row: &mut Line, error: i16) {
        let (upper, lower) = row.0.split_at_mut(NARROW);
        learn(&x.0, upper, lower, error);
    }

    #[inline(always)]
    fn told(x: &[i16; GROUP], counters: &[u32; GROUP]) -> [[i16; GROUP]; 3] {
        let known = counters.map(|c| marked(c, KNOWN));
        [
            std::array::from_fn(|i| x[i] & known[i]),
            std::array::from_fn(|i| x[i] & marked(counters[i], SURE)),
            known,
        ]
    }

    #[inline(always)]
    fn expected(x: &[i16; GROUP], expected: &[u32; GROUP], partial: u32, shift: u32) -> Expected {
        let shown = expected.map(|e| e >> shift);
        let agree = shown.map(|s| u32::from(s >> 1 == partial).wrapping_neg());
        let bits = shown.map(|s| s & 1);
        let inputs = std::array::from_fn(|i| {
            let x = if bits[i] == 1 { x[i] } else { -x[i] };
            x & agree[i] as i16
        });
        Expected {
            inputs,
            agree,
            bits,
        }
    }

    #[inline(always)]
    fn updated(counters: &[u32; GROUP], bits: &[u32; GROUP]) -> [u32; GROUP] {
        std::array::from_fn(|i| updated(counters[i], bits[i]))
    }
}

/// Kernels for 256-bit vectors; only `Kernel::run` may use them.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx2Ops;

#[cfg(target_arch = "x86_64")]
impl Ops for Avx2Ops {
    #[inline(always)]
    fn mix(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow) {
        // SAFETY: `Kernel::run` uses these operations where `available` found AVX2.
        unsafe { x86::mix(x, weights, at, opinions) }
    }

    #[inline(always)]
    fn train(x: &[Line], row: &mut [Line], error: i16) {
        // SAFETY: as above.
        unsafe { x86::train(x, row, error) }
    }

    #[inline(always)]
    fn mix_narrow(x: &Narrow, row: &Line) -> i32 {
        // SAFETY: as above.
        unsafe { x86::mix_narrow(x, row) }
    }

    #[inline(always)]
    fn train_narrow(x: &Narrow, row: &mut Line, error: i16) {
        // SAFETY: as above.
        unsafe { x86::train_narrow(x, row, error) }
    }

    #[inline(always)]
    fn told(x: &[i16; GROUP], counters: &[u32; GROUP]) -> [[i16; GROUP]; 3] {
        // SAFETY: as above.
        unsafe { x86::told(x, counters) }
    }

    #[inline(always)]
    fn expected(x: &[i16; GROUP], expected: &[u32; GROUP], partial: u32, shift: u32) -> Expected {
        // SAFETY: as above.
        unsafe { x86::expected(x, expected, partial, shift) }
    }

    #[inline(always)]
    fn updated(counters: &[u32; GROUP], bits: &[u32; GROUP]) -> [u32; GROUP] {
        // SAFETY: as above.
        unsafe { x86::updated(counters, bits) }
    }
}

/// Kernels for 512-bit vectors, and those for 256 bits where there is no more to do; only `Kernel::run` may use
/// them, where both are to be had.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Avx512Ops;

#[cfg(target_arch = "x86_64")]
impl Ops for Avx512Ops {
    #[inline(always)]
    fn mix(x: &[Line], weights: &[Line], at: &[u32], opinions: &mut Narrow) {
        // SAFETY: `Kernel::run` uses these operations where `available` found AVX-512F and BW.
        unsafe { x86::mix512(x, weights, at, opinions) }
    }

    #[inline(always)]
    fn train(x: &[Line], row: &mut [Line], error: i16) {
        // SAFETY: as above.
        unsafe { x86::train512(x, row, error) }
    }

    #[inline(always)]
    fn mix_narrow(x: &Narrow, row: &Line) -> i32 {
        Avx2Ops::mix_narrow(x, row)
    }

    #[inline(always)]
    fn train_narrow(x: &Narrow, row: &mut Line, error: i16) {
        Avx2Ops::train_narrow(x, row, error);
    }

    #[inline(always)]
    fn told(x: &[i16; GROUP], counters: &[u32; GROUP]) -> [[i16; GROUP]; 3] {
        Avx2Ops::told(x, counters)
    }

    #[inline(always)]
    fn expected(x: &[i16; GROUP], expected: &[u32; GROUP], partial: u32, shift: u32) -> Expected {
        Avx2Ops::expected(x, expected, partial, shift)
    }

    #[inline(always)]
    fn updated(counters: &[u32; GROUP], bits: &[u32; GROUP]) -> [u32; GROUP] {
        Avx2Ops::updated(counters, bits)
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
mod x86;

#[cfg(test)]
mod tests;
