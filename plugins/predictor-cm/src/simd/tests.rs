//! Every kernel against the reference.

use super::*;
use proptest::prelude::*;

/// All operations, on the same numbers.
struct All<'a> {
    x: &'a [Line],
    weights: &'a mut [Line],
    at: &'a [u32],
    error: i16,
    opinions: &'a mut [i16; NARROW],
    narrow: &'a mut i32,
}

impl Job for All<'_> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        let mut opinions = Narrow([0; NARROW]);
        O::mix(self.x, self.weights, self.at, &mut opinions);
        *self.opinions = opinions.0;
        let n = self.x.len();
        for &at in self.at {
            O::train(
                self.x,
                &mut self.weights[at as usize..][..2 * n],
                self.error,
            );
        }
        let x = Narrow(std::array::from_fn(|i| self.x[0].0[i]));
        let row = &mut self.weights[0];
        *self.narrow = O::mix_narrow(&x, row);
        O::train_narrow(&x, row, self.error);
    }
}

struct Learn<'a>(
    &'a mut [u32; GROUP],
    &'a [u32; GROUP],
    &'a mut [[i16; GROUP]; 3],
);

impl Job for Learn<'_> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        *self.2 = O::told(&[-2815, 2815, 1, -1, 0, 77, -78, 79], self.0);
        *self.0 = O::updated(self.0, self.1);
    }
}

struct Expect<'a>(&'a [u32; GROUP], u32, u32, &'a mut Vec<i64>);

impl Job for Expect<'_> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        let x = [-2815, 2815, 1, -1, 0, 77, -78, 79];
        let said = O::expected(&x, self.0, self.1, self.2);
        self.3.extend(said.inputs.map(i64::from));
        self.3.extend(said.agree.map(i64::from));
        self.3.extend(said.bits.map(i64::from));
    }
}

#[test]
fn runs_say_the_same_with_every_kernel() {
    for partial in 1u32..256 {
        let shift = 7 - partial.ilog2();
        let near = ((partial << (shift + 1)) & 255) | 256;
        let expected = std::array::from_fn(|i| match i {
            0 => 0,
            1..=4 => near | ((i as u32 * 85) & ((2 << shift) - 1)),
            _ => 256 | ((partial * 7 + 31 * i as u32) & 255),
        });
        let said = Kernel::available().into_iter().map(|kernel| {
            let mut said = Vec::new();
            kernel.run(Expect(&expected, partial, shift, &mut said));
            said
        });
        let said: Vec<_> = said.collect();
        assert!(said.windows(2).all(|s| s[0] == s[1]), "{partial}");
        assert!(
            said[0][GROUP + 1..GROUP + 5]
                .iter()
                .all(|&agree| agree != 0)
        );
    }
}

#[test]
fn counters_learn_the_same_with_every_kernel() {
    for n in 0..256 {
        for p in [0, 1, 77, 20_000, 32_768, 65_000, 65_535u32] {
            let counters: [u32; GROUP] =
                std::array::from_fn(|i| p << 16 | (13 * i as u32) << 8 | n);
            let bits = std::array::from_fn(|i| (i as u32 / 3) & 1);
            let expected: [u32; GROUP] = std::array::from_fn(|i| updated(counters[i], bits[i]));
            let mut reference = None;
            for kernel in Kernel::available() {
                let (mut learned, mut told) = (counters, [[0; GROUP]; 3]);
                kernel.run(Learn(&mut learned, &bits, &mut told));
                assert_eq!(learned, expected, "{kernel:?} {n} {p}");
                assert_eq!(told, *reference.get_or_insert(told), "{kernel:?} {n} {p}");
            }
        }
    }
}

proptest! {
    /// The extremes of inputs, weights and errors are where a carry or a saturation would differ.
    #[test]
    fn the_kernels_give_the_same_bits(
        seed in prop::collection::vec((-2815i16..=2815, any::<i16>()), 1..40),
        extreme in any::<bool>(),
        width in 1usize..5,
        rows in 1usize..17,
        error in -16_320i16..=16_320,
    ) {
        let number = |i: usize| seed[i % seed.len()];
        let line = |l: usize, f: &dyn Fn(usize) -> i16| Line(std::array::from_fn(|i| f(l * LANES + i)));
        let x: Vec<Line> = (0..width)
            .map(|l| line(l, &|i| if extreme { 2815 } else { number(i).0 }))
            .collect();
        let weights: Vec<Line> = (0..2 * width * rows)
            .map(|l| line(l, &|i| if extreme { i16::MAX } else { number(i * 7 + 1).1 }))
            .collect();
        let at: Vec<u32> = (0..rows as u32).map(|row| row * 2 * width as u32).collect();
        let results: Vec<_> = Kernel::available()
            .into_iter()
            .map(|kernel| {
                let (mut weights, mut opinions, mut narrow) = (weights.clone(), [0; NARROW], 0);
                kernel.run(All {
                    x: &x,
                    weights: &mut weights,
                    at: &at,
                    error,
                    opinions: &mut opinions,
                    narrow: &mut narrow,
                });
                (flat(&mut weights).to_vec(), opinions, narrow)
            })
            .collect();
        prop_assert!(results.windows(2).all(|r| r[0] == r[1]));
    }
}
