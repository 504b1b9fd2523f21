//! An element as a sum of products that is not computed yet.

use super::style::{Order, Style};

/// Addends, each a product of two floats.
#[derive(Debug, Clone)]
pub(crate) struct Element(pub(crate) Vec<(f32, f32)>);

impl Element {
    pub(crate) fn plain(value: f32) -> Self {
        Self(vec![(value, 1.0)])
    }

    pub(crate) fn terms(&self) -> usize {
        self.0.len()
    }

    /// The value, which must be computed already.
    pub(crate) fn value(&self) -> f32 {
        assert_eq!(self.0.len(), 1);
        self.0[0].0 * self.0[0].1
    }

    /// Each addend times a constant, on one side or the other.
    pub(crate) fn scaled(&self, factor: f32, style: &mut Style) -> Self {
        let random = &mut style.random;
        Self(
            self.0
                .iter()
                .map(|&(a, b)| match random.below(3) {
                    0 => (a * factor, b),
                    1 => (a, b * factor),
                    _ => (a * b, factor),
                })
                .collect(),
        )
    }

    /// The sum, in the order of the style.
    pub(crate) fn force(&self, style: &mut Style) -> f32 {
        let mut terms = self.0.clone();
        match style.order {
            Order::Forward => {}
            Order::Shuffled => shuffle(&mut terms, style),
            Order::PositiveFirst => terms.sort_by(|x, y| (y.0 * y.1).total_cmp(&(x.0 * x.1))),
            Order::NegativeFirst => terms.sort_by(|x, y| (x.0 * x.1).total_cmp(&(y.0 * y.1))),
            Order::Tree => {
                shuffle(&mut terms, style);
                return tree(&terms, style);
            }
            Order::Aligned => return aligned(&terms),
        }
        let (first, rest) = terms.split_first().unwrap();
        let mut sum = first.0 * first.1;
        for &(a, b) in rest {
            sum = if style.fused {
                a.mul_add(b, sum)
            } else {
                sum + a * b
            };
        }
        sum
    }
}

fn shuffle(terms: &mut [(f32, f32)], style: &mut Style) {
    for i in (1..terms.len()).rev() {
        terms.swap(i, style.random.index(i + 1));
    }
}

fn tree(terms: &[(f32, f32)], style: &mut Style) -> f32 {
    match *terms {
        [(a, b)] => a * b,
        [(a, b), (c, d)] if style.fused => a.mul_add(b, c * d),
        _ => {
            let middle = 1 + style.random.index(terms.len() - 1);
            tree(&terms[..middle], style) + tree(&terms[middle..], style)
        }
    }
}

/// Exact products in blocks of eight, each block with the sum so far cut towards zero to the
/// place 23 below the largest of them.
fn aligned(terms: &[(f32, f32)]) -> f32 {
    if let [(a, b)] = terms {
        return a * b;
    }
    let mut sum = 0f64;
    for block in terms.chunks(8) {
        let products: Vec<f64> = block
            .iter()
            .map(|&(a, b)| f64::from(a) * f64::from(b))
            .collect();
        let largest = products.iter().fold(sum.abs(), |most, x| most.max(x.abs()));
        if largest == 0.0 {
            continue;
        }
        let place = (largest.log2().floor() - 23.0).exp2();
        let cut = |x: f64| (x / place).trunc() * place;
        sum = products.iter().fold(cut(sum), |sum, &x| sum + cut(x));
        let place = (sum.abs().max(f64::MIN_POSITIVE).log2().floor() - 23.0).exp2();
        sum = (sum / place).trunc() * place;
    }
    sum as f32
}
