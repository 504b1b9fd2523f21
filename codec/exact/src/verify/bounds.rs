//! Clip, Min and Max: which operand may win, and in what unit.

use super::cell::Cell;
use super::fault::Fault;

/// The greater of two.
pub(super) fn greatest(a: Cell, b: Cell) -> Result<Cell, Fault> {
    // An operand that never wins does not refine the unit. A tie may give either's zero.
    if a.least() > b.greatest() {
        return Ok(a.settled());
    }
    if b.least() > a.greatest() {
        return Ok(b.settled());
    }
    let low = a.least().max(b.least());
    let high = a.greatest().max(b.greatest());
    between(low, high, a.unit(b), a.minus || b.minus)
}

/// The lesser of two.
pub(super) fn least(a: Cell, b: Cell) -> Result<Cell, Fault> {
    if a.greatest() < b.least() {
        return Ok(a.settled());
    }
    if b.greatest() < a.least() {
        return Ok(b.settled());
    }
    let low = a.least().min(b.least());
    let high = a.greatest().min(b.greatest());
    between(low, high, a.unit(b), a.minus || b.minus)
}

/// Brings a cell within constants, the lower not above the upper.
pub(super) fn clip(x: Cell, low: Option<f32>, high: Option<f32>) -> Result<Cell, Fault> {
    let (mut unit, mut minus) = (x, x.minus);
    let (mut least, mut greatest) = (x.least(), x.greatest());
    for (bound, lower) in [(low, true), (high, false)] {
        let Some(bound) = bound else { continue };
        let cell = Cell::float(bound)?;
        minus |= cell.minus;
        let value = f64::from(bound);
        let binds = if lower {
            value > x.least()
        } else {
            value < x.greatest()
        };
        if binds {
            unit.exponent = unit.unit(cell);
            let clamp = if lower { f64::max } else { f64::min };
            (least, greatest) = (clamp(least, value), clamp(greatest, value));
            // The result is not the zero any more that fits any unit.
            unit.sum = unit.sum.max(cell.sum);
        }
    }
    between(least, greatest, unit.exponent, minus)
}

/// The cell of that interval. The values are multiples of the unit, so the division is exact.
fn between(low: f64, high: f64, unit: i32, minus: bool) -> Result<Cell, Fault> {
    let scale = f64::from(-unit).exp2();
    let (low, high) = ((low * scale) as i64, (high * scale) as i64);
    let size = low.unsigned_abs().max(high.unsigned_abs());
    Cell::checked(low, high, size, unit, minus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_never_binds_does_not_refine_the_unit() {
        let wide = Cell {
            exponent: 10,
            ..Cell::integers(-5, 5)
        };
        assert_eq!(clip(wide, Some(-6144.5), Some(6144.5)), Ok(wide));
        let bound = clip(wide, Some(-0.5), None).map(|cell| (cell.low, cell.high, cell.exponent));
        assert_eq!(bound, Ok((-1, 5 << 11, -1)));
    }

    #[test]
    fn what_is_clipped_off_does_not_count() {
        let huge = Cell {
            exponent: 30,
            ..Cell::integers(-1 << 20, 1 << 20)
        };
        let clipped = clip(huge, Some(-128.0), Some(127.0));
        assert_eq!(
            clipped,
            Ok(Cell {
                sum: 128,
                ..Cell::integers(-128, 127)
            })
        );
        assert!(clip(huge, Some(-128.0), None).is_err());
        assert!(greatest(huge, Cell::integers(3, 3)).is_err());
    }

    #[test]
    fn a_zero_is_lifted_to_the_bound() {
        let lifted = clip(Cell::ZERO, Some(0.25), Some(1.0));
        assert_eq!(
            lifted,
            Ok(Cell {
                exponent: -2,
                ..Cell::integers(1, 1)
            })
        );
        let lowered = clip(Cell::ZERO, Some(-1.0), Some(-0.25));
        assert_eq!(
            lowered,
            Ok(Cell {
                exponent: -2,
                ..Cell::integers(-1, -1)
            })
        );
    }
}
