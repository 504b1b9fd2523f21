//! A tensor of integers with one exponent.

use crate::error::Result;
use crate::graph::{Constant, Data};

use super::failed;
use super::number::Number;

/// Elements `numbers[i] * 2^exponent`, row-major. Truth values are 0 and 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Sizes of the axes.
    pub sizes: Vec<usize>,
    /// The common unit is 2 to this power, the greatest that is possible; 0 if all are zero.
    pub exponent: i32,
    /// The integers.
    pub numbers: Vec<i64>,
}

impl Tensor {
    /// A tensor in any unit.
    #[must_use]
    pub fn new(sizes: Vec<usize>, exponent: i32, mut numbers: Vec<i64>) -> Self {
        let bits = numbers.iter().fold(0, |bits, n| bits | n);
        if bits == 0 {
            return Self {
                sizes,
                exponent: 0,
                numbers,
            };
        }
        // The lowest bit that is set in any of them: negative ones share it with their opposite.
        let zeros = bits.trailing_zeros();
        for n in &mut numbers {
            *n >>= zeros;
        }
        Self {
            sizes,
            exponent: exponent + zeros as i32,
            numbers,
        }
    }

    /// A tensor of single numbers; `None` where they have no room in one unit.
    #[must_use]
    pub fn of(sizes: Vec<usize>, numbers: &[Number]) -> Option<Self> {
        let reduced = numbers.iter().map(|number| number.reduced());
        let unit = reduced
            .filter(|number| number.n != 0)
            .map(|number| number.exponent)
            .min();
        let unit = unit.unwrap_or(0);
        let integer = |number: &Number| i64::try_from(number.in_unit(unit)?).ok();
        let numbers = numbers.iter().map(integer).collect::<Option<_>>()?;
        Some(Self::new(sizes, unit, numbers))
    }

    /// A tensor of the file; `None` where its floats have no room in one unit, which the verifier
    /// excludes for all that are read.
    pub(super) fn constant(constant: &Constant) -> Option<Self> {
        let sizes = constant.dims.clone();
        match &constant.data {
            Data::F32(floats) => {
                let numbers: Vec<Number> = floats.iter().map(|&x| Number::float(x)).collect();
                Self::of(sizes, &numbers)
            }
            data => data
                .integers()
                .map(|integers| Self::new(sizes, 0, integers)),
        }
    }

    /// One element.
    #[must_use]
    pub fn get(&self, at: usize) -> Number {
        Number {
            n: self.numbers[at].into(),
            exponent: self.exponent,
        }
    }

    /// All elements, which must be integers.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`](crate::ExactError::Backend) where one is none.
    pub fn integers(&self) -> Result<Vec<i64>> {
        let integer = |&n: &i64| {
            let number = Number {
                n: n.into(),
                exponent: self.exponent,
            };
            number.in_unit(0).and_then(|n| i64::try_from(n).ok())
        };
        let integers: Option<Vec<i64>> = self.numbers.iter().map(integer).collect();
        integers.ok_or_else(|| failed("an element is no integer".into()))
    }

    /// Copies the elements of one lane into all others.
    pub(super) fn broadcast(&mut self, from_lane: usize) {
        let lane = self.numbers.len() / self.sizes[0];
        let from = self.numbers[from_lane * lane..(from_lane + 1) * lane].to_vec();
        self.numbers = from.repeat(self.sizes[0]);
    }
}
