//! The search for numbers of equal width (`spec.md`, section 4).

use umoec_adapter_bytes::find_strides;

use crate::number::{Number, ordered, read};
use crate::params::{Column, Params};

/// Numbers that are looked at for each question.
const LOOKED_AT: usize = 4096;
/// Windows in which these lie.
const WINDOWS: usize = 16;
/// A number is plausible if its magnitude is within these powers of two of 1.
const EXPONENTS: i64 = 45;
/// Least share of plausible numbers, in 256ths, and what a column needs to be one of floats.
const PLAUSIBLE: usize = 243;
const PLAUSIBLE_COLUMN: usize = 230;
/// Shares that differ by no more than this are equal.
const NEAR: usize = 8;
/// What differences must save to be used, in 1/16 bits a number.
const DELTA_GAIN: u64 = 16;
/// Upper bytes of floats of 16 bits are within so many values, and below this one.
const HALF_WINDOW: usize = 24;
const HALF_LARGE: usize = 0x48;
/// Different lower bytes that there must be.
const HALF_SPREAD: usize = 128;
/// What the upper bytes of both signs must have in common, in 256ths.
const HALF_ALIKE: usize = 180;
/// Largest record.
const RECORD_MAX: usize = 1024;
/// The highest score: adapter `record`, where it knows more than where numbers lie, goes first.
const SCORE: usize = 90;

/// What was found.
pub(crate) struct Found {
    pub(crate) params: Params,
    /// Distance of rows in bytes, if there are some.
    pub(crate) row: Option<u32>,
    pub(crate) score: u8,
}

/// Looks for numbers in `data`.
pub(crate) fn find(data: &[u8]) -> Option<Found> {
    if data.len() < 256 {
        return None;
    }
    // Two bf16 look like an f32, but the lower half of an f32 is no bf16.
    if let Some(halves) = halves(data) {
        return Some(halves);
    }
    let (width, big_endian, skip, share) = best_width(data)?;
    let strides = find_strides(data);
    let whole = |s: u32| s as usize >= width && (s as usize).is_multiple_of(width);
    let element = strides.first().copied().filter(|&s| s > 1);
    if element.is_some_and(|s| s as usize > width && !whole(s)) {
        // Records of other things than numbers of one width.
        return None;
    }
    let element = element.filter(|&s| whole(s));
    let record = element.map_or(width, |s| s as usize);
    let record = if record > RECORD_MAX { width } else { record };
    let row = strides
        .iter()
        .copied()
        .find(|&s| whole(s) && s as usize > record);
    let columns = (0..record / width)
        .map(|column| Column {
            number: kind(data, width, big_endian, skip + column * width, record),
            delta: false,
        })
        .collect();
    let params = Params {
        width,
        big_endian,
        skip,
        columns,
    };
    Some(Found {
        params,
        row,
        score: (share * SCORE / 256) as u8,
    })
}

/// Width, byte order, place of the first number, and the share of plausible ones.
fn best_width(data: &[u8]) -> Option<(usize, bool, usize, usize)> {
    for width in [4, 8] {
        let mut found = Vec::new();
        for phase in 0..width {
            for big_endian in [false, true] {
                let share = plausible(data, width, big_endian, phase, width);
                if share < PLAUSIBLE {
                    continue;
                }
                // The upper halves of round f64 numbers look like f32, the lower ones are zero.
                let halves = [0, width].map(|half| {
                    plausible(data, width, big_endian, phase + half, 2 * width) >= PLAUSIBLE_COLUMN
                });
                if width == 8 || halves == [true; 2] {
                    found.push((width, big_endian, phase, share));
                }
            }
        }
        // The upper byte of a number followed by the lower ones of the next, the other way round,
        // is as plausible; but then the parts of an exponent do not belong together.
        let most = found.iter().map(|f| f.3).max().unwrap_or(0);
        let near = found.into_iter().filter(|f| f.3 + NEAR >= most);
        let mut best: Option<((usize, bool, usize, usize), f64)> = None;
        for candidate in near {
            let (_, big_endian, phase, _) = candidate;
            let together = dependence(data, width, big_endian, phase);
            if best.is_none_or(|(_, most)| together > most) {
                best = Some((candidate, together));
            }
        }
        if let Some((best, _)) = best {
            return Some(best);
        }
    }
    None
}

/// An array of floats of 16 bits, f16 or bf16: these hold weights, which are about as often negative
/// as not, and as large. The parts of an exponent tell it from noise, its likeness for both signs from
/// whole numbers in two's complement.
fn halves(data: &[u8]) -> Option<Found> {
    let places = [(false, 0), (true, 0), (false, 1), (true, 1)];
    let likeness = places.map(|(big_endian, skip)| half_likeness(data, big_endian, skip));
    let share = likeness.into_iter().max().filter(|&s| s >= HALF_ALIKE)?;
    // The upper byte of a number with the lower one of another is as plausible, but does not
    // belong to it; with an f16 that hardly shows.
    let together = |i: &usize| {
        let (big_endian, skip) = places[*i];
        dependence(data, 2, big_endian, skip)
    };
    let mut near = (0..places.len()).filter(|&i| likeness[i] + NEAR >= share);
    let first = near.next()?;
    let other = near.find(|i| together(i) > 1.5 * together(&first));
    let (big_endian, skip) = places[other.unwrap_or(first)];
    let column = Column {
        number: Number::Float,
        delta: false,
    };
    Some(Found {
        params: Params {
            width: 2,
            big_endian,
            skip,
            columns: vec![column],
        },
        row: None,
        score: (share * SCORE / 256) as u8,
    })
}

/// How alike the upper bytes of numbers of both signs are, in 256ths; 0 where these are not those of
/// weights.
fn half_likeness(data: &[u8], big_endian: bool, skip: usize) -> usize {
    let mut counts = [[0usize; 128]; 2];
    let mut low = [0usize; 256];
    let mut zeros = 0;
    for (_, number) in numbers(data, 2, big_endian, skip, 2) {
        if number << 49 == 0 {
            zeros += 1;
            continue;
        }
        let (upper, lower) = (number as usize >> 8, number as usize & 255);
        counts[upper >> 7][upper & 127] += 1;
        low[lower] += 1;
    }
    let of_sign = counts.map(|c| c.iter().sum::<usize>());
    let all = of_sign[0] + of_sign[1];
    let spread = low.iter().filter(|&&c| c > 0).count();
    if all < 2 * zeros || of_sign.iter().any(|n| n * 5 < all) || spread < HALF_SPREAD.min(all / 8) {
        return 0;
    }
    let in_window = |v: usize| -> usize {
        let window = v..(v + HALF_WINDOW).min(128);
        window.map(|v| counts[0][v] + counts[1][v]).sum()
    };
    let most = (0..128).map(in_window).max().unwrap_or(0);
    // The largest exponents stand for infinity, and small whole numbers have small upper bytes.
    let outside = counts
        .iter()
        .any(|c| c[HALF_LARGE..].iter().sum::<usize>() * 50 > all);
    let tiny = counts.iter().map(|c| c[0]).sum::<usize>();
    if most * 20 < all * 19 || outside || tiny * 10 > all {
        return 0;
    }
    let alike = counts[0].iter().zip(&counts[1]);
    let alike = alike.map(|(a, b)| (a * 256 / of_sign[0]).min(b * 256 / of_sign[1]));
    alike.sum()
}

/// How much the upper bits of the second byte of a number depend on the first byte: chi-squared
/// by the count of numbers.
fn dependence(data: &[u8], width: usize, big_endian: bool, phase: usize) -> f64 {
    let mut counts = [[0u32; 4]; 256];
    for (_, number) in numbers(data, width, big_endian, phase, width) {
        let upper = number >> (8 * width - 16);
        counts[(upper >> 8 & 255) as usize][(upper >> 6 & 3) as usize] += 1;
    }
    let columns: [u32; 4] = std::array::from_fn(|c| counts.iter().map(|row| row[c]).sum());
    let all = f64::from(columns.iter().sum::<u32>().max(1));
    let mut sum = 0.0;
    for row in &counts {
        let of_row = f64::from(row.iter().sum::<u32>());
        for (&count, &column) in row.iter().zip(&columns) {
            let expected = of_row * f64::from(column) / all;
            if expected > 0.0 {
                let off = f64::from(count) - expected;
                sum += off * off / expected;
            }
        }
    }
    sum / all
}

/// Numbers at `phase` and every `step` bytes from there on, some of them.
fn numbers(
    data: &[u8],
    width: usize,
    big_endian: bool,
    phase: usize,
    step: usize,
) -> impl Iterator<Item = (usize, u64)> + '_ {
    let count = data.len().saturating_sub(phase + width) / step;
    let each = (LOOKED_AT / WINDOWS).min(count / WINDOWS).max(1);
    (0..WINDOWS).flat_map(move |window| {
        let first = count.saturating_sub(each) * window / (WINDOWS - 1);
        (first..first + each).filter_map(move |i| {
            let at = phase + i * step;
            data.get(at..at + width)
                .map(|bytes| (i, read(bytes, big_endian)))
        })
    })
}

/// Share of numbers, in 256ths, that would be plausible floats; 0 where too few are not zero.
fn plausible(data: &[u8], width: usize, big_endian: bool, phase: usize, step: usize) -> usize {
    let (exponent_bits, bias) = if width == 8 { (11, 1023) } else { (8, 127) };
    let (mut good, mut all, mut zeros) = (0, 0, 0);
    let mut before = 0;
    for (_, number) in numbers(data, width, big_endian, phase, step) {
        if number << 1 << (64 - 8 * width) == 0 {
            zeros += 1;
            continue;
        }
        let exponent = (number >> (8 * width - 1 - exponent_bits)) & ((1 << exponent_bits) - 1);
        // A value that stands for a missing one is large, and comes often.
        if number == before {
            zeros += 1;
            continue;
        }
        before = number;
        all += 1;
        good += usize::from((exponent as i64 - bias).abs() <= EXPONENTS);
    }
    if all * 20 < zeros {
        0
    } else {
        good * 256 / all.max(1)
    }
}

/// What the numbers of a column are.
fn kind(data: &[u8], width: usize, big_endian: bool, phase: usize, step: usize) -> Number {
    if plausible(data, width, big_endian, phase, step) >= PLAUSIBLE_COLUMN {
        return Number::Float;
    }
    let top = |n: u64| n >> (8 * width - 8);
    let (mut small, mut all) = (0, 0);
    for (_, number) in numbers(data, width, big_endian, phase, step) {
        all += 1;
        small += usize::from(matches!(top(number), 0 | 255));
    }
    if small * 10 > all * 9 {
        Number::Signed
    } else {
        Number::Float
    }
}

/// The columns of `params` with differences where these seem to pay; `None` where they do nowhere.
pub(crate) fn with_differences(data: &[u8], params: &Params) -> Option<Params> {
    let mut params = params.clone();
    let (width, record) = (params.width, params.record());
    let mut any = false;
    for (number, column) in params.columns.iter_mut().enumerate() {
        let phase = params.skip + number * width;
        let values: Vec<(usize, u64)> = numbers(data, width, params.big_endian, phase, record)
            .map(|(i, n)| (i, ordered(n, column.number, width)))
            .collect();
        // Neighbours must be nearer to each other than numbers from anywhere.
        let (mut plain, mut delta) = (0, 0);
        for (i, pair) in values.windows(2).enumerate() {
            if pair[0].0 + 1 == pair[1].0 {
                let other = values[(i + values.len() / 2) % values.len()].1;
                plain += log2(pair[1].1.abs_diff(other));
                delta += log2(pair[1].1.abs_diff(pair[0].1));
            }
        }
        let least = delta + DELTA_GAIN * values.len() as u64;
        column.delta = least < plain;
        any |= column.delta;
    }
    any.then_some(params)
}

/// Bits of a number, in 1/16.
fn log2(value: u64) -> u64 {
    match value {
        0 => 0,
        v => 16 * (u64::from(v.ilog2()) + 1),
    }
}
