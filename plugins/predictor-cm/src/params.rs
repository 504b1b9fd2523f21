//! Parameters of a stream on the wire (`spec.md`, section 10).
//!
//! ```text
//! preset u8: 1.. a model of section 11, or 0: its lists follow
//! size   u8: lines of the table, (8 + high 3 bits) << low 5 bits
//! element stride, row stride: LEB128, both absent where both are 0
//! ```

use std::fmt;

use umoec_codec::plugin::put_leb128;
use umoec_codec::{Error, Result};

use crate::advice::Alone;
use crate::contexts::Context;
use crate::model::Model;
use crate::numeric::Numbers;
use crate::presets::{self, Recipe};
use crate::selector::Selector;
use crate::table::LINE;
use crate::tracker::Sights;

/// Largest stride.
pub(crate) const STRIDE_MAX: u32 = (1 << 24) - 1;

/// Most lines of a table: 4 GiB.
pub(crate) const LINES_MAX: u64 = (1 << 26) - 16;

/// Most contexts, direct contexts, matchers and selectors of a model.
pub(crate) const LIST_MAX: [usize; 4] = [48, 16, 4, 15];

/// What a model is made of, and how large it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    pub(crate) recipe: Recipe,
    /// The preset's number, 0 for a recipe of its own.
    pub(crate) preset: u8,
    /// Size of the table, as it stands on the wire.
    pub(crate) size: u8,
    /// Element and row stride in bytes, 0 for none.
    pub(crate) strides: [u32; 2],
    /// Numbers of several bytes.
    pub(crate) numbers: Numbers,
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match presets::by_number(self.preset) {
            Some(preset) => write!(f, "model {}", preset.name)?,
            None => write!(f, "a model of {} contexts", self.recipe.contexts.len())?,
        }
        write!(f, ", table of {} KiB", (self.lines() * LINE as u64) >> 10)?;
        match self.strides {
            [0, 0] => {}
            [element, 0] => write!(f, ", elements of {element} bytes")?,
            [element, row] => write!(f, ", elements of {element} bytes in rows of {row}")?,
        }
        match self.numbers.width {
            0 => Ok(()),
            width => write!(
                f,
                ", numbers of {width} bytes from byte {}",
                self.numbers.phase
            ),
        }
    }
}

impl Params {
    /// Lines that a size byte stands for.
    pub(crate) const fn lines_of(size: u8) -> u64 {
        (8 + (size >> 5) as u64) << (size & 31)
    }

    /// The largest size byte of at most `lines` lines, at least 128 lines.
    pub(crate) fn size_for(lines: u64) -> u8 {
        let lines = lines.max(128);
        let shift = lines.ilog2() - 3;
        let mantissa = (lines >> shift) - 8;
        ((mantissa as u8) << 5) | shift.min(31) as u8
    }

    /// Lines of the table.
    pub(crate) fn lines(&self) -> u64 {
        Self::lines_of(self.size)
    }

    /// Appends the parameters to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.preset);
        out.push(self.size);
        if self.preset == 0 {
            self.recipe.write(out);
        }
        if self.strides != [0, 0] {
            for stride in self.strides {
                put_leb128(out, stride.into());
            }
            if self.numbers.width > 0 {
                out.push(self.numbers.width << 4 | self.numbers.phase);
            }
        }
    }

    /// Reads parameters, all of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut at = bytes.iter().copied();
        let mut next = || {
            at.next()
                .ok_or_else(|| malformed("the parameters end too early"))
        };
        let (preset, size) = (next()?, next()?);
        if !Self::lines_of(size).is_multiple_of(16) || Self::lines_of(size) > LINES_MAX {
            return Err(malformed("the size of its table is out of range"));
        }
        let recipe = if preset == 0 {
            Recipe::read(&mut next)?
        } else {
            presets::by_number(preset)
                .ok_or_else(|| malformed(&format!("there is no preset {preset}")))?
                .recipe
                .clone()
        };
        let mut strides = [0, 0];
        if at.len() > 0 {
            for stride in &mut strides {
                *stride = read_leb128(&mut at)?;
            }
            if strides == [0, 0] {
                return Err(malformed("strides of 0 must be absent"));
            }
        }
        let mut numbers = Numbers::default();
        if let Some(byte) = at.next() {
            numbers = Numbers {
                width: byte >> 4,
                phase: byte & 15,
            };
            if !(1..=8).contains(&numbers.width) || numbers.phase >= numbers.width {
                return Err(malformed("there are no such numbers"));
            }
        }
        if at.len() > 0 {
            return Err(malformed("bytes follow the parameters"));
        }
        Ok(Self {
            recipe,
            preset,
            size,
            strides,
            numbers,
        })
    }

    /// log2 of the slots of each matcher and of the run map, for a stream of `len` bytes.
    pub(crate) fn index_bits(len: u64) -> u32 {
        (len.max(1).ilog2() + 1).clamp(10, 22)
    }

    /// Whether a stream may have lanes: the numbers of one are not where another's are, and
    /// neither are its instructions and records.
    pub(crate) fn has_lanes(&self) -> bool {
        !self.recipe.uses_numbers() && self.recipe.sights() == Sights::default()
    }

    /// Bytes that a state takes for a stream of `len` bytes.
    pub(crate) fn memory(&self, len: u64) -> u64 {
        Model::<Alone>::memory(self, len)
    }
}

/// An error of the parameters.
pub(crate) fn malformed(reason: &str) -> Error {
    let d = crate::descriptor();
    Error::Plugin {
        kind: d.kind,
        id: d.id,
        reason: reason.into(),
    }
}

impl Recipe {
    fn write(&self, out: &mut Vec<u8>) {
        let lists: [Vec<u8>; 4] = [
            self.contexts.iter().map(|&c| c as u8).collect(),
            self.direct.iter().map(|&c| c as u8).collect(),
            self.matches.clone(),
            self.selectors.iter().map(|&s| s as u8).collect(),
        ];
        for list in lists {
            out.push(list.len() as u8);
            out.extend(list);
        }
        out.extend([self.runs, self.apms]);
        out.extend(self.rates);
        out.push(self.weight);
    }

    fn read(next: &mut impl FnMut() -> Result<u8>) -> Result<Self> {
        let mut list = |which: usize| -> Result<Vec<u8>> {
            let n = usize::from(next()?);
            if n > LIST_MAX[which] {
                return Err(malformed("a list of the model is too long"));
            }
            (0..n).map(|_| next()).collect()
        };
        let context = |id: u8| {
            Context::from_id(id).ok_or_else(|| malformed(&format!("there is no context {id}")))
        };
        let contexts = list(0)?.into_iter().map(context).collect::<Result<_>>()?;
        let direct = list(1)?.into_iter().map(context).collect::<Result<_>>()?;
        let matches = list(2)?;
        let selectors = list(3)?
            .into_iter()
            .map(|id| {
                Selector::from_id(id)
                    .ok_or_else(|| malformed(&format!("there is no selector {id}")))
            })
            .collect::<Result<_>>()?;
        let (runs, apms) = (next()?, next()?);
        let rates = [next()?, next()?, next()?];
        let weight = next()?;
        let recipe = Self {
            contexts,
            direct,
            matches,
            selectors,
            runs,
            apms,
            rates,
            weight,
        };
        recipe.check().map_err(|reason| malformed(&reason))?;
        Ok(recipe)
    }
}

fn read_leb128(bytes: &mut impl Iterator<Item = u8>) -> Result<u32> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21] {
        let byte = bytes
            .next()
            .ok_or_else(|| malformed("a stride ends too early"))?;
        value |= u32::from(byte & 127) << shift;
        if byte < 128 {
            return if value <= STRIDE_MAX {
                Ok(value)
            } else {
                Err(malformed("a stride is above 2^24 - 1"))
            };
        }
    }
    Err(malformed("a stride is above 2^24 - 1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_preset_survives_the_wire_as_a_number_and_in_full() {
        for preset in presets::all() {
            let none = Numbers::default();
            let some = Numbers { width: 8, phase: 7 };
            for (number, strides, numbers) in [
                (preset.number, [0, 0], none),
                (0, [0, 0], none),
                (0, [3, 70_000], none),
                (0, [16, 0], some),
            ] {
                let params = Params {
                    recipe: preset.recipe.clone(),
                    preset: number,
                    size: 77,
                    strides,
                    numbers,
                };
                let mut wire = Vec::new();
                params.write(&mut wire);
                assert_eq!(Params::read(&wire).unwrap(), params);
                for short in 0..wire.len() {
                    // What is left of the strides, or of the numbers, may be absent altogether.
                    if let Ok(read) = Params::read(&wire[..short]) {
                        assert_eq!(read.numbers, none);
                        assert!(read.strides == [0, 0] || numbers != none);
                    }
                }
            }
        }
    }

    #[test]
    fn sizes_round_down_by_less_than_an_eighth() {
        for lines in [128u64, 129, 250, 1000, 4_000_000, 1 << 26] {
            let got = Params::lines_of(Params::size_for(lines));
            assert!(got <= lines && got * 9 > lines * 8, "{lines} -> {got}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_parameters_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(params) = Params::read(&bytes) {
                let mut wire = Vec::new();
                params.write(&mut wire);
                prop_assert_eq!(Params::read(&wire).unwrap(), params);
            }
        }
    }
}
