//! Weighted least squares over the recent past, in integers (`spec.md`, section 6.7).

/// Most terms.
pub(super) const TERMS: usize = 20;
/// Samples between two solutions.
const PERIOD: u32 = 8;

pub(super) struct LeastSquares {
    sums: Box<[[i64; TERMS]; TERMS]>,
    targets: [i64; TERMS],
    weights: [i32; TERMS],
    x: [i32; TERMS],
    terms: usize,
    base: i32,
    count: u32,
    forget: u32,
}

impl LeastSquares {
    pub(super) fn new(_first: u32, forget: u32) -> Self {
        Self {
            sums: Box::new([[0; TERMS]; TERMS]),
            targets: [0; TERMS],
            weights: [0; TERMS],
            x: [0; TERMS],
            terms: 0,
            base: 0,
            count: 0,
            forget,
        }
    }

    /// The prediction in eighths: `base` and the weighted terms.
    #[inline(always)]
    pub(super) fn predict(&mut self, base: i32, x: &[i32; TERMS], terms: usize) -> i32 {
        self.base = base;
        self.x = *x;
        self.terms = terms;
        let sum: i64 = self
            .weights
            .iter()
            .zip(x)
            .map(|(&w, &x)| i64::from(w) * i64::from(x))
            .sum();
        (i64::from(8 * base) + (sum >> 13)).clamp(-(1 << 24), 1 << 24) as i32
    }

    #[inline(always)]
    pub(super) fn learn(&mut self, value: i32) {
        let y = i64::from(value - self.base);
        for i in 0..TERMS {
            let xi = i64::from(self.x[i]);
            for (sum, &xj) in self.sums[i][..=i].iter_mut().zip(&self.x) {
                *sum += xi * i64::from(xj);
            }
            self.targets[i] += xi * y;
        }
        self.count += 1;
        if self.count % PERIOD == 0 {
            self.solve();
            for i in 0..TERMS {
                for sum in &mut self.sums[i][..=i] {
                    *sum -= *sum >> self.forget;
                }
                self.targets[i] -= self.targets[i] >> self.forget;
            }
        }
    }

    /// New weights: L D L^T by columns, then both substitutions.
    #[inline(always)]
    fn solve(&mut self) {
        let n = self.terms;
        let most = (0..n).map(|i| self.sums[i][i]).max().unwrap_or(0);
        if most == 0 {
            return;
        }
        // The largest square of the diagonal takes 27 bits.
        let bits = 64 - most.leading_zeros() as i32;
        let scale = |v: i64| -> i64 {
            if bits > 27 { v >> (bits - 27) } else { v << (27 - bits) }
        };
        let bound = |v: i64, most: i64| v.clamp(-most, most);
        let mut l = [[0i32; TERMS]; TERMS];
        let mut u = [[0i32; TERMS]; TERMS];
        let mut inverse = [0i64; TERMS];
        let mut z = [0i64; TERMS];
        for i in 0..n {
            for j in 0..i {
                let dot: i64 = (0..j).map(|k| i64::from(l[j][k]) * i64::from(u[i][k])).sum();
                let v = bound(scale(self.sums[i][j]) - (dot >> 16), (1 << 28) - 1);
                u[i][j] = v as i32;
                l[i][j] = bound((v * inverse[j]) >> 28, 1 << 24) as i32;
            }
            let dot: i64 = (0..i).map(|k| i64::from(l[i][k]) * i64::from(u[i][k])).sum();
            let diagonal = scale(self.sums[i][i]);
            let d = (diagonal + (diagonal >> 9) + (1 << 12) - (dot >> 16)).max(1 << 10);
            inverse[i] = (1 << 44) / d;
            let dot: i64 = (0..i).map(|k| i64::from(l[i][k]) * z[k]).sum();
            z[i] = bound(scale(self.targets[i]) - (dot >> 16), (1 << 28) - 1);
        }
        for i in (0..n).rev() {
            let dot: i64 = (i + 1..n)
                .map(|k| i64::from(l[k][i]) * i64::from(self.weights[k]))
                .sum();
            let w = ((z[i] * inverse[i]) >> 28) - (dot >> 16);
            self.weights[i] = bound(w, 1 << 20) as i32;
        }
    }
}
