//! Gated logistic mixing in two layers (`spec.md`, section 7).
//!
//! Each selector picks one row of weights by a small context; the dot product of that row with
//! the inputs is an opinion, trained on its own error. A second, small mixer weighs the
//! opinions. After Mattern, "Mixing strategies in data compression" (DCC 2012), and PAQ8.
//!
//! A weight has 32 bits, 28 of them behind the point: it learns by `x * error` as it is. Only its upper
//! half is multiplied; it saturates at +-8. Upper and lower halves lie apart, so that vectors of 16 bits
//! do both.
//!
//! Bounds: inputs are within +-2815 and errors within 65535 * 255 / 2^10, so `x * error` is below
//! 2^25.5. A sum of products may leave 32 bits only where all weights and inputs are at their limits; it is
//! modulo 2^32, so that the order of summation does not matter.

use crate::math::{TABLES, Tables};
use crate::primed::{LAST, Mixing, Rows};
use crate::simd::{LANES, Line, NARROW, Narrow, Ops, flat, logit};
use crate::spare;

/// Most inputs of a layer.
pub(crate) const MAX_INPUTS: usize = 256;
/// Inputs may be written in groups of this many, the last of which reaches beyond the last input.
pub(crate) const GROUP: usize = 8;
/// Fraction bits of the upper half of a weight.
pub(crate) const UPPER_BITS: u32 = 12;

/// The learning rate of the first layer, which falls.
pub(crate) struct Schedule {
    rate: i32,
    floor: i32,
}

impl Schedule {
    /// From a recipe's rates: at first, in the end, and one for others.
    pub(crate) fn new([rate, floor, _]: [u8; 3]) -> Self {
        let (rate, floor) = (rate.into(), floor.into());
        Self { rate, floor }
    }

    /// What the weights are to learn from `bit` after the probability `p` (16 bits).
    #[inline(always)]
    pub(crate) fn error(&self, p: i32, bit: u32) -> i16 {
        error(p, bit, self.rate)
    }

    /// Lowers the rate towards its floor by one 64th of the way; once a kibibyte.
    #[inline(always)]
    pub(crate) fn cool(&mut self) {
        self.rate -= (self.rate - self.floor + 63) / 64;
    }
}

/// The probability of 1 that would have been right.
#[inline(always)]
const fn target(bit: u32) -> i32 {
    ((bit as i32) << 16) - bit as i32
}

/// What weights learn by from `bit` after `p`.
#[inline(always)]
const fn error(p: i32, bit: u32, rate: i32) -> i16 {
    (((target(bit) - p) * rate + (1 << 9)) >> 10) as i16
}

/// A row of a narrow layer, each weight `value` (32 bits).
pub(crate) const fn narrow_row(value: i32) -> Line {
    let mut row = Line::ZERO;
    let mut i = 0;
    while i < NARROW {
        (row.0[i], row.0[NARROW + i]) = ((value >> 16) as i16, value as i16);
        i += 1;
    }
    row
}

/// A row with these upper halves, in `2 * width` lines.
fn row(upper: &[i16], width: usize) -> Vec<Line> {
    let mut row = vec![Line::ZERO; 2 * width];
    flat(&mut row)[..upper.len()].copy_from_slice(upper);
    row
}

/// The rows of a narrow layer.
pub(crate) fn narrow_rows(rows: &Rows) -> Vec<Line> {
    let line = |&index: &u8| {
        let vector = &rows.vectors[usize::from(index)];
        let mut line = Line::ZERO;
        line.0[..vector.len()].copy_from_slice(vector);
        line
    };
    rows.index.iter().map(line).collect()
}

/// A layer of selectors over common inputs, and the layer above it.
pub(crate) struct Mixer {
    tables: &'static Tables,
    /// The inputs of the present bit, padded with zeros.
    inputs: Vec<Line>,
    /// Lines of inputs that count.
    width: usize,
    /// The rows that selectors begin with, which they share, and behind them those that have learned.
    weights: Vec<Line>,
    /// Lines of shared rows.
    shared: usize,
    /// The first line of each row of all selectors: of what it begins with, until it learns.
    places: Vec<u32>,
    /// The first row of each selector.
    first: Vec<u32>,
    /// The selected row of each, and its first line.
    rows: Vec<u32>,
    at: Vec<u32>,
    opinions: Narrow,
    last: Vec<Line>,
    /// The selected row of the second layer, and its opinion as a probability.
    selected: usize,
    p: i32,
    schedule: Schedule,
    last_rate: i32,
}

impl Mixer {
    /// A mixer of `inputs` inputs and one selector for each of `sizes`, the numbers of their
    /// contexts; 256 contexts select the weights of the second layer. `primed` says what it begins with; without it,
    /// all inputs have that weight, but the one heard, which has the trust.
    pub(crate) fn new(
        inputs: usize,
        sizes: &[usize],
        rates: [u8; 3],
        weight: u8,
        (heard, trust): (usize, i32),
        primed: Option<&Mixing>,
    ) -> Self {
        assert!(inputs <= MAX_INPUTS);
        let width = inputs.div_ceil(LANES);
        let all: usize = sizes.iter().sum();
        let vectors = |mixing: &Mixing| mixing.selectors.iter().map(|s| s.vectors.len()).sum();
        let shared = 2 * width * primed.map_or(1, vectors);
        // Room that is not touched before it is needed: of short streams few rows learn.
        let mut weights = spare::lines(shared + 2 * width * all);
        let mut places = Vec::with_capacity(all);
        match primed {
            None => {
                let initial = |weight: i32| (weight << (UPPER_BITS - 8)) as i16;
                let mut upper = vec![initial(weight.into()); LANES * width];
                if trust > 0 {
                    upper[heard] = initial(trust);
                }
                weights.extend(row(&upper, width));
                places.resize(all, 0);
            }
            Some(primed) => {
                for rows in &primed.selectors {
                    let first = weights.len();
                    for vector in &rows.vectors {
                        weights.extend(row(vector, width));
                    }
                    let place = |&index: &u8| (first + 2 * width * usize::from(index)) as u32;
                    places.extend(rows.index.iter().map(place));
                }
            }
        }
        let even = (1 << (UPPER_BITS + 16)) / sizes.len() as i32;
        let last = match primed.and_then(|p| p.last.as_ref()) {
            None => vec![narrow_row(even); LAST],
            Some(rows) => narrow_rows(rows),
        };
        let mut row = 0;
        let first = sizes.iter().map(|&n| {
            let first = row;
            row += n as u32;
            first
        });
        Self {
            tables: &TABLES,
            inputs: vec![Line::ZERO; (inputs + GROUP).div_ceil(LANES)],
            width,
            first: first.collect(),
            rows: vec![0; sizes.len()],
            at: vec![0; sizes.len()],
            weights,
            shared,
            places,
            opinions: Narrow([0; NARROW]),
            last,
            selected: 0,
            p: 32_768,
            schedule: Schedule::new(rates),
            last_rate: rates[2].into(),
        }
    }

    /// Bytes of weights for that shape, as the specification counts them: shared rows are among the small things there.
    pub(crate) fn memory(inputs: usize, sizes: &[usize]) -> u64 {
        let row = 2 * inputs.div_ceil(LANES);
        let lines = sizes.iter().sum::<usize>() * row + LAST;
        (lines * size_of::<Line>()) as u64
    }

    /// The inputs of the present bit, and room for the rest of a group behind them.
    #[inline(always)]
    pub(crate) fn inputs(&mut self) -> &mut [i16] {
        flat(&mut self.inputs)
    }

    /// The logit of the next bit being 1, under the contexts that `select` gives for the
    /// selectors and `last` for the second layer.
    #[inline(always)]
    pub(crate) fn mix<O: Ops>(&mut self, select: &[u32], last: usize) -> i32 {
        let selected = self.rows.iter_mut().zip(&mut self.at);
        for (((row, at), &first), &s) in selected.zip(&self.first).zip(select) {
            *row = first + s;
            *at = self.places[*row as usize];
        }
        O::mix(
            &self.inputs[..self.width],
            &self.weights,
            &self.at,
            &mut self.opinions,
        );
        if self.at.len() == 1 {
            // One opinion needs no weighing.
            return i32::from(self.opinions.0[0]);
        }
        self.selected = last;
        let x = logit(O::mix_narrow(&self.opinions, &self.last[last]));
        self.p = self.tables.squash(x);
        x
    }

    /// Moves the selected weights of both layers towards `bit`.
    #[inline(always)]
    pub(crate) fn update<O: Ops>(&mut self, bit: u32) {
        if self.at.len() > 1 {
            let error = error(self.p, bit, self.last_rate);
            O::train_narrow(&self.opinions, &mut self.last[self.selected], error);
        }
        for ((&row, &at), &opinion) in self.rows.iter().zip(&self.at).zip(&self.opinions.0) {
            let error = self.schedule.error(self.tables.squash(opinion.into()), bit);
            let mut at = at as usize;
            if at < self.shared {
                at = own(&mut self.weights, at, 2 * self.width);
                self.places[row as usize] = at as u32;
            }
            let weights = &mut self.weights[at..][..2 * self.width];
            O::train(&self.inputs[..self.width], weights, error);
        }
    }

    /// Lowers the learning rate; once a kibibyte.
    pub(crate) fn cool(&mut self) {
        self.schedule.cool();
    }

    /// The weights of all rows of the selectors, one behind the other, and those of the last mixer: 32 bits each.
    pub(crate) fn weights(&self) -> [Vec<i32>; 2] {
        let width = LANES * self.width;
        let row = |&at: &u32| &self.weights[at as usize..][..2 * self.width];
        let first = self.places.iter().map(row);
        let first = first.flat_map(|row| whole(row.iter().flat_map(|l| l.0).collect(), width));
        let last = self.last.iter();
        let last = last.flat_map(|row| whole(row.0.to_vec(), NARROW));
        [first.collect(), last.collect()]
    }

    /// Replaces all weights, in the order of `weights`.
    pub(crate) fn set_weights(&mut self, [first, last]: &[Vec<i32>; 2]) {
        let width = LANES * self.width;
        for (place, new) in self.places.iter_mut().zip(first.chunks_exact(width)) {
            if (*place as usize) < self.shared {
                *place = own(&mut self.weights, *place as usize, 2 * self.width) as u32;
            }
            halve(
                flat(&mut self.weights[*place as usize..][..2 * self.width]),
                new,
            );
        }
        for (row, new) in self.last.iter_mut().zip(last.chunks_exact(NARROW)) {
            halve(&mut row.0, new);
        }
    }
}

impl Drop for Mixer {
    fn drop(&mut self) {
        spare::leave_lines(std::mem::take(&mut self.weights));
    }
}

/// Appends a copy of a row, which is to learn, and says where.
#[cold]
fn own(weights: &mut Vec<Line>, from: usize, lines: usize) -> usize {
    let at = weights.len();
    weights.extend_from_within(from..from + lines);
    at
}

/// The weights of a row of `width` upper halves before as many lower ones.
fn whole(row: Vec<i16>, width: usize) -> Vec<i32> {
    let (upper, lower) = row.split_at(width);
    let halves = upper.iter().zip(lower);
    halves
        .map(|(&u, &l)| i32::from(u) << 16 | i32::from(l.cast_unsigned()))
        .collect()
}

/// The way back.
fn halve(row: &mut [i16], weights: &[i32]) {
    let (upper, lower) = row.split_at_mut(weights.len());
    for ((upper, lower), &weight) in upper.iter_mut().zip(lower).zip(weights) {
        (*upper, *lower) = ((weight >> 16) as i16, weight as i16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::LOGIT_MAX;
    use crate::simd::ScalarOps;

    /// The bounds in the module's text, reached: in a test build an overflow panics.
    #[test]
    fn extremes_do_not_overflow() {
        for bit in 0..2 {
            let p = if bit == 0 { 65_535 } else { 0 };
            let error = error(p, bit, 255);
            assert_eq!(i32::from(error).abs(), 16_320);
            for x in [LOGIT_MAX, -LOGIT_MAX] {
                let x = [Line([x as i16; LANES]); MAX_INPUTS / LANES];
                let mut row = [Line([i16::MAX; LANES]); 2 * MAX_INPUTS / LANES];
                let mut opinions = Narrow([0; NARROW]);
                ScalarOps::mix(&x, &row, &[0], &mut opinions);
                ScalarOps::train(&x, &mut row, error);
            }
        }
    }

    #[test]
    fn a_weight_learns_the_whole_product() {
        let mut row = narrow_row(-70_000);
        let x = Narrow(std::array::from_fn(|i| 333 * i as i16 - 2500));
        ScalarOps::train_narrow(&x, &mut row, -7001);
        for (i, &x) in x.0.iter().enumerate() {
            let weight = i32::from(row.0[i]) << 16 | i32::from(row.0[NARROW + i] as u16);
            assert_eq!(weight, -70_000 + i32::from(x) * -7001);
        }
    }
}
