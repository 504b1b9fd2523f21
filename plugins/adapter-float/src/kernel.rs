//! Numbers in place: most significant byte first, in the order of their values, or as
//! differences (`spec.md`, section 2).

use crate::params::{Column, Number, Params};

/// Turns a block into the stream, in place.
pub(crate) fn forward(data: &mut [u8], params: &Params) {
    each(data, params, |bytes, column, before| {
        let width = bytes.len();
        let value = ordered(read(bytes, params.big_endian), column.number, width);
        let coded = if column.delta {
            (value.wrapping_sub(*before) & mask(width)) ^ sign(width)
        } else {
            value
        };
        *before = value;
        write(bytes, coded, true);
    });
}

/// Turns the stream into the block, in place.
pub(crate) fn inverse(data: &mut [u8], params: &Params) {
    each(data, params, |bytes, column, before| {
        let width = bytes.len();
        let coded = read(bytes, true);
        let value = if column.delta {
            before.wrapping_add(coded ^ sign(width)) & mask(width)
        } else {
            coded
        };
        *before = value;
        let number = unordered(value, column.number, width);
        write(bytes, number, params.big_endian);
    });
}

/// Calls `replace` for every number, with the value of the one above it; bytes before the first
/// record and after the last whole number stay.
fn each(data: &mut [u8], params: &Params, mut replace: impl FnMut(&mut [u8], &Column, &mut u64)) {
    let skip = params.skip.min(data.len());
    let mut before = vec![0u64; params.columns.len()];
    for record in data[skip..].chunks_mut(params.record()) {
        let numbers = record.chunks_exact_mut(params.width);
        for ((bytes, column), before) in numbers.zip(&params.columns).zip(&mut before) {
            replace(bytes, column, before);
        }
    }
}

/// The number in `bytes`.
#[inline(always)]
pub(crate) fn read(bytes: &[u8], big_endian: bool) -> u64 {
    let push = |value: u64, &byte: &u8| (value << 8) | u64::from(byte);
    if big_endian {
        bytes.iter().fold(0, push)
    } else {
        bytes.iter().rev().fold(0, push)
    }
}

#[inline(always)]
fn write(bytes: &mut [u8], mut value: u64, big_endian: bool) {
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

const fn mask(width: usize) -> u64 {
    u64::MAX >> (64 - 8 * width)
}

const fn sign(width: usize) -> u64 {
    1 << (8 * width - 1)
}

/// A number of `width` bytes as one without a sign that grows with its value.
#[inline(always)]
pub(crate) fn ordered(number: u64, kind: Number, width: usize) -> u64 {
    match kind {
        Number::Unsigned => number,
        Number::Signed => number ^ sign(width),
        Number::Float if number & sign(width) != 0 => !number & mask(width),
        Number::Float => number | sign(width),
    }
}

/// The way back from [`ordered`].
#[inline(always)]
fn unordered(value: u64, kind: Number, width: usize) -> u64 {
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

    #[test]
    fn differences_of_a_column_are_small() {
        let column = Column {
            number: Number::Signed,
            delta: true,
        };
        let params = Params {
            width: 2,
            big_endian: false,
            skip: 1,
            columns: vec![column],
        };
        let mut data = vec![9, 10, 0, 12, 0, 11, 0, 7];
        forward(&mut data, &params);
        assert_eq!(data[3..], [0x80, 2, 0x7F, 0xFF, 7]);
        inverse(&mut data, &params);
        assert_eq!(data, [9, 10, 0, 12, 0, 11, 0, 7]);
    }
}
