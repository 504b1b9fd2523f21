//! Every kernel against the definition.

use proptest::prelude::*;

use super::*;

fn definition(x: &[u8], weights: &[i8], bias: &[i64], low: i64, inner: usize) -> Vec<i32> {
    let columns = bias.len();
    let mut out = Vec::new();
    for row in x.chunks_exact(inner) {
        for column in 0..columns {
            let products = row
                .iter()
                .enumerate()
                .map(|(k, &x)| (i64::from(x) + low) * i64::from(weights[k * columns + column]));
            out.push((products.sum::<i64>() + bias[column]) as i32);
        }
    }
    out
}

fn kernel(isa: Isa, matrix: Matrix<'_>, x: &[u8], rows: usize) -> Vec<i32> {
    let stride = matrix.quads() * QUAD;
    let mut bytes = vec![0xa5; rows * stride];
    for (to, from) in bytes
        .chunks_exact_mut(stride)
        .zip(x.chunks_exact(matrix.inner))
    {
        to[..from.len()].copy_from_slice(from);
    }
    let mut out = vec![0; rows * matrix.columns];
    let words: Vec<i16> = bytes.iter().map(|&x| x.into()).collect();
    let low: Vec<u8> = bytes.iter().map(|x| x & 15).collect();
    let high: Vec<u8> = bytes.iter().map(|x| x >> 4).collect();
    match isa {
        Isa::Scalar => portable::product(matrix, &bytes, &mut out),
        #[cfg(target_arch = "x86_64")]
        Isa::Vnni => x86::vnni(matrix, &bytes, &mut out),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => x86::avx512(matrix, &words, &mut out),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => x86::avx2(matrix, &low, &high, &mut out),
        #[cfg(not(target_arch = "x86_64"))]
        _ => unreachable!("{words:?}{low:?}{high:?}"),
    }
    out
}

proptest! {
    #[test]
    fn kernels_are_the_definition(
        rows in 1usize..15, inner in 1usize..70, columns in 1usize..150,
        low in -300i64..300, seed in any::<u64>(),
    ) {
        let mut random = crate::random::Random::new(seed);
        // The extremes often: they are what saturates.
        let x: Vec<u8> = (0..rows * inner)
            .map(|_| if random.flag() { 255 } else { random.byte() })
            .collect();
        let weights: Vec<i8> = (0..inner * columns)
            .map(|_| if random.flag() { -128 } else { random.byte() as i8 })
            .collect();
        let bias: Vec<i64> = (0..columns).map(|_| random.word() as i32 as i64).collect();
        // Beside another matrix, as experts lie.
        let weight = |number: usize, row, column| {
            let weight: i8 = weights[row * columns + column];
            if number == 1 { weight } else { !weight }
        };
        let bank = Bank::pack([2, inner, columns], low, weight, |column| bias[column]);
        let matrix = bank.matrix(1);
        let expected = definition(&x, &weights, &bias, low, inner);
        for isa in Isa::here() {
            prop_assert_eq!(&kernel(isa, matrix, &x, rows), &expected, "{}", isa);
        }
    }
}
