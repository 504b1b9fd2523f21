//! The sum of the parts' gradients, in the order of the parts, whoever did them and when: sums of floats must not depend on
//! scheduling.

use std::collections::BTreeMap;

/// Gradients of each layer's flat parameters.
pub(crate) type Gradients = Vec<Vec<f32>>;

/// A sum that takes in the parts 0, 1, 2… as they come, and keeps those that come too early: with parts of equal size few more
/// than there are threads, so that a step of many parts takes no more memory than one of few.
pub(crate) struct InOrder<'a> {
    sum: &'a mut Gradients,
    share: f32,
    next: usize,
    early: BTreeMap<usize, Gradients>,
}

impl<'a> InOrder<'a> {
    /// `share` times each part is added to `sum`.
    pub(crate) fn new(sum: &'a mut Gradients, share: f32) -> Self {
        Self {
            sum,
            share,
            next: 0,
            early: BTreeMap::new(),
        }
    }

    /// Takes in a part, which comes once.
    pub(crate) fn add(&mut self, part: usize, gradients: Gradients) {
        self.early.insert(part, gradients);
        while let Some(gradients) = self.early.remove(&self.next) {
            for (sum, gradient) in self.sum.iter_mut().zip(&gradients) {
                for (sum, g) in sum.iter_mut().zip(gradient) {
                    *sum += self.share * g;
                }
            }
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        // Sums of these depend on the order.
        let parts: Vec<Gradients> = (0..5)
            .map(|i| vec![vec![1e8, 1.0], vec![10f32.powi(3 * i - 6)]])
            .collect();
        let sum = |order: [usize; 5]| {
            let mut sum = vec![vec![0.0, 0.0], vec![0.1]];
            let mut in_order = InOrder::new(&mut sum, 0.2);
            for part in order {
                in_order.add(part, parts[part].clone());
            }
            assert!(in_order.early.is_empty());
            sum
        };
        let straight = sum([0, 1, 2, 3, 4]);
        let mut plain = 0.1f32;
        for part in &parts {
            plain += 0.2 * part[1][0];
        }
        assert_eq!(straight[1], [plain]);
        assert_eq!(sum([4, 2, 3, 0, 1]), straight);
        assert_eq!(sum([1, 0, 4, 3, 2]), straight);
    }
}
