//! One body, compiled for the instruction sets that matter.

/// Defines functions whose bodies are compiled three times: with AVX-512 and FMA, with AVX2 and FMA, and for
/// the baseline, where each fused multiplication is a call; the processor chooses. Loops inside are left to the compiler,
/// which neither fuses nor reorders sums by itself, so that all three give the same values.
macro_rules! vectorised {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, unsafe_code)]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            fn body($($arg: $ty),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                fn wide($($arg: $ty),*) $(-> $ret)? {
                    body($($arg),*)
                }
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("fma")
                {
                    // SAFETY: the features that `wide` is compiled with were just detected.
                    return unsafe { wide($($arg),*) };
                }
                #[target_feature(enable = "avx2,fma")]
                fn middle($($arg: $ty),*) $(-> $ret)? {
                    body($($arg),*)
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the features that `middle` is compiled with were just detected.
                    return unsafe { middle($($arg),*) };
                }
            }
            body($($arg),*)
        }
    )*};
}

pub(crate) use vectorised;

#[cfg(test)]
mod tests {
    use crate::random::Random;

    /// What kernels do: fused multiplications along a row, and sixteen interleaved sums.
    #[inline(always)]
    fn work(a: &[f32], b: &[f32], out: &mut [f32]) -> f32 {
        let mut sums = [0.0f32; 16];
        for ((a, b), out) in a
            .chunks_exact(16)
            .zip(b.chunks_exact(16))
            .zip(out.chunks_exact_mut(16))
        {
            for (((&a, &b), out), sum) in a.iter().zip(b).zip(out).zip(&mut sums) {
                *out = a.mul_add(b, -*out).mul_add(0.3, *out);
                *sum = out.mul_add(b, *sum);
            }
        }
        sums.iter().sum()
    }

    vectorised! {
        fn by_the_processors_best(a: &[f32], b: &[f32], out: &mut [f32]) -> f32 {
            work(a, b, out)
        }
    }

    #[inline(never)]
    fn by_the_baseline(a: &[f32], b: &[f32], out: &mut [f32]) -> f32 {
        work(a, b, out)
    }

    #[test]
    fn all_instruction_sets_give_the_same_values() {
        let mut random = Random::new(7, 0);
        let mut some = || (0..4096).map(|_| random.normal()).collect::<Vec<f32>>();
        let (a, b, start) = (some(), some(), some());
        let (mut best, mut base) = (start.clone(), start);
        let sums = [
            by_the_processors_best(&a, &b, &mut best),
            by_the_baseline(&a, &b, &mut base),
        ];
        assert_eq!(sums[0].to_bits(), sums[1].to_bits());
        assert!(
            best.iter()
                .zip(&base)
                .all(|(x, y)| x.to_bits() == y.to_bits())
        );
    }
}
