//! Numbers that follow from others of their record (`spec.md`, section 4): a square of a momentum from
//! its components, an energy from momentum and mass, a copy.

use umoec_adapter_float::number::{Number, mask, ordered, sign, unordered};

use crate::lattice::{float_bits, float_value};

/// Most operands.
pub(crate) const OPERANDS_MAX: usize = 8;

/// How the operands make a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formula {
    /// Their sum.
    Sum,
    /// The sum of their squares.
    Squares,
    /// The square root of that; the sign of the number is its own.
    Root,
    /// Their product.
    Product,
    /// The first by the product of the others.
    Quotient,
}

impl Formula {
    /// All, by their numbers on the wire.
    pub(crate) const ALL: [Self; 5] = [
        Self::Sum,
        Self::Squares,
        Self::Root,
        Self::Product,
        Self::Quotient,
    ];
}

/// One operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operand {
    /// Number of the field.
    pub(crate) field: usize,
    /// Whether it, or its square, counts negative.
    pub(crate) negative: bool,
}

/// What a number should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) formula: Formula,
    /// Whether sums begin at 1 rather than at 0.
    pub(crate) one: bool,
    pub(crate) operands: Vec<Operand>,
}

impl Relation {
    /// The prediction, from the values of the fields.
    pub(crate) fn predict(&self, values: &[f64]) -> f64 {
        let start = if self.one { 1.0 } else { 0.0 };
        let signed = |o: &Operand| {
            let value = values[o.field];
            if o.negative { -value } else { value }
        };
        let square = |o: &Operand| {
            let square = values[o.field] * values[o.field];
            if o.negative { -square } else { square }
        };
        match self.formula {
            Formula::Sum => self.operands.iter().fold(start, |s, o| s + signed(o)),
            Formula::Squares => self.operands.iter().fold(start, |s, o| s + square(o)),
            Formula::Root => {
                let sum = self.operands.iter().fold(start, |s, o| s + square(o));
                sum.abs().sqrt()
            }
            Formula::Product => self.operands.iter().fold(1.0, |p, o| p * signed(o)),
            Formula::Quotient => match self.operands.split_first() {
                Some((first, rest)) => rest.iter().fold(signed(first), |q, o| q / signed(o)),
                None => 0.0,
            },
        }
    }

    /// A float of 4 or 8 bytes as what the prediction missed.
    pub(crate) fn forward(&self, number: u64, values: &[f64], width: usize) -> u64 {
        let expected = self.expected(values, width);
        if self.formula == Formula::Root {
            let (sign, half) = (sign(width), sign(width) >> 1);
            let missed = (number & (sign - 1)).wrapping_sub(expected);
            (number & sign) | (missed.wrapping_add(half) & (sign - 1))
        } else {
            let order = |n| ordered(n, Number::Float, width);
            order(number)
                .wrapping_sub(order(expected))
                .wrapping_add(sign(width))
                & mask(width)
        }
    }

    /// The way back.
    pub(crate) fn inverse(&self, code: u64, values: &[f64], width: usize) -> u64 {
        let expected = self.expected(values, width);
        if self.formula == Formula::Root {
            let (sign, half) = (sign(width), sign(width) >> 1);
            let missed = (code & (sign - 1)).wrapping_sub(half);
            (code & sign) | (missed.wrapping_add(expected) & (sign - 1))
        } else {
            let value = code
                .wrapping_add(ordered(expected, Number::Float, width))
                .wrapping_sub(sign(width));
            unordered(value & mask(width), Number::Float, width)
        }
    }

    /// The prediction as a float of 4 or 8 bytes; 0 for what is no number.
    fn expected(&self, values: &[f64], width: usize) -> u64 {
        let bits = float_bits(self.predict(values), width);
        if float_value(bits, width).is_finite() {
            bits
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(formula: Formula, one: bool, operands: &[(usize, bool)]) -> Relation {
        Relation {
            formula,
            one,
            operands: operands
                .iter()
                .map(|&(field, negative)| Operand { field, negative })
                .collect(),
        }
    }

    #[test]
    fn formulas_say_what_they_are_called() {
        let values = [3.0, 4.0, 0.5];
        let is = |formula, one, operands: &[_], value: f64| {
            assert_eq!(relation(formula, one, operands).predict(&values), value);
        };
        is(Formula::Sum, false, &[(0, false), (1, true)], -1.0);
        is(Formula::Squares, true, &[(0, false), (1, false)], 26.0);
        is(Formula::Root, false, &[(0, false), (1, false)], 5.0);
        is(Formula::Root, true, &[(2, true)], 0.75f64.sqrt());
        is(Formula::Product, false, &[(0, true), (2, false)], -1.5);
        is(Formula::Quotient, false, &[(0, false), (2, false)], 6.0);
    }

    #[test]
    fn a_root_leaves_the_sign_alone() {
        let root = relation(Formula::Root, false, &[(0, false), (1, false)]);
        let values = [3.0, 4.0];
        for (value, code) in [(5.0f32, 0x4000_0000), (-5.0, 0xC000_0000)] {
            let number = u64::from(value.to_bits());
            assert_eq!(root.forward(number, &values, 4), code);
            assert_eq!(root.inverse(code, &values, 4), number);
        }
    }

    #[test]
    fn anything_comes_back() {
        let numbers = [0, 1, 0x7FC0_0000, 0xFF80_0000, 0x8000_0000, 0xFFFF_FFFF];
        for formula in Formula::ALL {
            let relation = relation(formula, false, &[(0, false), (1, false)]);
            for values in [[0.0, 0.0], [f64::NAN, 1.0], [1e300, 1e300], [-2.0, 0.1]] {
                for number in numbers {
                    let code = relation.forward(number, &values, 4);
                    assert_eq!(relation.inverse(code, &values, 4), number);
                }
            }
        }
    }
}
