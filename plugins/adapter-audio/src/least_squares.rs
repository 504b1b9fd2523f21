//! Least squares over the recent past, in integers (`spec.md`, section 3.1).
//!
//! The weights that would have predicted the samples so far best, older ones counting less, are those
//! that solve A w = t: A the sums of products of terms, t those of terms and sample. A = L D L^T
//! (Golub and Van Loan, *Matrix Computations*, section 4.1). Sound spans 80 dB and more over its
//! spectrum, so A is close to singular: its numbers have 50 bits here, and products of them 128.
//!
//! Bounds: terms are within 2^23, and a sum fades by 2^-forget of itself for each sample, with forget
//! at most 12: below 2^59. What is scaled is within 2^52, L within 2^56 and z within 2^60, so 64
//! products are within 2^122.

/// Samples from one solution to the next, as a power of two.
const PERIOD_BITS: u32 = 4;
/// Bits of the largest sum on the diagonal, once scaled.
const SCALED_BITS: u32 = 50;
/// Bounds of what is scaled, of L, of z and of the weights.
const SCALED_MAX: i128 = 1 << 52;
const FACTOR_MAX: i128 = 1 << 56;
const FORWARD_MAX: i128 = 1 << 60;
const WEIGHT_MAX: i128 = 1 << 36;
/// Fraction bits of L and of the weights.
const FACTOR_BITS: u32 = 32;
pub(crate) const WEIGHT_BITS: u32 = 24;
/// The diagonal is larger than it is by 2^-RIDGE_BITS of itself, and D is at least half of that.
const RIDGE_BITS: u32 = 23;

pub(crate) struct LeastSquares {
    terms: usize,
    /// Products of terms: row by row, each up to the diagonal; `terms` apart.
    products: Vec<i64>,
    /// Products of terms and sample.
    targets: Vec<i64>,
    weights: Vec<i64>,
    /// L, in the shape of `products`.
    factor: Vec<i64>,
    count: u32,
    forget: u32,
}

impl LeastSquares {
    /// At most 64 terms; with each sample, sums lose 2^-forget of themselves.
    pub(crate) fn new(terms: usize, forget: u32) -> Self {
        Self {
            terms,
            products: vec![0; terms * terms],
            targets: vec![0; terms],
            weights: vec![0; terms],
            factor: vec![0; terms * terms],
            count: 0,
            forget,
        }
    }

    /// The weighted sum of the terms, in units of 2^-`WEIGHT_BITS`.
    pub(crate) fn predict(&self, terms: &[i32]) -> i64 {
        let weighted = terms.iter().zip(&self.weights);
        weighted.fold(0i64, |sum, (&x, &w)| {
            sum.wrapping_add(i64::from(x).wrapping_mul(w))
        })
    }

    /// Learns the sample that belonged to the terms.
    pub(crate) fn learn(&mut self, terms: &[i32], sample: i32) {
        let rows = self.products.chunks_exact_mut(self.terms);
        for (i, row) in rows.enumerate() {
            let x = i64::from(terms[i]);
            for (sum, &y) in row[..=i].iter_mut().zip(terms) {
                *sum += x * i64::from(y);
            }
            self.targets[i] += x * i64::from(sample);
        }
        self.count += 1;
        if self.count == 1 << PERIOD_BITS {
            self.count = 0;
            self.solve();
            let by = self.forget - PERIOD_BITS;
            for sum in self.products.iter_mut().chain(&mut self.targets) {
                *sum -= *sum >> by;
            }
        }
    }

    /// New weights: L and D row by row, with the substitution forwards, then that backwards.
    fn solve(&mut self) {
        let n = self.terms;
        let diagonal = |i: usize| {
            let sum = self.products[i * n + i];
            sum + (sum >> RIDGE_BITS) + (1 << self.forget)
        };
        let most = (0..n).map(diagonal).max().unwrap_or(1);
        let bits = most.ilog2() + 1;
        let (up, down) = (
            SCALED_BITS.saturating_sub(bits),
            bits.saturating_sub(SCALED_BITS),
        );
        let scaled = |v: i64| i128::from(v) << up >> down;
        let mut u = vec![0i64; n];
        let mut z = vec![0i64; n];
        let mut inverses = Vec::with_capacity(n);
        for i in 0..n {
            let (above, row) = self.factor.split_at_mut(i * n);
            for j in 0..i {
                let known = dot(&above[j * n..j * n + j], &u[..j]) >> FACTOR_BITS;
                let v = scaled(self.products[i * n + j]) - known;
                u[j] = bound(v, SCALED_MAX);
                let inverse: &Inverse = &inverses[j];
                row[j] = bound(inverse.times(u[j], FACTOR_BITS), FACTOR_MAX);
            }
            let row = &row[..i];
            let whole = scaled(diagonal(i));
            let d = whole - (dot(row, &u[..i]) >> FACTOR_BITS);
            let least = (whole >> (RIDGE_BITS + 1)) + 1;
            inverses.push(Inverse::new(bound(d.max(least), SCALED_MAX)));
            let v = scaled(self.targets[i]) - (dot(row, &z[..i]) >> FACTOR_BITS);
            z[i] = bound(v, FORWARD_MAX);
        }
        for i in (0..n).rev() {
            let rest = i + 1..n;
            let known: i128 = rest
                .map(|k| i128::from(self.factor[k * n + i]) * i128::from(self.weights[k]))
                .sum();
            let w = inverses[i].times(z[i], WEIGHT_BITS) - (known >> FACTOR_BITS);
            self.weights[i] = bound(w, WEIGHT_MAX);
        }
    }
}

/// One by a number, so that many divisions by it become products.
struct Inverse {
    /// 2^(60 + bits) / number, rounded down; `bits` is the length of the number.
    factor: i128,
    bits: u32,
}

impl Inverse {
    fn new(number: i64) -> Self {
        let bits = number.ilog2() + 1;
        Self {
            factor: (1 << (60 + bits)) / i128::from(number),
            bits,
        }
    }

    /// `value` by the number, with so many fraction bits.
    fn times(&self, value: i64, fraction: u32) -> i128 {
        (i128::from(value) * self.factor) >> (60 + self.bits - fraction)
    }
}

fn bound(value: i128, most: i128) -> i64 {
    value.clamp(-most, most) as i64
}

fn dot(a: &[i64], b: &[i64]) -> i128 {
    let products = a.iter().zip(b);
    products.map(|(&a, &b)| i128::from(a) * i128::from(b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: usize = 12;

    fn terms(state: &mut u32, most: i32) -> [i32; TERMS] {
        std::array::from_fn(|_| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (*state >> 4) as i32 % (2 * most + 1) - most
        })
    }

    #[test]
    fn it_finds_the_weights_that_made_the_samples() {
        for most in [200, 32_767, (1 << 23) - 1] {
            let mut squares = LeastSquares::new(TERMS, 9);
            let mut state = 1;
            let mut worst = 0;
            for round in 0..3000 {
                let x = terms(&mut state, most);
                let sample = (3 * i64::from(x[0]) - 2 * i64::from(x[1]) + i64::from(x[9])) / 8;
                let said = squares.predict(&x) >> WEIGHT_BITS;
                if round > 1000 {
                    worst = worst.max((said - sample).abs());
                }
                squares.learn(&x, sample as i32);
            }
            assert!(worst <= 1 + i64::from(most >> 20), "{most}: {worst}");
        }
    }

    /// Gaussian elimination in floating point, which the tests alone use.
    fn slow(mut a: [[f64; TERMS]; TERMS], mut t: [f64; TERMS]) -> [f64; TERMS] {
        for i in 0..TERMS {
            let pivot = a[i];
            for k in i + 1..TERMS {
                let by = a[k][i] / pivot[i];
                for (v, p) in a[k].iter_mut().zip(&pivot) {
                    *v -= by * p;
                }
                t[k] -= by * t[i];
            }
        }
        for i in (0..TERMS).rev() {
            for k in i + 1..TERMS {
                t[i] -= a[i][k] * t[k];
            }
            t[i] /= a[i][i];
        }
        t
    }

    #[test]
    fn the_solution_is_that_of_the_equations() {
        let mut squares = LeastSquares::new(TERMS, 11);
        let mut state = 7;
        let (mut a, mut t) = ([[0.0; TERMS]; TERMS], [0.0; TERMS]);
        let mut past = [0i32; TERMS];
        // A slow wave with a little noise: its terms are almost alike. When it is solved no sum has
        // faded yet.
        for round in 0..16 {
            let noise = terms(&mut state, 50)[0];
            let sample = (f64::from(round) * 0.1).sin() * 9000.0;
            let sample = sample as i32 + noise;
            for (i, &x) in past.iter().enumerate() {
                for (j, &y) in past.iter().enumerate() {
                    a[i][j] += f64::from(x) * f64::from(y);
                }
                t[i] += f64::from(x) * f64::from(sample);
            }
            squares.learn(&past, sample);
            past.rotate_right(1);
            past[0] = sample;
        }
        for (i, row) in a.iter_mut().enumerate() {
            row[i] += row[i] / f64::from(1 << RIDGE_BITS) + 2048.0;
        }
        for (weight, expected) in squares.weights.iter().zip(slow(a, t)) {
            let weight = *weight as f64 / f64::from(1 << WEIGHT_BITS);
            assert!((weight - expected).abs() < 1e-5, "{weight} {expected}");
        }
    }

    /// In a test build an overflow panics.
    #[test]
    fn extremes_and_terms_that_depend_on_one_another_do_no_harm() {
        for forget in [9, 12] {
            let mut squares = LeastSquares::new(TERMS, forget);
            let mut state = 5;
            for round in 0..60_000u32 {
                let scale = [0, 1, 3, 1 << 23][round as usize / 64 % 4];
                let mut x = terms(&mut state, 1).map(|v| v * scale);
                x[5] = x[4];
                x[6] = -x[4];
                squares.predict(&x);
                squares.learn(&x, if round % 3 == 0 { 1 << 23 } else { -(1 << 23) });
                assert!(squares.weights.iter().all(|w| w.abs() <= 1 << 36));
            }
        }
    }
}
