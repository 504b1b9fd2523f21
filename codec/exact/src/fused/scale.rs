//! Fixed-point facts: what the proof says of a value's integers, and how wide they get.

use crate::verify::TensorFact;

/// Integers `low..=high` in units of `2^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) exponent: i32,
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Scale {
    pub(super) const fn integers(low: i64, high: i64) -> Self {
        Self {
            exponent: 0,
            low,
            high,
        }
    }

    pub(super) const fn of(fact: &TensorFact) -> Self {
        Self {
            exponent: fact.exponent,
            low: fact.low,
            high: fact.high,
        }
    }

    /// Whether all elements are zero: they fit every unit.
    pub(super) const fn is_zero(self) -> bool {
        self.low == 0 && self.high == 0
    }

    /// Bits, with the sign, of the integers.
    pub(super) fn bits(self) -> u32 {
        self.bits_in(self.exponent)
    }

    /// Bits, with the sign, of the integers brought to another unit.
    pub(super) fn bits_in(self, unit: i32) -> u32 {
        let magnitude = |n: i64| {
            let n = if n < 0 { !n } else { n };
            65 - n.leading_zeros()
        };
        let bits = magnitude(self.low).max(magnitude(self.high));
        if self.is_zero() {
            return 1;
        }
        bits.saturating_add_signed(self.exponent.saturating_sub(unit))
            .max(1)
    }

    /// The integer `n` of this scale in another unit, rounded down where that is coarser.
    pub(super) fn rescaled(self, n: i128, unit: i32) -> i128 {
        let shift = self.exponent.saturating_sub(unit);
        if n == 0 || shift == 0 {
            return n;
        }
        if shift > 0 {
            n << shift.min(100)
        } else {
            n >> shift.unsigned_abs().min(127)
        }
    }
}

/// The machine word that a chain of operators is computed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// `i32`
    W32,
    /// `i64`
    W64,
    /// `i128`, for units that lie far apart.
    W128,
}

impl Width {
    /// The least that has room for so many bits. Proved numbers have at most 48 bits in units of
    /// `2^-32` to `2^32`, a product of two has 96: 128 bits are always enough.
    pub(super) const fn of(bits: u32) -> Self {
        match bits {
            0..=32 => Self::W32,
            33..=64 => Self::W64,
            _ => Self::W128,
        }
    }
}

/// Type of the elements of a buffer: the least that has room for all of a value's integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Type {
    I8,
    U8,
    I16,
    I32,
    I64,
}

impl Type {
    pub(super) const fn of(low: i64, high: i64) -> Self {
        if low >= i8::MIN as i64 && high <= i8::MAX as i64 {
            Self::I8
        } else if low >= 0 && high <= u8::MAX as i64 {
            Self::U8
        } else if low >= i16::MIN as i64 && high <= i16::MAX as i64 {
            Self::I16
        } else if low >= i32::MIN as i64 && high <= i32::MAX as i64 {
            Self::I32
        } else {
            Self::I64
        }
    }

    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 => 2,
            Self::I32 => 4,
            Self::I64 => 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_with_the_sign() {
        let bits = |low, high| Scale::integers(low, high).bits();
        assert_eq!(bits(0, 0), 1);
        assert_eq!(bits(-128, 127), 8);
        assert_eq!(bits(0, 128), 9);
        assert_eq!(bits(-129, 0), 9);
        assert_eq!(bits(i64::from(i32::MIN), 0), 32);
        assert_eq!(Scale::integers(-4, 3).bits_in(-5), 8);
        assert_eq!(Width::of(32), Width::W32);
    }

    #[test]
    fn coarser_units_round_down() {
        assert_eq!(Scale::integers(-9, 9).rescaled(-9, 2), -3);
        assert_eq!(Scale::integers(-9, 9).rescaled(-9, -2), -36);
    }
}
