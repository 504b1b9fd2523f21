//! Floats that are whole numbers times a step: decimals, fixed point, samples that were scaled
//! (`spec.md`, section 3).
//!
//! The whole numbers take the place of the floats: they are smaller, and equal steps stay equal where a
//! float changes its exponent. Other floats keep their own order number; where one of these is
//! already taken by a whole number, it goes where the float of that whole number would have been, so that
//! nothing needs an escape. Decimals as whole numbers: *ALP: Adaptive Lossless floating-Point
//! Compression*, A. Afroozeh et al., SIGMOD 2023.

use umoec_adapter_float::number::{Number, mask, ordered, sign, unordered};

/// Steps from one taken place to the next that are followed.
const CHAIN_MAX: usize = 16;

/// Powers of ten that are exact.
pub(crate) const POWERS_OF_TEN: [f64; 19] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// Most binary digits after the point.
pub(crate) const BINARY_MAX: u8 = 60;

/// How a float comes from a whole number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Lattice {
    /// Divided by that power of ten.
    Decimal(u8),
    /// Divided by that power of two.
    Binary(u8),
    /// Times a step, and a base added.
    Double { step: f64, base: f64 },
    /// The same in arithmetic of 32 bits.
    Single { step: f32, base: f32 },
}

impl Lattice {
    /// The float of a whole number, as a value.
    fn value(self, whole: i64) -> f64 {
        match self {
            Self::Decimal(digits) => whole as f64 / POWERS_OF_TEN[usize::from(digits)],
            Self::Binary(digits) => whole as f64 / (1u64 << digits) as f64,
            Self::Double { step, base } => whole as f64 * step + base,
            Self::Single { step, base } => f64::from(whole as f32 * step + base),
        }
    }

    /// The float of a whole number, as it is stored.
    fn float(self, whole: i64, width: usize) -> u64 {
        float_bits(self.value(whole), width)
    }

    /// The whole number that a float stands for.
    pub(crate) fn whole(self, number: u64, width: usize) -> Option<i64> {
        let value = float_value(number, width);
        let quotient = match self {
            Self::Decimal(digits) => value * POWERS_OF_TEN[usize::from(digits)],
            Self::Binary(digits) => value * (1u64 << digits) as f64,
            Self::Double { step, base } => (value - base) / step,
            Self::Single { step, base } => (value - f64::from(base)) / f64::from(step),
        };
        let whole = quotient.round();
        // Not so for a NaN.
        if whole.abs() < zone(width) as f64 {
            let whole = whole as i64;
            (self.float(whole, width) == number).then_some(whole)
        } else {
            None
        }
    }

    /// A float as a number that grows with it as long as it is on the lattice.
    pub(crate) fn forward(self, number: u64, width: usize) -> Option<u64> {
        if let Some(whole) = self.whole(number, width) {
            return Some(place(whole, width));
        }
        let mut code = ordered(number, Number::Float, width);
        for _ in 0..CHAIN_MAX {
            let Some(whole) = taken(code, width) else {
                // Two whole numbers of one float, where base and step are far apart, lead astray.
                return (self.inverse(code, width) == Some(number)).then_some(code);
            };
            code = ordered(self.float(whole, width), Number::Float, width);
        }
        None
    }

    /// The way back; `None` for what no float becomes.
    pub(crate) fn inverse(self, code: u64, width: usize) -> Option<u64> {
        if let Some(whole) = taken(code, width) {
            return Some(self.float(whole, width));
        }
        let mut number = unordered(code, Number::Float, width);
        for _ in 0..=CHAIN_MAX {
            let Some(whole) = self.whole(number, width) else {
                return Some(number);
            };
            number = unordered(place(whole, width), Number::Float, width);
        }
        None
    }
}

/// Whole numbers are smaller than this: then no two have the same float, and of the floats
/// only zeros and denormal ones have order numbers that they take.
const fn zone(width: usize) -> i64 {
    if width == 8 { 1 << 50 } else { 1 << 22 }
}

fn place(whole: i64, width: usize) -> u64 {
    (sign(width).wrapping_add(whole as u64)) & mask(width)
}

/// The whole number whose place this is.
fn taken(code: u64, width: usize) -> Option<i64> {
    let whole = code.wrapping_sub(sign(width)) as i64;
    (whole.abs() < zone(width)).then_some(whole)
}

/// The value of a float of 4 or 8 bytes.
pub(crate) fn float_value(number: u64, width: usize) -> f64 {
    if width == 8 {
        f64::from_bits(number)
    } else {
        f64::from(f32::from_bits(number as u32))
    }
}

/// The float of 4 or 8 bytes that is nearest to `value`.
pub(crate) fn float_bits(value: f64, width: usize) -> u64 {
    if width == 8 {
        value.to_bits()
    } else {
        u64::from((value as f32).to_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(lattice: Lattice, value: f32) -> u64 {
        let number = u64::from(value.to_bits());
        let code = lattice.forward(number, 4).unwrap();
        assert_eq!(lattice.inverse(code, 4), Some(number), "{value}");
        code
    }

    #[test]
    fn decimals_become_whole_numbers() {
        let lattice = Lattice::Decimal(3);
        assert_eq!(back(lattice, 34.567), (1 << 31) + 34_567);
        assert_eq!(back(lattice, -0.001), (1 << 31) - 1);
        assert_eq!(back(lattice, 0.0), 1 << 31);
    }

    #[test]
    fn what_is_off_the_lattice_comes_back() {
        let denormal = f32::from_bits(77);
        for lattice in [
            Lattice::Decimal(2),
            Lattice::Binary(8),
            Lattice::Double {
                step: 0.1,
                base: 7.0,
            },
            Lattice::Single {
                step: 3.5e-3,
                base: -9.25,
            },
        ] {
            for value in [
                -0.0,
                0.0,
                denormal,
                -denormal,
                1e-30,
                -1e30,
                std::f32::consts::PI,
                f32::INFINITY,
                f32::NAN,
                -f32::NAN,
                0.07,
                -0.07,
            ] {
                back(lattice, value);
            }
        }
    }
}
