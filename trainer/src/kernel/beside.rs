//! The loss of a network that stands beside another predictor, which has an opinion of each bit.
//!
//! With `t` the network's logit of a bit, that is the logarithm of the ratio of both subtrees' probabilities, and `c` the other's,
//! both counted towards the bit that came, the two say together that it comes with the probability `1 / (1 + e^-x)`,
//!
//! ```text
//! x = a t + b c        a, b: balance[min(floor(|c|), 11)]
//! ```
//!
//! as a logistic mixer does with weights chosen by how sure one of them is (Mattern, "Mixing strategies in data compression",
//! DCC 2012). The loss is the bits that they spend together, and a share of what the network spends alone.

use super::elementwise::exp2;
use super::vectorised::vectorised;

/// Pairs of weights: one for each whole number that the other's logit may have, its sign aside.
pub const BUCKETS: usize = 12;

/// Logits are cut to this magnitude, as those of the mixer are.
pub const SUREST: f32 = 2815.0 / 256.0;

/// Units of the other's logits.
const UNIT: f32 = 1.0 / 256.0;

vectorised! {
    /// Replaces `logits` (binary orders, rows of 256) by the gradient of the summed loss times `scale`. The loss of a row is
    /// `own` times the bits that it spends alone and `1 - own` times those spent together.
    ///
    /// `others`: [rows, 8], the other's logits of a 1 in units of 1/256, the highest bit first. `balance`: [BUCKETS, 2], `a` and `b`;
    /// `learned`, of the same shape, gets the gradient of the bits spent together, times `scale`. `alone` and `together`: [rows],
    /// bits spent.
    pub fn beside_bits(logits: &mut [f32], targets: &[u8], others: &[i16], balance: &[f32], learned: &mut [f32], alone: &mut [f32], together: &mut [f32], own: f32, scale: f32) {
        learned.fill(0.0);
        let rows = logits.as_chunks_mut::<256>().0.iter_mut().zip(targets);
        let spent = alone.iter_mut().zip(together);
        for (((row, &target), others), (alone, together)) in rows.zip(others.as_chunks::<8>().0).zip(spent) {
            let mut peak = [f32::MIN; 16];
            for part in row.as_chunks::<16>().0 {
                for (peak, &value) in peak.iter_mut().zip(part) {
                    *peak = peak.max(value);
                }
            }
            let peak = peak.iter().copied().fold(f32::MIN, f32::max);
            for value in row.iter_mut() {
                *value = exp2(*value - peak);
            }
            // Of each bit the subtree that was not taken, and below it the sum of all that was, from the leaf on.
            let target = usize::from(target);
            let side = |bit: usize| {
                let size = 128 >> bit;
                let first = (target & !(2 * size - 1)) | (!target & size);
                first..first + size
            };
            let mut left = [0.0f32; 8];
            for (bit, left) in left.iter_mut().enumerate() {
                *left = sum(&row[side(bit)]);
            }
            let mut taken = [row[target]; 9];
            for bit in (0..8).rev() {
                taken[bit] = taken[bit + 1] + left[bit];
            }
            *alone = taken[0].log2() - taken[8].log2();

            *together = 0.0;
            let mine = own * scale / taken[0];
            // What all bytes below a subtree that was taken have in their gradient.
            let mut path = mine;
            for bit in 0..8 {
                let sign = if target & (128 >> bit) == 0 { -UNIT } else { UNIT };
                let other = sign * f32::from(others[bit]);
                let ratio = taken[bit + 1].ln() - left[bit].ln();
                let ours = ratio.clamp(-SUREST, SUREST);
                let at = 2 * (other.abs() as usize).min(BUCKETS - 1);
                let x = balance[at] * ours + balance[at + 1] * other;
                // ln(1 + e^-x), and the probability of the bit that did not come.
                let small = (-x.abs()).exp();
                *together += (small.ln_1p() + (-x).max(0.0)) * std::f32::consts::LOG2_E;
                let wrong = if x > 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) };
                learned[at] -= scale * std::f32::consts::LOG2_E * wrong * ours;
                learned[at + 1] -= scale * std::f32::consts::LOG2_E * wrong * other;
                let pull = if ratio == ours { (1.0 - own) * scale * balance[at] * wrong } else { 0.0 };
                let share = path + pull / left[bit];
                row[side(bit)].iter_mut().for_each(|value| *value *= share);
                path -= pull / taken[bit + 1];
            }
            row[target] = row[target] * path - own * scale;
        }
    }
}

/// The sum of `values`, sixteen at a time.
#[inline(always)]
fn sum(values: &[f32]) -> f32 {
    let (parts, rest) = values.as_chunks::<16>();
    let mut sums = [0.0f32; 16];
    for part in parts {
        for (sum, &value) in sums.iter_mut().zip(part) {
            *sum += value;
        }
    }
    sums.iter().chain(rest).sum()
}

#[cfg(test)]
mod tests {
    use super::super::cross_entropy_bits;
    use super::*;
    use crate::random::Random;

    const ROWS: usize = 5;

    struct Case {
        logits: Vec<f32>,
        targets: Vec<u8>,
        others: Vec<i16>,
        balance: Vec<f32>,
    }

    fn case() -> Case {
        let mut random = Random::new(5, 0);
        Case {
            logits: (0..ROWS * 256).map(|_| 3.0 * random.normal()).collect(),
            targets: (0..ROWS).map(|_| random.below(256) as u8).collect(),
            others: (0..8 * ROWS)
                .map(|_| random.below(5680) as i16 - 2839)
                .collect(),
            balance: (0..2 * BUCKETS)
                .map(|i| 0.3 + 0.04 * i as f32 + 0.1 * random.normal())
                .collect(),
        }
    }

    /// Bits spent alone and together by one row, by the sums of whole subtrees, in double precision.
    fn slow(logits: &[f64], target: u8, others: &[i16], balance: &[f64]) -> [f64; 2] {
        let below = |bits: usize, prefix: usize| -> f64 {
            let bytes = (0..256).filter(|byte| byte >> (8 - bits) == prefix);
            bytes.map(|byte| logits[byte].exp2()).sum()
        };
        let target = usize::from(target);
        let together = (0..8).map(|bit| {
            let prefix = target >> (7 - bit);
            let s = (below(bit + 1, prefix | 1) / below(bit + 1, prefix & !1)).ln();
            let c = f64::from(others[bit]) / 256.0;
            let at = 2 * (c.abs() as usize).min(BUCKETS - 1);
            let x =
                balance[at] * s.clamp(-f64::from(SUREST), f64::from(SUREST)) + balance[at + 1] * c;
            let p = 1.0 / (1.0 + (-x).exp());
            -(if prefix & 1 == 1 { p } else { 1.0 - p }).log2()
        });
        [below(0, 0).log2() - logits[target], together.sum()]
    }

    fn wide(values: &[f32]) -> Vec<f64> {
        values.iter().map(|&value| f64::from(value)).collect()
    }

    /// Mean slope of `f` around the `at`th of `values`.
    fn slope(values: &[f64], at: usize, f: impl Fn(&[f64]) -> f64) -> f64 {
        const STEP: f64 = 1e-5;
        let moved = |by: f64| {
            let mut values = values.to_vec();
            values[at] += by;
            f(&values)
        };
        (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
    }

    #[test]
    fn losses_and_gradients_are_those_of_the_sums_of_whole_subtrees() {
        let Case {
            logits,
            targets,
            others,
            balance,
        } = case();
        let (own, scale) = (0.3, 0.5);
        let mut gradient = logits.clone();
        let mut learned = vec![9.0; 2 * BUCKETS];
        let (mut alone, mut together) = (vec![0.0; ROWS], vec![0.0; ROWS]);
        beside_bits(
            &mut gradient,
            &targets,
            &others,
            &balance,
            &mut learned,
            &mut alone,
            &mut together,
            own,
            scale,
        );
        let balance = wide(&balance);
        let mut wanted = vec![0.0; 2 * BUCKETS];
        for row in 0..ROWS {
            let logits = wide(&logits[256 * row..][..256]);
            let others = &others[8 * row..][..8];
            let spent =
                |logits: &[f64], balance: &[f64]| slow(logits, targets[row], others, balance);
            let [a, t] = spent(&logits, &balance);
            assert!((f64::from(alone[row]) - a).abs() < 1e-4 * a);
            assert!((f64::from(together[row]) - t).abs() < 1e-4 * t);
            for at in 0..256 {
                let own = f64::from(own);
                let loss = |logits: &[f64]| {
                    let [a, t] = spent(logits, &balance);
                    own * a + (1.0 - own) * t
                };
                let exact = f64::from(scale) * slope(&logits, at, loss);
                let found = f64::from(gradient[256 * row + at]);
                assert!((found - exact).abs() < 1e-5, "{row} {at}: {found} {exact}");
            }
            for (at, wanted) in wanted.iter_mut().enumerate() {
                *wanted +=
                    f64::from(scale) * slope(&balance, at, |balance| spent(&logits, balance)[1]);
            }
        }
        for (found, wanted) in learned.iter().zip(&wanted) {
            assert!(
                (f64::from(*found) - wanted).abs() < 1e-4,
                "{found} {wanted}"
            );
        }
    }

    #[test]
    fn beside_one_that_is_not_heard_it_is_the_network_alone() {
        let Case {
            logits,
            targets,
            others,
            ..
        } = case();
        let balance: Vec<f32> = [1.0, 0.0].repeat(BUCKETS);
        let (mut alone, mut together) = (vec![0.0; ROWS], vec![0.0; ROWS]);
        // Closer together, so that no logit is cut.
        let logits: Vec<f32> = logits.iter().map(|z| 0.3 * z).collect();
        let mut gradient = logits.clone();
        let mut learned = vec![0.0; 2 * BUCKETS];
        beside_bits(
            &mut gradient,
            &targets,
            &others,
            &balance,
            &mut learned,
            &mut alone,
            &mut together,
            0.0,
            1.0,
        );
        let mut wanted = logits;
        let bits = cross_entropy_bits(&mut wanted, &targets, 1.0);
        for spent in [&alone, &together] {
            let sum: f64 = spent.iter().map(|&bits| f64::from(bits)).sum();
            assert!((sum - bits).abs() < 1e-4 * bits);
        }
        for (found, wanted) in gradient.iter().zip(&wanted) {
            assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
        }
    }

    #[test]
    fn one_that_is_beyond_all_doubt_is_not_pulled() {
        let mut logits = vec![0.0; 256];
        logits[200] = 60.0;
        let (mut alone, mut together) = ([0.0], [0.0]);
        let mut learned = vec![0.0; 2 * BUCKETS];
        let balance = vec![0.5; 2 * BUCKETS];
        beside_bits(
            &mut logits,
            &[100],
            &[0; 8],
            &balance,
            &mut learned,
            &mut alone,
            &mut together,
            0.0,
            1.0,
        );
        assert!((alone[0] - 60.0).abs() < 1e-3);
        assert!(together[0].is_finite() && learned.iter().all(|g| g.is_finite()));
        // The first bit's logit is cut; behind it all bytes are alike.
        assert!(logits[128..].iter().all(|&g| g == 0.0));
        assert!(logits[100] < 0.0);
    }
}
