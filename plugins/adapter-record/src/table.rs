//! The search for the number of columns of a table of numbers of one width (`spec.md`, section 6).
//!
//! The upper bytes of a column, sign and exponent, are alike. So for each number of columns the bytes are counted
//! column by column, and what they would cost is compared: by an adaptive code, which charges for
//! every column that has to be learned (R. Krichevsky and V. Trofimov, *The performance of universal
//! encoding*, 1981).

use umoec_adapter_float::Numbers;
use umoec_adapter_float::number::{Number, read};

use crate::geometry::Column;

/// Most columns.
const COLUMNS_MAX: usize = 64;
/// Numbers that are looked at.
const LOOKED_AT: usize = 1 << 14;
/// What several columns must save of the cost of one.
const GAIN: f64 = 0.04;
/// Costs that differ by no more than this share are equal: of these the fewest columns.
const NEAR: f64 = 0.01;
/// Counts begin at this.
const PRIOR: f64 = 1.0 / 16.0;
/// A float is plausible if its magnitude is within these powers of two of 1.
const EXPONENTS: i64 = 45;

/// The columns of the table that `numbers` may be.
pub(crate) fn columns(data: &[u8], numbers: &Numbers) -> Vec<Column> {
    let (width, big_endian) = (numbers.width, numbers.big_endian);
    let column = |number| Column {
        width,
        number,
        big_endian,
    };
    let body = &data[numbers.skip.min(data.len())..];
    let all = body.len() / width;
    let count = count(body, numbers);
    if count == numbers.columns.len() || all < 8 * count {
        return numbers.columns.iter().map(|&n| column(n)).collect();
    }
    let step = (all / LOOKED_AT).max(1).next_multiple_of(count) + count;
    let kind = |c: usize| {
        let numbers = body.chunks_exact(width).skip(c).step_by(step);
        kind(numbers.map(|b| read(b, big_endian)), width)
    };
    (0..count).map(|c| column(kind(c))).collect()
}

/// How many columns there seem to be; as many as were found where that does not help.
fn count(body: &[u8], numbers: &Numbers) -> usize {
    let width = numbers.width;
    let all = body.len() / width;
    let looked_at = all.min(LOOKED_AT);
    let first = (all - looked_at) / 2;
    let upper = if numbers.big_endian { 0 } else { width - 1 };
    let bytes: Vec<u8> = body[first * width..]
        .chunks_exact(width)
        .take(looked_at)
        .map(|b| b[upper])
        .collect();
    let log: Vec<f64> = (0..=bytes.len())
        .map(|n| (n as f64 + PRIOR).log2())
        .collect();
    let total: Vec<f64> = (0..=bytes.len())
        .map(|n| (n as f64 + 256.0 * PRIOR).log2())
        .collect();
    let cost = |columns: usize| -> f64 {
        let mut counts = vec![[0u16; 256]; columns];
        let mut column = 0;
        let mut sum = 0.0;
        for (i, &byte) in bytes.iter().enumerate() {
            let count = &mut counts[column][usize::from(byte)];
            sum += total[i / columns] - log[usize::from(*count)];
            *count += 1;
            column = if column + 1 == columns { 0 } else { column + 1 };
        }
        sum
    };
    let found = numbers.columns.len();
    let costs: Vec<f64> = (1..=COLUMNS_MAX.min(bytes.len() / 16)).map(cost).collect();
    let least = costs.iter().copied().fold(f64::MAX, f64::min);
    let known = costs.get(found - 1).copied().unwrap_or(f64::MAX);
    let Some(best) = costs.iter().position(|c| *c <= least * (1.0 + NEAR)) else {
        return found;
    };
    // Where the columns that were found are as good, they may be more than one record.
    if costs[best] > costs[0] * (1.0 - GAIN) || known <= least * (1.0 + NEAR) {
        found
    } else {
        best + 1
    }
}

/// What the numbers of a column are.
pub(crate) fn kind(numbers: impl Iterator<Item = u64>, width: usize) -> Number {
    let (exponent_bits, bias) = if width == 8 { (11, 1023) } else { (8, 127) };
    let (mut plausible, mut small, mut all) = (0, 0, 0);
    for number in numbers {
        if number << 1 << (64 - 8 * width) == 0 {
            continue;
        }
        all += 1;
        let exponent = (number >> (8 * width - 1 - exponent_bits)) & ((1 << exponent_bits) - 1);
        plausible += usize::from((exponent as i64 - bias).abs() <= EXPONENTS);
        small += usize::from(matches!(number >> (8 * width - 8), 0 | 255));
    }
    if plausible * 10 < all * 9 && small * 10 > all * 9 {
        Number::Signed
    } else {
        Number::Float
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::noise;

    fn numbers(data: &[u8], values: impl Iterator<Item = f32>) -> (Vec<u8>, Numbers) {
        let mut all = data.to_vec();
        all.extend(values.flat_map(f32::to_le_bytes));
        let numbers = Numbers {
            width: 4,
            big_endian: false,
            skip: data.len(),
            columns: vec![Number::Float],
            row: None,
            score: 90,
        };
        (all, numbers)
    }

    #[test]
    fn columns_of_different_size_are_told_apart() {
        let mut noise = noise();
        let sizes = [1e3, 0.1, 5.0, 1e-4, 70.0, 0.1, 1e3];
        let values = (0..7000).map(|i| sizes[i % 7] * (1.0 + noise()));
        let (data, numbers) = numbers(&[1, 2], values);
        assert_eq!(columns(&data, &numbers).len(), 7);
    }

    #[test]
    fn whole_numbers_are_told_from_floats() {
        let mut noise = noise();
        let values = (0..8000u32).map(|i| match i % 4 {
            0 => f32::from_bits((noise() * 90.0) as i32 as u32),
            1 => noise() * 4000.0,
            _ => noise() / 4000.0,
        });
        let (data, numbers) = numbers(&[], values);
        let kinds: Vec<_> = columns(&data, &numbers).iter().map(|c| c.number).collect();
        assert_eq!(
            kinds,
            [Number::Signed, Number::Float, Number::Float, Number::Float]
        );
    }

    #[test]
    fn one_column_is_one() {
        let mut noise = noise();
        let values = (0..9000).map(|i| (i as f32 / 50.0).sin() * 30.0 + noise());
        let (data, numbers) = numbers(&[], values);
        assert_eq!(columns(&data, &numbers).len(), 1);
    }
}
