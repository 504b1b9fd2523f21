//! How many products of bytes the machine can form at most, whatever their values: what kernels are measured against. With AVX2 and with
//! AVX-512 alone that is by words; products of two bytes at once saturate, and serve only where weights are trimmed (`product/trim.rs`).

#![cfg_attr(
    target_arch = "x86_64",
    allow(unsafe_code, reason = "vector instructions")
)]

use std::time::{Duration, Instant};

use super::isa::Isa;

/// Turns of the loop in one run, some microseconds.
const TURNS: u32 = 1 << 12;

/// Independent sums, more than instructions are under way at once.
const SUMS: usize = 16;

/// Multiply-accumulates of bytes per second on one core, by a loop in registers that does nothing
/// else: the best of many short runs within `time`. `None` for [`Isa::Scalar`], which has no such
/// instruction.
#[must_use]
pub fn peak(isa: Isa, time: Duration) -> Option<f64> {
    if !isa.is_here() {
        return None;
    }
    let products = match isa {
        Isa::Scalar => return None,
        Isa::Avx2 => 16,
        Isa::Avx512 => 32,
        Isa::Vnni => 64,
    };
    let started = Instant::now();
    let mut best = Duration::MAX;
    while started.elapsed() < time {
        let start = Instant::now();
        turn(isa);
        best = best.min(start.elapsed());
    }
    let done = f64::from(TURNS) * (SUMS * products) as f64;
    Some(done / best.as_secs_f64())
}

#[cfg(not(target_arch = "x86_64"))]
fn turn(_: Isa) {}

#[cfg(target_arch = "x86_64")]
fn turn(isa: Isa) {
    use std::hint::black_box;
    // SAFETY: `peak` has asked whether the machine has the instructions.
    black_box(unsafe {
        match isa {
            Isa::Vnni => x86::vnni(black_box(3)),
            Isa::Avx512 => x86::avx512(black_box(3)),
            Isa::Scalar | Isa::Avx2 => x86::avx2(black_box(3)),
        }
    });
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{SUMS, TURNS};

    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn vnni(x: i32) -> i32 {
        let x = _mm512_set1_epi32(x);
        let mut sums = [x; SUMS];
        for _ in 0..TURNS {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, x, x);
            }
        }
        let all = sums.into_iter().fold(x, |a, b| _mm512_xor_si512(a, b));
        _mm512_reduce_add_epi32(all)
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn avx512(x: i32) -> i32 {
        let x = _mm512_set1_epi32(x);
        let mut sums = [x; SUMS];
        for _ in 0..TURNS {
            for sum in &mut sums {
                // The operand depends on the sum, or the product would be taken out of the loop.
                *sum = _mm512_add_epi32(*sum, _mm512_madd_epi16(*sum, x));
            }
        }
        let all = sums.into_iter().fold(x, |a, b| _mm512_xor_si512(a, b));
        _mm512_reduce_add_epi32(all)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn avx2(x: i32) -> i32 {
        let x = _mm256_set1_epi32(x);
        let mut sums = [x; SUMS];
        for _ in 0..TURNS {
            for sum in &mut sums {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(*sum, x));
            }
        }
        let all = sums.into_iter().fold(x, |a, b| _mm256_xor_si256(a, b));
        _mm256_extract_epi32::<0>(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_a_peak_and_words_have_none() {
        let time = Duration::from_millis(2);
        assert_eq!(peak(Isa::Scalar, time), None);
        for isa in Isa::here().skip(1) {
            assert!(peak(isa, time).is_some_and(|peak| peak > 1e8));
        }
    }
}
