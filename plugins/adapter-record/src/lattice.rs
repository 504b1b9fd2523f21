//! Numbers that are whole numbers in disguise: decimals, fixed point, samples that were scaled, and
//! whole numbers of a small range (`spec.md`, section 3).
//!
//! They are stored in as many bytes as their range takes. One value that is off the lattice, such as one that stands
//! for missing ones, has a place too; any others go to a stream of their own. Decimals as whole numbers:
//! *ALP: Adaptive Lossless floating-Point Compression*, A. Afroozeh et al., SIGMOD 2023.

use umoec_adapter_float::number::mask;

/// Powers of ten that are exact.
pub(crate) const POWERS_OF_TEN: [f64; 19] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// Most binary digits after the point.
pub(crate) const BINARY_MAX: u8 = 60;

/// Whole numbers of floats of `width` bytes are smaller than this: beyond it neighbouring floats are
/// farther apart than the steps.
pub(crate) const fn whole_max(width: usize) -> i64 {
    if width == 8 { 1 << 52 } else { 1 << 24 }
}

/// How a number comes from a whole one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Lattice {
    /// A float: divided by that power of ten.
    Decimal(u8),
    /// A float: divided by that power of two.
    Binary(u8),
    /// A float: times a step, and a base added.
    Double { step: f64, base: f64 },
    /// The same in arithmetic of 32 bits.
    Single { step: f32, base: f32 },
    /// The same number, not a float; with a sign or without.
    Whole { signed: bool },
}

impl Lattice {
    /// The number of `width` bytes of a whole number.
    pub(crate) fn number(self, whole: i64, width: usize) -> u64 {
        let value = match self {
            Self::Decimal(digits) => whole as f64 / POWERS_OF_TEN[usize::from(digits)],
            Self::Binary(digits) => whole as f64 / (1u64 << digits) as f64,
            Self::Double { step, base } => whole as f64 * step + base,
            Self::Single { step, base } => f64::from(whole as f32 * step + base),
            Self::Whole { .. } => return whole as u64 & mask(width),
        };
        float_bits(value, width)
    }

    /// The whole number of a number of `width` bytes, if it is on the lattice.
    pub(crate) fn whole(self, number: u64, width: usize) -> Option<i64> {
        let value = float_value(number, width);
        let quotient = match self {
            Self::Decimal(digits) => value * POWERS_OF_TEN[usize::from(digits)],
            Self::Binary(digits) => value * (1u64 << digits) as f64,
            Self::Double { step, base } => (value - base) / step,
            Self::Single { step, base } => (value - f64::from(base)) / f64::from(step),
            Self::Whole { signed } => {
                let shift = 64 - 8 * width;
                let whole = (number << shift) as i64 >> shift;
                return Some(if signed { whole } else { number as i64 });
            }
        };
        let whole = quotient.round();
        // Not so for a NaN.
        if whole.abs() < whole_max(width) as f64 {
            let whole = whole as i64;
            (self.number(whole, width) == number).then_some(whole)
        } else {
            None
        }
    }
}

/// How the numbers of a field are stored as whole ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stored {
    pub(crate) lattice: Lattice,
    /// Bytes of each, 1 to 8.
    pub(crate) bytes: usize,
    /// What is stored as 0.
    pub(crate) bottom: i64,
    /// The number that the code before the last stands for.
    pub(crate) missing: u64,
}

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// This number.
    Number(u64),
    /// The next number of the stream of exceptions.
    Exception,
}

impl Stored {
    /// The code of a number of `width` bytes, or of an exception.
    pub(crate) fn code(&self, number: u64, width: usize) -> u64 {
        let exception = mask(self.bytes);
        let missing = exception - 1;
        if number == self.missing {
            return missing;
        }
        let whole = self.lattice.whole(number, width);
        match whole.and_then(|w| w.checked_sub(self.bottom)) {
            Some(code) if (0..missing).contains(&(code as u64)) => code as u64,
            _ => exception,
        }
    }

    /// What a code stands for.
    pub(crate) fn meaning(&self, code: u64, width: usize) -> Meaning {
        let exception = mask(self.bytes);
        if code == exception {
            Meaning::Exception
        } else if code == exception - 1 {
            Meaning::Number(self.missing)
        } else {
            let whole = self.bottom.wrapping_add(code as i64);
            Meaning::Number(self.lattice.number(whole, width))
        }
    }
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

    fn stored(lattice: Lattice) -> Stored {
        Stored {
            lattice,
            bytes: 2,
            bottom: -100,
            missing: u64::from((-1e10f32).to_bits()),
        }
    }

    #[test]
    fn decimals_become_whole_numbers() {
        let stored = stored(Lattice::Decimal(3));
        let code = |value: f32| stored.code(u64::from(value.to_bits()), 4);
        assert_eq!(code(34.567), 34_667);
        assert_eq!(code(-0.1), 0);
        assert_eq!(code(-1e10), 0xFFFE);
        for off in [-0.0, 1e9, -0.101, 65.434, std::f32::consts::PI, f32::NAN] {
            assert_eq!(code(off), 0xFFFF, "{off}");
        }
    }

    #[test]
    fn what_has_a_code_comes_back() {
        let lattices = [
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
        ];
        for lattice in lattices {
            let stored = stored(lattice);
            for code in (0..=0xFFFE).step_by(7) {
                let Meaning::Number(number) = stored.meaning(code, 4) else {
                    panic!("{code} is no exception");
                };
                assert_eq!(stored.code(number, 4), code, "{lattice:?}");
            }
        }
    }

    #[test]
    fn whole_numbers_are_what_they_are() {
        let signed = stored(Lattice::Whole { signed: true });
        assert_eq!(signed.code(0xFFFF_FFFF, 4), 99);
        assert_eq!(signed.meaning(99, 4), Meaning::Number(0xFFFF_FFFF));
        let unsigned = stored(Lattice::Whole { signed: false });
        assert_eq!(unsigned.code(0xFFFF_FFFF, 4), 0xFFFF);
        assert_eq!(unsigned.code(7, 4), 107);
    }
}
