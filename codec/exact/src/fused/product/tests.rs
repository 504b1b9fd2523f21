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
        Isa::Avx2 => match matrix.excess {
            Some(excess) => {
                x86::avx2_trimmed(matrix, &bytes, &mut out);
                add_excess(matrix, excess, &bytes, &mut out);
            }
            None => x86::avx2(matrix, &low, &high, &mut out),
        },
        #[cfg(not(target_arch = "x86_64"))]
        _ => unreachable!("{words:?}{low:?}{high:?}"),
    }
    out
}

proptest! {
    #[test]
    fn kernels_are_the_definition(
        rows in 1usize..15, inner in 1usize..70, columns in 1usize..150,
        low in -300i64..300, span in prop_oneof![Just(255u8), 1u8..], large in any::<bool>(), seed in any::<u64>(),
    ) {
        let mut random = crate::random::Random::new(seed);
        // The extremes often: they are what saturates. Where few weights are large they are trimmed.
        let x: Vec<u8> = (0..rows * inner)
            .map(|_| if random.flag() { span } else { random.byte() % span })
            .collect();
        let weights: Vec<i8> = (0..inner * columns)
            .map(|_| match random.flag() && (large || random.below(200) == 0) {
                true => if random.flag() { -128 } else { 127 },
                false => (random.byte() as i8) >> if large { 0 } else { 3 },
            })
            .collect();
        let bias: Vec<i64> = (0..columns).map(|_| random.word() as i32 as i64).collect();
        // Beside another matrix, as experts lie.
        let weight = |number: usize, row, column| {
            let weight: i8 = weights[row * columns + column];
            if number == 1 { weight } else { !weight }
        };
        let expected = definition(&x, &weights, &bias, low, inner);
        for isa in Isa::here() {
            let sizes = [2, inner, columns];
            let bank = Bank::pack(sizes, Counted { low, span }, isa, weight, |column| bias[column]);
            prop_assert_eq!(&kernel(isa, bank.matrix(1), &x, rows), &expected, "{}", isa);
        }
    }
}

#[test]
fn few_weights_are_trimmed_and_many_are_not() {
    let counted = Counted { low: 0, span: 255 };
    let pack = |isa, one: usize| {
        let weight = |_, row: usize, column: usize| {
            let large = (row * 32 + column).is_multiple_of(one);
            if large { 127 } else { 20 }
        };
        Bank::pack([1, 64, 32], counted, isa, weight, |_| 0).is_trimmed()
    };
    assert!(pack(Isa::Avx2, 500));
    assert!(!pack(Isa::Avx2, 3));
    assert!(!pack(Isa::Vnni, 500));
}
