//! What a stream of a preset begins with: weights and counters learned from other files (`spec.md`, section 12).
//!
//! A model that begins with equal weights wastes the first kilobytes on learning what all files have in common. The
//! rows of a selector share a few vectors of weights, so that a preset takes some kilobytes.

use std::sync::LazyLock;

use crate::advice::{Advice, Advised, Alone};
use crate::mixer::UPPER_BITS;
use crate::presets::{self, Recipe};
use crate::slots::fresh_counters;

/// The data, made by `examples/prime.rs` of `predictor-mix`.
static DATA: &[u8] = include_bytes!("primed.bin");

/// First byte of the data.
pub const FORMAT: u8 = 1;

/// Most vectors that the rows of a selector share.
pub const VECTORS_MAX: usize = 16;

/// Shift of a stored weight to the upper half of a weight: units of 2^-6 in the first layer, 2^-7 in the last mixer.
pub(crate) const UNITS: [u32; 2] = [UPPER_BITS - 6, UPPER_BITS - 7];

/// The counts that a stored counter can have.
pub const COUNTS: [u8; 16] = [0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 90, 128, 255];

/// States that are stored: all but the empty history.
pub const STATES: std::ops::Range<usize> = 1..255;

/// Contexts of the last mixer.
pub const LAST: usize = 256;

/// What a stream of one preset begins with.
pub(crate) struct Beginning {
    pub(crate) preset: u8,
    /// The counter of each state, the same for all contexts.
    pub(crate) states: [u32; 256],
    /// The counter of each count of a run, the same for all contexts.
    pub(crate) runs: [u32; 16],
    alone: Mixing,
    advised: Option<Mixing>,
}

impl Beginning {
    /// The weights of a model with that advice.
    pub(crate) fn mixing<A: Advice>(&self) -> Option<&Mixing> {
        if A::INPUTS == 0 {
            Some(&self.alone)
        } else {
            self.advised.as_ref()
        }
    }
}

/// The weights of a mixer.
pub(crate) struct Mixing {
    /// Of each selector.
    pub(crate) selectors: Vec<Rows>,
    /// Of the last mixer; none with one selector.
    pub(crate) last: Option<Rows>,
}

/// The rows of a selector.
pub(crate) struct Rows {
    /// The upper halves of the weights.
    pub(crate) vectors: Vec<Vec<i16>>,
    /// Which vector each row is.
    pub(crate) index: Vec<u8>,
}

static ALL: LazyLock<Vec<Beginning>> = LazyLock::new(|| read(DATA).expect("primed.bin is tested"));

/// What a stream of that preset begins with, if the data say.
pub(crate) fn of(preset: u8) -> Option<&'static Beginning> {
    ALL.iter().find(|b| b.preset == preset)
}

/// Reads the data; `None` where they are malformed.
pub(crate) fn read(data: &[u8]) -> Option<Vec<Beginning>> {
    let mut reader = Reader(data);
    if reader.byte()? != FORMAT {
        return None;
    }
    let mut all = Vec::new();
    while !reader.0.is_empty() {
        let preset = reader.byte()?;
        let recipe = &presets::by_number(preset)?.recipe;
        let mut states = fresh_counters();
        for state in &mut states[STATES] {
            // The marks stay.
            *state = reader.counter()? | (*state & 0x300);
        }
        let mut runs = [0; 16];
        for run in &mut runs {
            *run = reader.counter()?;
        }
        let alone = reader.mixing::<Alone>(recipe)?;
        let advised = match reader.byte()? {
            0 => None,
            1 => Some(reader.mixing::<Advised<()>>(recipe)?),
            _ => return None,
        };
        all.push(Beginning {
            preset,
            states,
            runs,
            alone,
            advised,
        });
    }
    Some(all)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// 12 bits of probability above the number of a count.
    fn counter(&mut self) -> Option<u32> {
        let bytes = self.take(2)?;
        let stored = u32::from(bytes[0]) | u32::from(bytes[1]) << 8;
        let count = COUNTS[stored as usize & 15];
        // The middle of what the 12 bits stand for.
        Some((stored >> 4) << 20 | 1 << 19 | u32::from(count))
    }

    fn mixing<A: Advice>(&mut self, recipe: &Recipe) -> Option<Mixing> {
        let inputs = recipe.inputs() + A::INPUTS;
        let own = recipe.selectors.iter().map(|s| s.size());
        let sizes: Vec<usize> = own.chain(A::SELECTORS.iter().copied()).collect();
        let selectors = sizes.iter().map(|&size| self.rows(size, inputs, UNITS[0]));
        let selectors = selectors.collect::<Option<Vec<_>>>()?;
        let last = match sizes.len() {
            1 => None,
            count => Some(self.rows(LAST, count, UNITS[1])?),
        };
        Some(Mixing { selectors, last })
    }

    fn rows(&mut self, size: usize, inputs: usize, shift: u32) -> Option<Rows> {
        let count = usize::from(self.byte()?);
        if !(1..=VECTORS_MAX).contains(&count) {
            return None;
        }
        let stored = self.take(count * inputs)?;
        let weight = |&byte: &u8| i16::from(byte.cast_signed()) << shift;
        let vectors = stored.chunks_exact(inputs);
        let vectors = vectors.map(|v| v.iter().map(weight).collect()).collect();
        let pairs = self.take(size.div_ceil(2))?;
        let index = pairs.iter().flat_map(|&pair| [pair & 15, pair >> 4]);
        let index: Vec<u8> = index.take(size).collect();
        if index.iter().any(|&i| usize::from(i) >= count) {
            return None;
        }
        Some(Rows { vectors, index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::params::Params;
    use crate::training::{Begin, code, shape};

    #[test]
    fn the_data_are_what_the_specification_says() {
        assert!(read(DATA).is_some());
        assert!(DATA.len() < 128 << 10, "{} bytes", DATA.len());
        for name in ["deep-text", "deep-record", "fast-text", "fast-record"] {
            let preset = presets::by_name(name).unwrap();
            assert!(of(preset.number).is_some(), "{name}");
        }
        assert!(of(0).is_none());
        let numbers: Vec<u8> = ALL.iter().map(|b| b.preset).collect();
        assert!(
            numbers.windows(2).all(|w| w[0] < w[1]),
            "each once, in order"
        );
    }

    #[test]
    fn data_that_end_early_or_say_what_cannot_be_are_refused() {
        for end in (2..DATA.len()).step_by(97) {
            // An end between two presets is one.
            let whole = read(&DATA[..end]);
            assert!(whole.is_none_or(|all| all.len() < ALL.len()), "{end}");
        }
        let refused = |at: usize, value: u8| {
            let mut data = DATA.to_vec();
            data[at] = value;
            read(&data).is_none()
        };
        assert!(refused(0, FORMAT + 1));
        assert!(refused(1, 0) && refused(1, 255), "no such preset");
        let first = 2 + 2 * (STATES.len() + 16);
        assert!(refused(first, 0) && refused(first, 17), "no such count");
    }

    fn params(preset: u8) -> Vec<u8> {
        vec![preset, Params::size_for(1 << 12)]
    }

    #[test]
    fn a_model_begins_with_what_the_data_say() {
        for name in ["deep-text", "mid-text"] {
            let preset = presets::by_name(name).unwrap();
            let beginning = of(preset.number).unwrap();
            let bytes = params(preset.number);
            let params = Params::read(&bytes).unwrap();
            let alone = Model::new(&params, 100, Alone).unwrap();
            begins(alone, beginning, &beginning.alone, &bytes, false);
            let advice = Advised::new((), 0, 100).unwrap();
            let advised = Model::new(&params, 100, advice).unwrap();
            let mixing = beginning.advised.as_ref().unwrap();
            begins(advised, beginning, mixing, &bytes, true);
        }
    }

    fn begins<A: Advice>(
        mut model: Model<A>,
        beginning: &Beginning,
        mixing: &Mixing,
        params: &[u8],
        advised: bool,
    ) {
        let learned = model.learned();
        assert!(learned.states.iter().all(|s| *s == beginning.states));
        assert!(learned.runs.iter().all(|r| *r == beginning.runs));
        let shape = shape(params, advised).unwrap();
        let [weights, last] = learned.weights;
        let mut rows = weights.chunks_exact(shape.width);
        for (selector, &size) in mixing.selectors.iter().zip(&shape.selectors) {
            assert_eq!(selector.index.len(), size);
            for &index in &selector.index {
                let vector = &selector.vectors[usize::from(index)];
                let row = rows.next().unwrap();
                same(&row[..shape.inputs], vector);
                assert!(row[shape.inputs..].iter().all(|&w| w == 0));
            }
        }
        assert!(rows.next().is_none());
        let rows = mixing.last.as_ref().unwrap();
        for (row, &index) in last.chunks_exact(16).zip(&rows.index) {
            same(
                &row[..shape.selectors.len()],
                &rows.vectors[usize::from(index)],
            );
        }
    }

    fn same(row: &[i32], vector: &[i16]) {
        let vector = vector.iter().map(|&w| i32::from(w) << 16);
        assert!(row.iter().copied().eq(vector));
    }

    #[test]
    fn a_model_of_its_own_begins_flat() {
        let preset = presets::by_name("deep-text").unwrap();
        let mut params = Params::read(&params(preset.number)).unwrap();
        params.preset = 0;
        let learned = Model::new(&params, 100, Alone).unwrap().learned();
        assert_eq!(learned.states[0], fresh_counters());
        let weight = i32::from(params.recipe.weight) << 20;
        assert_eq!(learned.weights[0][0], weight);
    }

    /// Sentences of common words, some of them repeated.
    fn prose() -> Vec<u8> {
        let words = "the of and to in is that it was for with as his on be at by had not are but from or have an they \
                     which one you were all her she there would their we him been has when who will no more if out \
                     so said what up its about than into them can only other time new some could these two may first";
        let words: Vec<&str> = words.split_whitespace().collect();
        let (mut state, mut text) = (1u32, String::new());
        while text.len() < 3000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (state >> 16) as usize;
            // Squared, so that the first ones are frequent.
            let part = number % 256;
            text += words[(part * part * words.len()) >> 16];
            text += if number.is_multiple_of(11) {
                ".\n"
            } else {
                " "
            };
        }
        text.into_bytes()
    }

    #[test]
    fn what_begins_primed_takes_less() {
        let data = prose();
        for name in ["deep-text", "mid-text", "fast-text"] {
            let params = params(presets::by_name(name).unwrap().number);
            let cost = |begin: Begin<'_>| code(&params, &data, None, 0, &begin).unwrap().0;
            let (flat, primed) = (cost(Begin::Flat), cost(Begin::Primed(DATA)));
            assert!(primed < 0.98 * flat, "{name}: {primed} {flat}");
        }
    }

    #[test]
    fn a_stored_counter_is_the_middle_of_its_part() {
        let counter = Reader(&[0x0A, 0x80]).counter().unwrap();
        assert_eq!(counter, 0x8008_0000 | u32::from(COUNTS[10]));
        assert_eq!(Reader(&[1]).counter(), None);
    }
}
