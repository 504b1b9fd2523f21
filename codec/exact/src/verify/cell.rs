//! What is known of one element.

use super::fault::Fault;

/// Largest bound of a sum, in units of its element: one below 2^24.
///
/// float32 holds 2^24 itself too. It is left out so that every sum has 24 bits and a sign, which
/// is what a matrix unit keeps of the addends that it aligns.
pub const SUM_MAX: u32 = (1 << 24) - 1;

/// Least exponent of a unit.
///
/// A runtime may gather the constant factors before, between and behind a matrix product and its
/// operands into one. Its exponent is the result's less those of both operands: three units, and
/// 24 bits of odd factors, stay normal numbers of float32.
pub const EXPONENT_MIN: i32 = -32;

/// Greatest exponent of a unit.
pub const EXPONENT_MAX: i32 = 32;

/// Bound on all elements of a tensor as integers in the least unit of any of them.
pub const SPAN_MAX: u64 = (1 << 48) - 1;

/// The values that an element may take: `n * 2^exponent` with an integer `n` in `low..=high`.
///
/// `sum` bounds, in the same unit, each partial sum that may stand in a register while the element
/// is computed, however a runtime reassociates sums, scales by constants and fuses products: it is
/// at least the magnitudes of `low` and `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) low: i32,
    pub(super) high: i32,
    pub(super) sum: u32,
    pub(super) exponent: i32,
    /// Whether it may be a negative zero, which orders differently by bits.
    pub(super) minus: bool,
}

impl Cell {
    pub(super) const ZERO: Self = Self::integers(0, 0);

    /// Integers `low..=high`, both within the bound.
    pub(super) const fn integers(low: i32, high: i32) -> Self {
        let (a, b) = (low.unsigned_abs(), high.unsigned_abs());
        Self {
            low,
            high,
            sum: if a > b { a } else { b },
            exponent: 0,
            minus: false,
        }
    }

    /// A float of the file.
    pub(super) fn float(value: f32) -> Result<Self, Fault> {
        if value == 0.0 {
            let minus = value.is_sign_negative();
            return Ok(Self {
                minus,
                ..Self::ZERO
            });
        }
        let bits = value.to_bits();
        let (field, fraction) = ((bits >> 23 & 0xff) as i32, bits & 0x7f_ffff);
        // A subnormal has the exponent of the least normal, and no hidden bit.
        let (hidden, scale) = if field == 0 {
            (0, -149)
        } else {
            (1 << 23, field - 150)
        };
        let n = fraction | hidden;
        let zeros = n.trailing_zeros();
        let (n, exponent) = (n >> zeros, scale + zeros as i32);
        if exponent < EXPONENT_MIN || value.abs() >= (EXPONENT_MAX as f32).exp2() {
            let range = format!("{EXPONENT_MIN} to {EXPONENT_MAX}");
            return Err(Fault::unproved(format!(
                "the constant {value:e} is beyond 2^{range}"
            )));
        }
        let n = if value < 0.0 { -(n as i32) } else { n as i32 };
        let scaled = Self::integers(n, n);
        Ok(Self { exponent, ..scaled })
    }

    /// An integer of the file, which must be one that float32 holds as an exact sum.
    pub(super) fn integer(n: i64) -> Result<Self, Fault> {
        let size = n.unsigned_abs();
        if size > u64::from(SUM_MAX) {
            return Err(Fault::bound("a constant is", size, SUM_MAX.into()));
        }
        Ok(Self::integers(n as i32, n as i32))
    }

    /// The cell with those numbers, checked.
    pub(super) fn checked(
        low: i64,
        high: i64,
        sum: u64,
        exponent: i32,
        minus: bool,
    ) -> Result<Self, Fault> {
        if sum > u64::from(SUM_MAX) {
            let reason = format!("its sums in units of 2^{exponent} reach");
            return Err(Fault::bound(reason, sum, SUM_MAX.into()));
        }
        if !(EXPONENT_MIN..=EXPONENT_MAX).contains(&exponent) {
            let reason = "its unit is 2 to the power of plus or minus";
            let bound = exponent.unsigned_abs().into();
            return Err(Fault::bound(reason, bound, EXPONENT_MAX as u64));
        }
        debug_assert!(low <= high && low.unsigned_abs().max(high.unsigned_abs()) <= sum);
        Ok(Self {
            low: low as i32,
            high: high as i32,
            sum: sum as u32,
            exponent,
            minus,
        })
    }

    /// Whether it is zero and was never anything else: it fits every unit.
    pub(super) const fn is_zero(self) -> bool {
        self.low == 0 && self.high == 0 && self.sum == 0
    }

    /// The largest magnitude.
    pub(super) const fn magnitude(self) -> u32 {
        let (a, b) = (self.low.unsigned_abs(), self.high.unsigned_abs());
        if a > b { a } else { b }
    }

    /// The least value. Exact: a float64 has room for the integer and the unit.
    pub(super) fn least(self) -> f64 {
        f64::from(self.low) * f64::from(self.exponent).exp2()
    }

    /// The greatest value, exact.
    pub(super) fn greatest(self) -> f64 {
        f64::from(self.high) * f64::from(self.exponent).exp2()
    }

    /// The unit that two elements share; a zero fits any.
    pub(super) fn unit(self, other: Self) -> i32 {
        match (self.is_zero(), other.is_zero()) {
            (true, _) => other.exponent,
            (_, true) => self.exponent,
            _ => self.exponent.min(other.exponent),
        }
    }

    /// Low, high and sum in a finer unit. Saturates far above what is allowed.
    pub(super) fn scaled(self, unit: i32) -> (i64, i64, u64) {
        if self.is_zero() {
            return (0, 0, 0);
        }
        // An integer shifted by 32 is beyond the bound already.
        let shift = (self.exponent - unit).clamp(0, 32);
        (
            i64::from(self.low) << shift,
            i64::from(self.high) << shift,
            u64::from(self.sum) << shift,
        )
    }

    pub(super) const fn may_be_zero(self) -> bool {
        self.low <= 0 && self.high >= 0
    }

    /// Whether the sign may be set.
    pub(super) const fn may_be_minus(self) -> bool {
        self.low < 0 || self.minus
    }

    /// Whether the sign may be clear.
    pub(super) const fn may_be_plus(self) -> bool {
        self.high >= 0
    }

    /// The same values, computed in one place: what summed up to them is over.
    pub(super) const fn settled(self) -> Self {
        Self {
            sum: self.magnitude(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_an_odd_number_and_a_unit() {
        let parts = |x: f32| Cell::float(x).map(|cell| (cell.low, cell.exponent));
        assert_eq!(parts(1.0), Ok((1, 0)));
        assert_eq!(parts(-0.375), Ok((-3, -3)));
        assert_eq!(parts(16_777_215.0), Ok((16_777_215, 0)));
        assert_eq!(parts(16_777_216.0), Ok((1, 24)));
        assert!(Cell::float(-0.0).is_ok_and(|cell| cell.minus && cell.is_zero()));
        for beyond in [1e-40, 2f32.powi(-33), 2f32.powi(32), f32::MAX] {
            assert!(Cell::float(beyond).is_err(), "{beyond}");
        }
    }

    #[test]
    fn two_to_the_twenty_fourth_is_one_too_many() {
        assert!(Cell::checked(0, 16_777_215, 16_777_215, 0, false).is_ok());
        let fault = Cell::checked(0, 16_777_216, 16_777_216, 0, false);
        assert!(matches!(
            fault,
            Err(Fault::Bound {
                bound: 16_777_216,
                ..
            })
        ));
    }
}
