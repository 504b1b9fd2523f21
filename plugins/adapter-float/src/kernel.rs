//! Numbers in place: most significant byte first, in the order of their values, or as
//! differences (`spec.md`, section 2).

use crate::number::{mask, ordered, read, sign, unordered, write};
use crate::params::{Column, Params};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;

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
