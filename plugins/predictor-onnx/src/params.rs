//! Parameters of a stream on the wire (`spec.md`, section 2).

use umoec_codec::{Error, Result};

use crate::fault;

/// The most lanes of a stream.
pub(crate) const MAX_LANES: u64 = 4096;

/// The most bytes of a superblock, lanes times segment.
pub(crate) const MAX_SUPERBLOCK: u64 = 1 << 22;

/// The most bytes of a model's name.
const MAX_NAME: usize = 64;

/// The most values that a network is told of a stream: what is more is a letter of the name.
pub(crate) const MAX_CONDITION: u8 = 0x20;

/// The most models of a frame (`spec/umc.md`, section 2.3).
const MAX_MODELS: u64 = 16;

/// Where a stream's model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The known model of that number (`spec.md`, section 1.1).
    Known(usize),
    /// That one of the frame's list.
    Listed(usize),
}

/// Known models have the numbers below this one.
const MAX_KNOWN: usize = 64;

/// How a stream is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    /// Lanes in lockstep.
    pub(crate) lanes: usize,
    /// Bytes of a lane's part of a superblock; 0 for one lane.
    pub(crate) segment: usize,
    /// Which model.
    pub(crate) place: Place,
    /// What it is told of the stream; empty where it takes nothing.
    pub(crate) condition: Vec<u8>,
    /// What the model is called, for the message that it is missing.
    pub(crate) name: String,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            lanes: 1,
            segment: 0,
            place: Place::Known(0),
            condition: Vec::new(),
            name: String::new(),
        }
    }
}

impl Params {
    pub(crate) fn write(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        let mut out = Vec::new();
        put_varint(&mut out, self.lanes);
        if self.lanes > 1 {
            put_varint(&mut out, self.segment);
        }
        let place = match self.place {
            Place::Known(number) => number,
            Place::Listed(place) => MAX_KNOWN + place,
        };
        if place > 0 || !self.condition.is_empty() || !self.name.is_empty() {
            put_varint(&mut out, place);
        }
        if !self.condition.is_empty() {
            debug_assert!(self.condition.len() <= usize::from(MAX_CONDITION));
            out.push(self.condition.len() as u8);
            out.extend_from_slice(&self.condition);
        }
        out.extend_from_slice(self.name.as_bytes());
        out
    }

    /// Reads parameters, all of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut params = Self::default();
        if bytes.is_empty() {
            return Ok(params);
        }
        let (lanes, mut rest) = get_varint(bytes, "lane count", 1, MAX_LANES)?;
        params.lanes = lanes;
        if lanes > 1 {
            let most = MAX_SUPERBLOCK / lanes as u64;
            (params.segment, rest) = get_varint(rest, "segment length", 1, most)?;
        }
        if !rest.is_empty() {
            let place;
            let most = MAX_KNOWN as u64 + MAX_MODELS - 1;
            (place, rest) = get_varint(rest, "model's number", 0, most)?;
            params.place = match place.checked_sub(MAX_KNOWN) {
                None => Place::Known(place),
                Some(place) => Place::Listed(place),
            };
        }
        if let [count @ 1..=MAX_CONDITION, after @ ..] = rest {
            let values = after.split_at_checked((*count).into());
            let (values, after) =
                values.ok_or_else(|| fault("the parameters end within what its model is told"))?;
            params.condition = values.to_vec();
            rest = after;
        }
        if rest.len() > MAX_NAME || !rest.iter().all(u8::is_ascii_graphic) {
            return Err(fault("the model's name is not one"));
        }
        params.name = rest.iter().copied().map(char::from).collect();
        Ok(params)
    }

    /// A name that can be written: what is none of it is left out.
    pub(crate) fn name_of(name: &str) -> String {
        let kept = name.chars().filter(char::is_ascii_graphic);
        kept.take(MAX_NAME).collect()
    }

    /// As [`write`](Self::write), in `most` bytes: the end of the name is left out if need be. Without a name
    /// parameters have 42 bytes at most.
    pub(crate) fn write_within(mut self, most: usize) -> Vec<u8> {
        let surplus = self.write().len().saturating_sub(most);
        self.name.truncate(self.name.len().saturating_sub(surplus));
        self.write()
    }
}

/// Writes a number as `spec/umc.md`, section 3.1 has it.
fn put_varint(out: &mut Vec<u8>, value: usize) {
    let value = value as u32;
    match value {
        0..=250 => out.push(value as u8),
        251..=0xffff => {
            out.push(0xfb);
            out.extend_from_slice(&(value as u16).to_le_bytes());
        }
        _ => {
            out.push(0xfc);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// Reads a number of `min..=max`; also what follows it.
fn get_varint<'a>(bytes: &'a [u8], what: &str, min: u64, max: u64) -> Result<(usize, &'a [u8])> {
    let short = || fault(format!("the parameters end within the {what}"));
    let (&first, rest) = bytes.split_first().ok_or_else(short)?;
    let (value, least, rest) = match first {
        0..=250 => (u64::from(first), 0, rest),
        0xfb => {
            let (word, rest) = rest.split_first_chunk().ok_or_else(short)?;
            (u64::from(u16::from_le_bytes(*word)), 251, rest)
        }
        0xfc => {
            let (word, rest) = rest.split_first_chunk().ok_or_else(short)?;
            (u64::from(u32::from_le_bytes(*word)), 1 << 16, rest)
        }
        _ => return Err(out_of_range(what, min, max)),
    };
    if value < least.max(min) || value > max {
        return Err(out_of_range(what, min, max));
    }
    Ok((value as usize, rest))
}

fn out_of_range(what: &str, min: u64, max: u64) -> Error {
    fault(format!(
        "the {what} is not a number of {min}..={max} in its shortest form"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn params(lanes: usize, segment: usize, place: Place, name: &str) -> Params {
        Params {
            lanes,
            segment,
            place,
            condition: Vec::new(),
            name: name.into(),
        }
    }

    fn told(params: Params, condition: &[u8]) -> Params {
        Params {
            condition: condition.to_vec(),
            ..params
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        for (value, bytes) in [
            (params(1, 0, Place::Known(0), ""), &[][..]),
            (params(16, 4096, Place::Known(0), ""), &[16, 0xfb, 0, 16]),
            (params(1, 0, Place::Known(3), ""), &[1, 3]),
            (
                params(1, 0, Place::Listed(0), "mine"),
                &[1, 64, b'm', b'i', b'n', b'e'],
            ),
            (
                params(2, 65_536, Place::Listed(3), "x"),
                &[2, 0xfc, 0, 0, 1, 0, 67, b'x'],
            ),
            (
                told(params(1, 0, Place::Known(0), ""), &[9, 255]),
                &[1, 0, 2, 9, 255],
            ),
            (
                told(params(1, 0, Place::Listed(0), "me"), &[7]),
                &[1, 64, 1, 7, b'm', b'e'],
            ),
        ] {
            assert_eq!(value.write(), bytes);
            assert_eq!(Params::read(bytes).unwrap(), value);
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for bytes in [
            &[0][..],
            &[0xfb, 1, 16, 1],
            &[2],
            &[2, 0],
            &[0xfb, 2, 0, 1],
            &[0xfb, 0],
            &[0xfc, 0, 16, 0, 0, 1],
            &[0xfd, 1, 0, 0, 0, 0, 0, 0, 0],
            &[2, 0xfc, 1, 0, 32, 0],
            &[1, 80],
            &[1, 0, 0],
            &[1, 0, 1],
            &[1, 0, 32, 1, 2, 3],
            &[1, 0, 1, 1, 1, 1],
            &[1, 0, b'\n'],
            &[1, 0, 0xff],
        ] {
            assert!(Params::read(bytes).is_err(), "{bytes:?}");
        }
        let long = [&[1, 0][..], &[b'x'; 65]].concat();
        assert!(Params::read(&long).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_mean_what_they_say(
            mut bytes in prop::collection::vec(any::<u8>(), 0..12),
            alike in any::<bool>(),
        ) {
            if alike {
                // Most bytes are no parameters: here those of a condition and a name.
                for byte in &mut bytes {
                    *byte %= 0x30;
                }
            }
            if let Ok(params) = Params::read(&bytes) {
                prop_assert_eq!(Params::read(&params.write()).unwrap(), params);
            }
        }

        #[test]
        fn a_name_gives_way_to_everything_else(
            name in "[!-~]{0,64}",
            condition in prop::collection::vec(any::<u8>(), 0..33),
            most in 42usize..120,
        ) {
            let value = told(params(4096, 1024, Place::Listed(15), &name), &condition);
            let wire = value.clone().write_within(most);
            prop_assert!(wire.len() <= most);
            let read = Params::read(&wire).unwrap();
            prop_assert!(name.starts_with(&read.name));
            prop_assert!(wire.len() == most || read.name == name);
            prop_assert_eq!(Params { name, ..read }, value);
        }

        #[test]
        fn names_can_always_be_written(name in "\\PC{0,80}") {
            let value = params(1, 0, Place::Listed(0), &Params::name_of(&name));
            prop_assert_eq!(Params::read(&value.write()).unwrap(), value);
        }
    }
}
