//! Reduced precision of matrix units: which of their input formats hold all operands.

use super::cell::Cell;
use super::tensor::Tensor;

/// Formats to which a runtime may round the operands of a matrix product, products exact and
/// sums in float32, without changing a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    /// TF32: 11 significant bits.
    pub tf32: bool,
    /// bfloat16: 8 significant bits.
    pub bf16: bool,
    /// IEEE half precision: 11 significant bits, magnitudes of 2^-14 to 65504.
    pub fp16: bool,
}

impl Modes {
    /// What all allow; everything, if there are none.
    pub(super) fn all(modes: impl Iterator<Item = Self>) -> Self {
        let every = Self {
            tf32: true,
            bf16: true,
            fp16: true,
        };
        modes.fold(every, |all, one| Self {
            tf32: all.tf32 && one.tf32,
            bf16: all.bf16 && one.bf16,
            fp16: all.fp16 && one.fp16,
        })
    }

    /// What both operands of a product allow.
    pub(super) fn of(a: &Tensor, b: &Tensor) -> Self {
        let cells = [a, b].into_iter().flat_map(|tensor| &tensor.cells);
        // Most are small integers, which all formats hold.
        let rest =
            cells.filter(|cell| cell.magnitude() > 255 || !(-14..=0).contains(&cell.exponent));
        Self::all(rest.map(|&cell| {
            let bits = significant(cell);
            Self {
                tf32: bits <= 11,
                bf16: bits <= 8,
                fp16: bits <= 11 && in_half(cell),
            }
        }))
    }
}

/// Most significant bits of any value of the cell.
fn significant(cell: Cell) -> u32 {
    let size = cell.magnitude();
    if cell.low == cell.high {
        return bits(size >> size.trailing_zeros().min(31));
    }
    // A power of two has one bit; all below it have as many as its exponent.
    bits(size.saturating_sub(1)).max(1)
}

const fn bits(n: u32) -> u32 {
    u32::BITS - n.leading_zeros()
}

/// Whether the cell's values are zero or normal numbers of half precision.
fn in_half(cell: Cell) -> bool {
    let size = cell.magnitude();
    // Most cells are small integers; the others are compared as numbers.
    if size <= 65504 && (-14..=0).contains(&cell.exponent) {
        return true;
    }
    let zero = size == 0;
    zero || (cell.exponent >= -14 && cell.least() >= -65504.0 && cell.greatest() <= 65504.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn significant_bits_are_counted_without_the_zeros_of_a_constant() {
        assert_eq!(significant(Cell::ZERO), 0);
        assert_eq!(significant(Cell::integers(640, 640)), 3);
        assert_eq!(significant(Cell::integers(0, 256)), 8);
        assert_eq!(significant(Cell::integers(-257, 0)), 9);
        assert_eq!(significant(Cell::integers(0, 2048)), 11);
        assert_eq!(significant(Cell::integers(0, 2049)), 12);
    }
}
