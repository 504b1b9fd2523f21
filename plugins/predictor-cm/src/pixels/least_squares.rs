//! Least squares over the recent past, in integers (`spec.md`, section 6.7).
//!
//! The weights that would have predicted the samples so far best, older ones counting less, are those
//! that solve A w = t: A the sums of products of terms, t those of terms and sample. A = L D L^T.
//!
//! Bounds: terms and targets are within 2^17, and a sum forgets faster than it grows to 2^45. What is
//! scaled is below 2^28, L below 2^24 in units of 2^-16, so a dot product is below 2^57. The reciprocal of
//! a diagonal of at least 2^10 is at most 2^34, and its products are below 2^62.

/// Most terms.
pub(super) const TERMS: usize = 20;
/// Samples from one solution to the next.
const PERIOD: u32 = 8;
/// Bits of the largest sum on the diagonal, once scaled.
const SCALED_BITS: u32 = 27;
/// Bound of what is scaled.
const SCALED_MAX: i64 = (1 << 28) - 1;
/// Least diagonal of D.
const DIAGONAL_MIN: i64 = 1 << 10;
/// Bounds of L and of the weights, in units of 2^-16.
const FACTOR_MAX: i64 = 1 << 24;
const WEIGHT_MAX: i64 = 1 << 20;

pub(super) struct LeastSquares {
    /// Products of terms, below the diagonal and on it.
    products: Box<[[i64; TERMS]; TERMS]>,
    /// Products of terms and sample.
    targets: [i64; TERMS],
    /// In units of 2^-16.
    weights: [i32; TERMS],
    /// The terms of the present sample, and what they are relative to.
    x: [i32; TERMS],
    terms: usize,
    base: i32,
    count: u32,
    /// With each solution sums lose 2^-forget of themselves.
    forget: u32,
}

impl LeastSquares {
    pub(super) fn new(forget: u32) -> Self {
        Self {
            products: Box::new([[0; TERMS]; TERMS]),
            targets: [0; TERMS],
            weights: [0; TERMS],
            x: [0; TERMS],
            terms: 0,
            base: 0,
            count: 0,
            forget,
        }
    }

    /// The prediction in eighths: `base` and the first `terms` of `x`, the others 0, weighted.
    #[inline(always)]
    pub(super) fn predict(&mut self, base: i32, x: &[i32; TERMS], terms: usize) -> i32 {
        self.base = base;
        self.x = *x;
        self.terms = terms;
        let weighted = self.weights.iter().zip(x);
        let sum: i64 = weighted.map(|(&w, &x)| i64::from(w) * i64::from(x)).sum();
        (i64::from(8 * base) + (sum >> 13)).clamp(-(1 << 24), 1 << 24) as i32
    }

    /// Learns the sample that was predicted.
    #[inline(always)]
    pub(super) fn learn(&mut self, value: i32) {
        let y = i64::from(value - self.base);
        for i in 0..self.terms {
            let xi = i64::from(self.x[i]);
            for (sum, &xj) in self.products[i][..=i].iter_mut().zip(&self.x) {
                *sum += xi * i64::from(xj);
            }
            self.targets[i] += xi * y;
        }
        self.count = self.count.wrapping_add(1);
        if self.count.is_multiple_of(PERIOD) {
            self.solve();
            self.fade();
        }
    }

    #[inline(always)]
    fn fade(&mut self) {
        for i in 0..self.terms {
            for sum in &mut self.products[i][..=i] {
                *sum -= *sum >> self.forget;
            }
            self.targets[i] -= self.targets[i] >> self.forget;
        }
    }

    /// New weights: L and D row by row, with the substitution forwards, then that backwards.
    #[inline(always)]
    fn solve(&mut self) {
        let n = self.terms;
        let mut most = 0;
        for i in 0..n {
            most = most.max(self.products[i][i]);
        }
        if most == 0 {
            return;
        }
        let bits = most.ilog2() + 1;
        let scaled = |v: i64| {
            if bits > SCALED_BITS {
                v >> (bits - SCALED_BITS)
            } else {
                v << (SCALED_BITS - bits)
            }
        };
        let bound = |v: i64, most: i64| v.clamp(-most, most);
        // `u` is L times D.
        let mut l = [[0i32; TERMS]; TERMS];
        let mut u = [0i32; TERMS];
        let mut inverse = [0i64; TERMS];
        let mut z = [0i32; TERMS];
        for i in 0..n {
            for j in 0..i {
                let v = scaled(self.products[i][j]) - (dot(&l[j], &u, j) >> 16);
                u[j] = bound(v, SCALED_MAX) as i32;
                l[i][j] = bound((i64::from(u[j]) * inverse[j]) >> 28, FACTOR_MAX) as i32;
            }
            let diagonal = scaled(self.products[i][i]);
            // A little more than it is: terms may depend on one another.
            let d = diagonal + (diagonal >> 9) + (1 << 12) - (dot(&l[i], &u, i) >> 16);
            inverse[i] = (1 << 44) / d.max(DIAGONAL_MIN);
            let v = scaled(self.targets[i]) - (dot(&l[i], &z, i) >> 16);
            z[i] = bound(v, SCALED_MAX) as i32;
        }
        for i in (0..n).rev() {
            let mut known = 0;
            for (row, &weight) in l[..n].iter().zip(&self.weights).skip(i + 1) {
                known += i64::from(row[i]) * i64::from(weight);
            }
            let w = ((i64::from(z[i]) * inverse[i]) >> 28) - (known >> 16);
            self.weights[i] = bound(w, WEIGHT_MAX) as i32;
        }
    }
}

/// The sum of the first `n` products.
#[inline(always)]
fn dot(a: &[i32; TERMS], b: &[i32; TERMS], n: usize) -> i64 {
    let (mut sum, mut k) = (0, 0);
    while k < n {
        sum += i64::from(a[k]) * i64::from(b[k]);
        k += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Terms of a small generator, within `most`.
    fn terms(state: &mut u32, most: i32) -> [i32; TERMS] {
        std::array::from_fn(|_| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (*state >> 8) as i32 % (2 * most + 1) - most
        })
    }

    #[test]
    fn it_finds_the_weights_that_made_the_samples() {
        for most in [30, 255, 65_535] {
            let mut squares = LeastSquares::new(8);
            let mut state = 1;
            let mut worst = 0;
            for round in 0..4000 {
                let x = terms(&mut state, most);
                // 3/4, -1/2 and 1/4 of the first three.
                let value = 100 + (3 * x[0] - 2 * x[1] + x[2]) / 4;
                let said = squares.predict(100, &x, TERMS);
                if round > 2000 {
                    worst = worst.max((said - 8 * value).abs());
                }
                squares.learn(value);
            }
            assert!(worst < 16 + most / 16, "{most}: {worst} eighths");
        }
    }

    /// In a test build an overflow panics.
    #[test]
    fn extremes_and_terms_that_depend_on_one_another_do_no_harm() {
        for forget in [3, 8] {
            let mut squares = LeastSquares::new(forget);
            let mut state = 5;
            for round in 0..60_000u32 {
                let mut x = terms(&mut state, 1);
                let scale = [0, 1, 3, 98_303][round as usize / 64 % 4];
                x = x.map(|v| v * scale);
                x[5] = x[4];
                x[6] = -x[4];
                squares.predict(-65_535, &x, TERMS);
                squares.learn(if round % 3 == 0 { 65_535 } else { -131_070 });
                assert!(squares.weights.iter().all(|w| w.abs() <= 1 << 20));
            }
        }
    }
}
