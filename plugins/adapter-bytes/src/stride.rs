//! The search for strides: distances at which the data resembles itself (`spec.md`, section 3).
//!
//! Records, samples and image rows show as sharp dips of the mean distance between bytes
//! `s` apart, plotted over `s`. Text has none.

/// Largest stride looked for.
const STRIDE_MAX: usize = 16_384;
/// Largest stride of an element: a record, a pixel, a sample.
const ELEMENT_MAX: usize = 512;
/// Windows that are compared with their past: several, since data has flat regions.
const WINDOWS: usize = 8;
/// Bytes of each.
const WINDOW: usize = 1536;
/// Distances above this count as this: beyond it bytes are merely different.
const DISTANCE_MAX: u8 = 16;
/// Least depth of a dip of an element, relative to the median distance.
const ELEMENT_DIP: f32 = 0.025;
/// Least depth of a dip of a row, relative to its surroundings.
const ROW_DIP: f32 = 0.04;
/// Rows of a smooth grid stand out only from strides this many elements away.
const ROW_STEPS: [usize; 2] = [1, 8];
/// Distances below this are noise, relative to the median.
const NOISE: f32 = 0.002;

/// Strides of `data`, the element first, then the row, then the width of a number within
/// the element. Those not found are left out.
pub(crate) fn find(data: &[u8]) -> Vec<u32> {
    let Some(curve) = Curve::of(data) else {
        return Vec::new();
    };
    let element = curve.element();
    let row = curve.row(element.unwrap_or(1));
    let mut strides = Vec::new();
    if row.is_some() || element.is_some() {
        strides.push(element.unwrap_or(1));
    }
    strides.extend(row);
    if let Some(e) = element {
        // Records of floats or integers: four bytes wide more often than not.
        strides.extend([4, 2].into_iter().find(|w| e > *w && e.is_multiple_of(*w)));
    }
    strides.into_iter().map(|s| s as u32).collect()
}

/// Mean distance between bytes `s` apart, for each `s`, relative to the median.
struct Curve {
    relative: Vec<f32>,
}

impl Curve {
    /// `None` where the data is too short or too even to say anything.
    fn of(data: &[u8]) -> Option<Self> {
        let longest = STRIDE_MAX.min(data.len() / 4);
        if longest < 8 {
            return None;
        }
        let window = WINDOW.min(data.len() / 4);
        let room = data.len() - window - longest;
        let starts: Vec<usize> = (0..WINDOWS)
            .map(|i| longest + room * (2 * i + 1) / (2 * WINDOWS))
            .collect();
        let mut relative: Vec<f32> = (1..=longest)
            .map(|s| {
                let sum: u32 = starts
                    .iter()
                    .map(|&at| distance(&data[at..at + window], &data[at - s..at - s + window]))
                    .sum();
                sum as f32
            })
            .collect();
        let mut sorted = relative.clone();
        let middle = sorted.len() / 2;
        let (_, &mut median, _) = sorted.select_nth_unstable_by(middle, f32::total_cmp);
        if median < (WINDOWS * window) as f32 * 0.02 {
            return None;
        }
        relative.iter_mut().for_each(|d| *d /= median);
        Some(Self { relative })
    }

    fn at(&self, stride: usize) -> f32 {
        self.relative[stride - 1]
    }

    fn longest(&self) -> usize {
        self.relative.len()
    }

    /// How far the curve at `s` lies below both of its neighbours at `step`.
    fn dip(&self, s: usize, step: usize) -> f32 {
        self.at(s - step).min(self.at(s + step)) - self.at(s)
    }

    /// The smallest stride whose dip is at least half as deep as the deepest.
    fn element(&self) -> Option<usize> {
        let all = 2..ELEMENT_MAX.min(self.longest());
        let deepest = all.clone().map(|s| self.dip(s, 1)).fold(0.0, f32::max);
        if deepest < ELEMENT_DIP {
            return None;
        }
        all.into_iter().find(|&s| self.dip(s, 1) >= deepest / 2.0)
    }

    /// The smallest multiple of `element` whose dip among the multiples is nearly the deepest.
    fn row(&self, element: usize) -> Option<usize> {
        let margin = ROW_STEPS[1] * element;
        let all = || {
            (margin + 3 * element..)
                .step_by(element)
                .take_while(|&s| s + margin <= self.longest())
        };
        let depth = |s: usize| {
            let dip = |steps| {
                let around = self
                    .at(s - steps * element)
                    .min(self.at(s + steps * element));
                1.0 - self.at(s) / (around + NOISE)
            };
            dip(ROW_STEPS[0]).max(0.0) + dip(ROW_STEPS[1])
        };
        let deepest = all().map(depth).fold(0.0, f32::max);
        if deepest < ROW_DIP {
            return None;
        }
        let near = all().find(|&s| depth(s) >= deepest * 0.75)?;
        // The flank of a broad dip may come first: its bottom is the row.
        all()
            .skip_while(|&s| s < near)
            .take(2 * ROW_STEPS[1])
            .max_by(|&a, &b| depth(a).total_cmp(&depth(b)))
    }
}

/// Sum of the distances of the bytes, around the circle of 256 values.
fn distance(a: &[u8], b: &[u8]) -> u32 {
    let mut sum = 0;
    // Sums of 255 bytes of at most 16 fit 16 bits, which keeps the vectors narrow.
    for (a, b) in a.chunks(255).zip(b.chunks(255)) {
        let part: u16 = a
            .iter()
            .zip(b)
            .map(|(&a, &b)| {
                let d = a.wrapping_sub(b);
                u16::from(d.min(d.wrapping_neg()).min(DISTANCE_MAX))
            })
            .sum();
        sum += u32::from(part);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator, so that the tests do not depend on a library's stream.
    fn noise(state: &mut u64) -> u8 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (*state >> 56) as u8
    }

    #[test]
    fn records_are_found() {
        let mut state = 1;
        let data: Vec<u8> = (0..5000u32)
            .flat_map(|i| {
                let mut record = [0u8; 28];
                record[..4].copy_from_slice(&(i * 3).to_le_bytes());
                record[9] = noise(&mut state);
                record[10..20]
                    .iter_mut()
                    .for_each(|b| *b = 7 + noise(&mut state) % 4);
                record[20..].iter_mut().for_each(|b| *b = noise(&mut state));
                record
            })
            .collect();
        assert_eq!(find(&data)[0], 28);
    }

    #[test]
    fn an_image_has_a_pixel_and_a_row() {
        let mut state = 2;
        let (width, height) = (200u32, 150u32);
        let data: Vec<u8> = (0..width * height)
            .flat_map(|i| {
                let (x, y) = (i % width, i / width);
                let base =
                    (((x as f32 / 17.0).sin() + (y as f32 / 23.0).cos()) * 60.0 + 128.0) as u8;
                [base, base / 2, 255 - base].map(|v| v.wrapping_add(noise(&mut state) % 4))
            })
            .collect();
        assert_eq!(find(&data)[..2], [3, 600]);
    }

    #[test]
    fn noise_has_none() {
        let mut state = 3;
        let noise: Vec<u8> = (0..60_000).map(|_| noise(&mut state)).collect();
        assert_eq!(find(&noise), [0u32; 0]);
        assert_eq!(find(&[]), [0u32; 0]);
        assert_eq!(find(&[1, 2, 3]), [0u32; 0]);
        assert_eq!(find(&vec![0; 100_000]), [0u32; 0]);
    }
}
