//! Numbers of 1 to 8 bytes, and the order of what they stand for (`spec.md`, section 2). Adapter
//! `record` uses them too.

/// What the numbers of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Whole numbers from 0 on, or anything else.
    Unsigned,
    /// Whole numbers in two's complement.
    Signed,
    /// Sign, exponent and mantissa (IEEE 754, and bf16).
    Float,
}

/// The number in `bytes`, at most 8.
#[inline(always)]
#[must_use]
pub fn read(bytes: &[u8], big_endian: bool) -> u64 {
    let push = |value: u64, &byte: &u8| (value << 8) | u64::from(byte);
    if big_endian {
        bytes.iter().fold(0, push)
    } else {
        bytes.iter().rev().fold(0, push)
    }
}

/// Puts the lower bytes of `value` into `bytes`.
#[inline(always)]
pub fn write(bytes: &mut [u8], mut value: u64, big_endian: bool) {
    let mut put = |byte: &mut u8| {
        *byte = value as u8;
        value >>= 8;
    };
    if big_endian {
        bytes.iter_mut().rev().for_each(&mut put);
    } else {
        bytes.iter_mut().for_each(&mut put);
    }
}

/// All bits of a number of `width` bytes, 1 to 8.
#[must_use]
pub const fn mask(width: usize) -> u64 {
    u64::MAX >> (64 - 8 * width)
}

/// The highest bit of a number of `width` bytes, 1 to 8.
#[must_use]
pub const fn sign(width: usize) -> u64 {
    1 << (8 * width - 1)
}

/// A number of `width` bytes as one without a sign that grows with its value.
#[inline(always)]
#[must_use]
pub fn ordered(number: u64, kind: Number, width: usize) -> u64 {
    match kind {
        Number::Unsigned => number,
        Number::Signed => number ^ sign(width),
        Number::Float if number & sign(width) != 0 => !number & mask(width),
        Number::Float => number | sign(width),
    }
}

/// The way back from [`ordered`].
#[inline(always)]
#[must_use]
pub fn unordered(value: u64, kind: Number, width: usize) -> u64 {
    match kind {
        Number::Unsigned => value,
        Number::Signed => value ^ sign(width),
        Number::Float if value & sign(width) == 0 => !value & mask(width),
        Number::Float => value & !sign(width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_their_order_and_come_back() {
        let values = [
            -f32::INFINITY,
            -2.5,
            -1e-40,
            -0.0,
            0.0,
            1e-40,
            1.0,
            1.5,
            f32::MAX,
        ];
        let order = values.map(|v| ordered(u64::from(v.to_bits()), Number::Float, 4));
        assert!(order.is_sorted());
        for (value, ordered) in values.iter().zip(order) {
            assert_eq!(
                unordered(ordered, Number::Float, 4),
                u64::from(value.to_bits())
            );
        }
    }
}
