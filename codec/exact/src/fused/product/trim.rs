//! Weights of which the products of two quads have room in 16 bits, so that AVX2 meets activations as they are.
//!
//! `maddubs` adds two products of bytes in 16 bits, and saturates. How large the sum of four such products can become follows from the
//! weights and the span of the activations; few weights of a trained network are so large that it does not fit. What is
//! too much is taken off them and added to the sums one by one.

use super::QUAD;

/// Quads whose products are added in 16 bits.
pub(super) const TRIMMED: usize = 2;

/// What was taken off a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) weight: i32,
}

/// Trims `weights`, `[inner, columns]`, that meet activations from 0 to `span`; returns what was taken off.
pub(super) fn trim(weights: &mut [i8], columns: usize, span: u8) -> Vec<Excess> {
    let limit = i32::from(i16::MAX) / i32::from(span.max(1));
    let inner = weights.len() / columns;
    let mut excess = Vec::new();
    // Of each column those above 0 and those below.
    let mut sums = vec![[0; 2]; columns];
    for first in (0..inner).step_by(TRIMMED * QUAD) {
        // Of each quad the first two rows are added in one sum, the last two in another.
        for half in [0, QUAD / 2] {
            let rows = (0..TRIMMED).flat_map(|quad| {
                let row = first + quad * QUAD + half;
                row..row + QUAD / 2
            });
            let rows: Vec<usize> = rows.filter(|&row| row < inner).collect();
            sums.fill([0; 2]);
            for &row in &rows {
                let weights = &weights[row * columns..][..columns];
                for (sums, &weight) in sums.iter_mut().zip(weights) {
                    let weight = i32::from(weight);
                    sums[0] += weight.max(0);
                    sums[1] += (-weight).max(0);
                }
            }
            for (column, sums) in sums.iter().enumerate() {
                for (sign, sum) in [1, -1].into_iter().zip(sums) {
                    if *sum > limit {
                        let over = sum - limit;
                        take_off(weights, columns, &rows, column, sign, over, &mut excess);
                    }
                }
            }
        }
    }
    excess
}

/// Takes `over` off the largest weights of a sign.
fn take_off(
    weights: &mut [i8],
    columns: usize,
    rows: &[usize],
    column: usize,
    sign: i32,
    mut over: i32,
    excess: &mut Vec<Excess>,
) {
    let size = |weights: &[i8], row: usize| sign * i32::from(weights[row * columns + column]);
    while over > 0 {
        let Some(&row) = rows.iter().max_by_key(|&&row| size(weights, row)) else {
            return;
        };
        let off = over.min(size(weights, row));
        let weight = &mut weights[row * columns + column];
        *weight = (i32::from(*weight) - sign * off) as i8;
        excess.push(Excess {
            row,
            column,
            weight: sign * off,
        });
        over -= off;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_all_sums_fit(
            inner in 1usize..40, columns in 1usize..20, span in 0u8.., seed in any::<u64>(),
        ) {
            let mut random = crate::random::Random::new(seed);
            let weights: Vec<i8> = (0..inner * columns).map(|_| random.byte() as i8).collect();
            let mut trimmed = weights.clone();
            let excess = trim(&mut trimmed, columns, span);
            let mut whole: Vec<i32> = trimmed.iter().map(|&w| w.into()).collect();
            for Excess { row, column, weight } in excess {
                whole[row * columns + column] += weight;
            }
            prop_assert!(whole.iter().zip(&weights).all(|(&a, &b)| a == i32::from(b)));
            // By the order in which the kernel adds: any part of the sum, too.
            for rows in trimmed.chunks(TRIMMED * QUAD * columns) {
                for column in 0..columns {
                    for half in 0..2 {
                        let of = rows.iter().enumerate().filter(|(at, _)| {
                            at % columns == column && at / columns % QUAD / 2 == half
                        });
                        let products = of.map(|(_, &w)| i32::from(w) * i32::from(span));
                        let (up, down): (Vec<i32>, Vec<i32>) = products.partition(|&n| n > 0);
                        prop_assert!(up.iter().sum::<i32>() <= i16::MAX.into());
                        prop_assert!(down.iter().sum::<i32>() >= i16::MIN.into());
                    }
                }
            }
        }
    }
}
