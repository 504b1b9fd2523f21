//! The search for a lattice on which the floats of a column lie (`spec.md`, section 6).

use umoec_adapter_float::number::mask;

use crate::lattice::{
    BINARY_MAX, Lattice, POWERS_OF_TEN, Stored, float_bits, float_value, whole_max,
};

/// Fewer different values gain nothing.
const DIFFERENT: usize = 24;
/// Values that may be off the lattice: one in so many.
const OFF: usize = 25;
/// Steps smaller than so many times the distance of neighbouring floats are none.
const COARSE: f64 = 6.0;
/// A whole number may be that far off while step and base are not known well.
const NEAR: f64 = 0.25;
/// Smaller values than this share of the largest count no more for being exact.
const LIGHTEST: f64 = 1e-3;
/// Steps and bases that are tried on all values.
const TRIED: usize = 1 << 15;
/// Values that are tried first.
const FEW: usize = 32;
/// One exception in so many numbers is allowed for the sake of fewer bytes.
const OUTLIERS: usize = 512;
/// Whole numbers to begin the fit with.
const SPAN: f64 = 24.0;
/// Whole numbers of 16 bits, signed or not, from the base on.
const ORIGINS: i64 = 1 << 16;

/// The lattice of floats of 4 or 8 bytes.
pub(crate) fn find(numbers: &[u64], width: usize) -> Option<Lattice> {
    let different = different(numbers, width)?;
    let fits = |lattice: &Lattice| fits(*lattice, &different, width);
    let most = if width == 8 { POWERS_OF_TEN.len() } else { 8 };
    // Among large numbers some are decimals by chance.
    let most_digits = (whole_max(width) / 4) as f64;
    let large = |lattice: &Lattice| {
        let largest = different.iter().filter(|v| v.abs() < most_digits);
        let wholes = largest.filter_map(|&v| lattice.whole(float_bits(v, width), width));
        wholes.filter(|w| w.abs() > whole_max(width) / 4).count() > different.len() / OFF
    };
    let decimals = (0..most as u8).map(Lattice::Decimal);
    let decimal = decimals.take_while(|l| !large(l)).find(fits);
    let most = if width == 8 { BINARY_MAX } else { 30 };
    let binary = (1..=most).map(Lattice::Binary).find(fits);
    // The coarsest has least to say.
    let extent = |lattice: &Lattice| {
        let numbers = different.iter().map(|&v| float_bits(v, width));
        range(numbers, *lattice, width).map_or(i64::MAX, |(least, most)| most - least)
    };
    let fitted = match decimal {
        Some(_) => None,
        None => fitted(&different, width).filter(fits),
    };
    let found = [decimal, binary, fitted].into_iter().flatten();
    found.min_by_key(extent)
}

/// How the numbers of a column are stored, by a sample and all of them; `None` where that is no gain.
pub(crate) fn stored(
    sample: &[u64],
    all: impl Iterator<Item = u64> + Clone,
    lattice: Lattice,
    width: usize,
) -> Option<Stored> {
    let off = |&n: &u64| lattice.whole(n, width).is_none();
    let missing = most_common(sample.iter().copied().filter(off).collect()).unwrap_or(0);
    let (least, most) = range(sample.iter().copied(), lattice, width)?;
    let whole_range = range(all.clone(), lattice, width)?;
    let stored = |(least, most): (i64, i64)| {
        let bytes = (1..width).find(|&bytes| {
            let room = (mask(bytes) - 1) as i64;
            most.checked_sub(least).is_some_and(|range| range < room)
        })?;
        Some(Stored {
            lattice,
            bytes,
            bottom: bottom(least, most, bytes),
            missing,
        })
    };
    // A few outliers are exceptions.
    let narrow = stored((least, most))?;
    let wide = stored(whole_range);
    if let Some(wide) = wide
        && wide.bytes == narrow.bytes
    {
        return Some(wide);
    }
    let exception = mask(narrow.bytes);
    let exceptions = all.clone().filter(|&n| narrow.code(n, width) == exception);
    if exceptions.count() * OUTLIERS < all.count() {
        Some(narrow)
    } else {
        wide
    }
}

/// The least and the largest whole number.
fn range(numbers: impl Iterator<Item = u64>, lattice: Lattice, width: usize) -> Option<(i64, i64)> {
    let wholes = numbers.filter_map(|n| lattice.whole(n, width));
    wholes.fold(None, |range, w| match range {
        None => Some((w, w)),
        Some((least, most)) => Some((w.min(least), w.max(most))),
    })
}

/// The whole number that 0 stands for: so that round numbers stay round, where that is possible.
fn bottom(least: i64, most: i64, bytes: usize) -> i64 {
    let room = (mask(bytes) - 1) as i64;
    if least >= 0 && most < room {
        0
    } else if least > -(room / 2) && most < room / 2 {
        -(room / 2 + 1)
    } else {
        least.saturating_sub((room - (most - least)) / 2)
    }
}

fn most_common(mut numbers: Vec<u64>) -> Option<u64> {
    numbers.sort_unstable();
    let runs = numbers.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).map(|run| run[0])
}

/// The values without repetition, in their order; `None` where they are few.
fn different(numbers: &[u64], width: usize) -> Option<Vec<f64>> {
    let mut values: Vec<f64> = numbers.iter().map(|&n| float_value(n, width)).collect();
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    values.dedup();
    (values.len() >= DIFFERENT).then_some(values)
}

fn fits(lattice: Lattice, values: &[f64], width: usize) -> bool {
    let mut left = values.len() / OFF;
    values.iter().all(|&v| {
        if lattice.whole(float_bits(v, width), width).is_some() {
            return true;
        }
        left = left.saturating_sub(1);
        left > 0
    })
}

/// Step and base by the distances of the values.
fn fitted(values: &[f64], width: usize) -> Option<Lattice> {
    // What stands for a missing value is far from all others.
    let cut = values.len() / (2 * OFF);
    let values = &values[cut..values.len() - cut];
    let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let gaps = || values.windows(2).map(|w| w[1] - w[0]);
    let least = gaps().fold(f64::MAX, f64::min);
    let epsilon = if width == 8 {
        f64::EPSILON
    } else {
        f64::from(f32::EPSILON)
    };
    if least <= largest * epsilon * COARSE {
        return None;
    }
    let near: Vec<f64> = gaps().filter(|g| *g < least * 1.5).collect();
    let mut step = near.iter().sum::<f64>() / near.len() as f64;
    // From the middle of the densest part on.
    let densest = (0..values.len() - DIFFERENT / 4).min_by(|&a, &b| {
        let length = |i: usize| values[i + DIFFERENT / 4] - values[i];
        length(a).total_cmp(&length(b))
    })?;
    let mut base = values[densest];
    let origin = base;
    let mut span = SPAN;
    loop {
        let mut sums = [0.0; 5];
        let mut all = true;
        for &v in values {
            let whole = ((v - base) / step).round();
            if whole.abs() > span {
                all = false;
                continue;
            }
            if ((v - base) / step - whole).abs() > NEAR {
                return None;
            }
            let y = v - origin;
            // Small floats are more exact.
            let weight = (largest / v.abs().max(largest * LIGHTEST)).powi(2);
            sums = [
                sums[0] + weight,
                sums[1] + weight * whole,
                sums[2] + weight * whole * whole,
                sums[3] + weight * y,
                sums[4] + weight * whole * y,
            ];
        }
        let [n, x, xx, y, xy] = sums;
        let spread = n * xx - x * x;
        if spread > 0.0 {
            step = (n * xy - x * y) / spread;
            base = origin + (y - step * x) / n;
        }
        if all {
            break;
        }
        span *= 2.0;
    }
    if !step.is_normal() || !base.is_finite() {
        return None;
    }
    let double = Lattice::Double { step, base };
    if width == 8 {
        return Some(double);
    }
    let on = |lattice: &Lattice| {
        let on = |v: &&f64| lattice.whole(float_bits(**v, width), width).is_some();
        values.iter().filter(on).count()
    };
    let single = single(values, step, base);
    Some(single.filter(|s| on(s) > on(&double)).unwrap_or(double))
}

/// The step and base of 32-bit arithmetic that give these values, if whole numbers of 16 bits do.
fn single(values: &[f64], step: f64, base: f64) -> Option<Lattice> {
    let nearest = step as f32;
    let steps = [nearest, nearest.next_down(), nearest.next_up()];
    let all: Vec<(i64, f32)> = values
        .iter()
        .map(|&v| (((v - base) / step).round() as i64, v as f32))
        .collect();
    let few: Vec<(i64, f32)> = all
        .iter()
        .step_by(all.len().div_ceil(FEW))
        .copied()
        .collect();
    let (mut best, mut least, mut tried) = (None, all.len(), 0);
    for origin in (0..=ORIGINS).flat_map(|n| [n, -n]) {
        let bottom = (base + step * origin as f64) as f32;
        for step in steps {
            for base in [bottom, bottom.next_down(), bottom.next_up()] {
                let off = |&&(whole, value): &&(i64, f32)| {
                    ((whole - origin) as f32 * step + base).to_bits() != value.to_bits()
                };
                if few.iter().filter(off).nth(1).is_some() {
                    continue;
                }
                let missed = all.iter().filter(off).take(least).count();
                if missed < least {
                    (best, least) = (Some(Lattice::Single { step, base }), missed);
                }
                tried += 1;
                if least == 0 || tried == TRIED {
                    return best;
                }
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lattice of the values of whole numbers from -2000 to 6191.
    fn of(value: impl Fn(i32) -> f32) -> Option<Lattice> {
        let mut state = 1u32;
        let numbers: Vec<u64> = (0..800)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let whole = (state >> 19) as i32 - 2000;
                u64::from(value(whole).to_bits())
            })
            .collect();
        find(&numbers, 4)
    }

    #[test]
    fn decimals_and_fractions_are_found() {
        assert_eq!(
            of(|n| (f64::from(n) / 100.0) as f32),
            Some(Lattice::Decimal(2))
        );
        assert_eq!(of(|n| n as f32 / 16.0), Some(Lattice::Binary(4)));
    }

    #[test]
    fn scaled_samples_are_found() {
        // Several bases may do.
        let value = |n: i32| n as f32 * 0.045_777_76 + 1500.0;
        let Some(found @ Lattice::Single { step, .. }) = of(value) else {
            panic!("{:?}", of(value));
        };
        assert_eq!(step, 0.045_777_76);
        let on = |n| found.whole(u64::from(value(n).to_bits()), 4).is_some();
        assert!((-2000..6192).all(on));
        let found = of(|n| (f64::from(n) * 0.037_123_456_7 + 280.5) as f32);
        let Some(Lattice::Double { step, .. }) = found else {
            panic!("{found:?}");
        };
        assert!((step - 0.037_123_456_7).abs() < 1e-9);
    }

    #[test]
    fn other_floats_are_on_none() {
        assert_eq!(of(|n| (f64::from(n) / 700.0).exp() as f32), None);
        assert_eq!(of(|n| (n % 7) as f32), None);
    }
}
