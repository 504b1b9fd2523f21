//! One number: an integer times a power of two.

use std::cmp::Ordering;

/// `n * 2^exponent`.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    /// The integer.
    pub n: i128,
    /// The power of two.
    pub exponent: i32,
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self { n: 0, exponent: 0 };

    /// An integer.
    #[must_use]
    pub fn integer(n: i64) -> Self {
        Self {
            n: n.into(),
            exponent: 0,
        }
    }

    /// The number that a finite float is.
    #[must_use]
    pub fn float(value: f32) -> Self {
        // A float64 holds each float32 times 2^149, the inverse of the least of them; as an
        // integer it may have up to 277 bits, so take them off in steps.
        let mut exponent = 0;
        let mut scaled = f64::from(value);
        while scaled != scaled.trunc() {
            scaled *= 2.0;
            exponent -= 1;
        }
        while scaled.abs() >= 2f64.powi(60) {
            scaled /= 2.0;
            exponent += 1;
        }
        Self {
            n: scaled as i128,
            exponent,
        }
    }

    /// The same number in lower terms: an odd integer, or zero.
    #[must_use]
    pub fn reduced(self) -> Self {
        if self.n == 0 {
            return Self::ZERO;
        }
        let zeros = self.n.trailing_zeros();
        Self {
            n: self.n >> zeros,
            exponent: self.exponent + zeros as i32,
        }
    }

    /// The sum; `None` where it has no room.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.exponent == other.exponent {
            let n = self.n.checked_add(other.n)?;
            return Some(Self { n, ..self });
        }
        let (a, b) = (self.reduced(), other.reduced());
        if a.n == 0 || b.n == 0 {
            return Some(if a.n == 0 { b } else { a });
        }
        let exponent = a.exponent.min(b.exponent);
        let n = a.in_unit(exponent)?.checked_add(b.in_unit(exponent)?)?;
        Some(Self { n, exponent })
    }

    /// The product; `None` where it has no room.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        // Two 64-bit factors always have room.
        let n = match (i64::try_from(self.n), i64::try_from(other.n)) {
            (Ok(a), Ok(b)) => i128::from(a) * i128::from(b),
            _ => self.n.checked_mul(other.n)?,
        };
        Some(Self {
            n,
            exponent: self.exponent + other.exponent,
        })
    }

    /// The negative.
    #[must_use]
    pub fn negative(self) -> Self {
        Self { n: -self.n, ..self }
    }

    /// The largest integer not above.
    #[must_use]
    pub fn floor(self) -> Self {
        if self.exponent >= 0 {
            return self;
        }
        // Shifting to the right rounds down, by 127 places to 0 or -1.
        Self {
            n: self.n >> self.exponent.unsigned_abs().min(127),
            exponent: 0,
        }
    }

    /// The integer `m` with `m * 2^unit` equal to this; `None` where there is none with room.
    #[must_use]
    pub fn in_unit(self, unit: i32) -> Option<i128> {
        let Self { n, exponent } = self.reduced();
        if n == 0 {
            return Some(0);
        }
        let shift = u32::try_from(exponent - unit).ok()?;
        let scaled = n.checked_shl(shift)?;
        (shift < 127 && scaled >> shift == n).then_some(scaled)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.exponent == other.exponent {
            return self.n.cmp(&other.n);
        }
        // Of different signs, or by the magnitudes: first the places of the leading bits, then
        // the bits.
        let (a, b) = (self.reduced(), other.reduced());
        let signs = a.n.signum().cmp(&b.n.signum());
        if signs != Ordering::Equal || a.n == 0 {
            return signs;
        }
        let leading = |x: Self| x.exponent + x.n.unsigned_abs().ilog2() as i32;
        let aligned = |x: Self| x.n.unsigned_abs() << (127 - x.n.unsigned_abs().ilog2());
        let magnitudes = (leading(a), aligned(a)).cmp(&(leading(b), aligned(b)));
        if a.n < 0 {
            magnitudes.reverse()
        } else {
            magnitudes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(x: Number) -> f64 {
        x.n as f64 * f64::from(x.exponent).exp2()
    }

    #[test]
    fn floats_are_read_exactly() {
        for x in [
            0.0f32,
            -0.0,
            1.0,
            -0.375,
            1e-40,
            f32::MAX,
            f32::MIN_POSITIVE,
            16_777_217.0,
        ] {
            assert_eq!(value(Number::float(x)), f64::from(x));
        }
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_rationals(
            a in -1000i128..1000, e in -8i32..8, b in -1000i128..1000, f in -8i32..8,
        ) {
            // All of these have room in a float64.
            let (x, y) = (Number { n: a, exponent: e }, Number { n: b, exponent: f });
            prop_assert_eq!(value(x.plus(y).unwrap()), value(x) + value(y));
            prop_assert_eq!(value(x.times(y).unwrap()), value(x) * value(y));
            prop_assert_eq!(value(x.floor()), value(x).floor());
            prop_assert_eq!(Some(x.cmp(&y)), value(x).partial_cmp(&value(y)));
        }
    }
}
