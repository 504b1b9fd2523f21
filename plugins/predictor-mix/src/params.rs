//! Parameters of a stream on the wire (`spec.md`, section 1).

use std::num::NonZeroUsize;

use umoec_codec::Result;

use crate::fault;

/// What a stream is predicted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    /// `None` without a network.
    pub(crate) network: Option<NetworkParams>,
    /// Parameters of `cm`.
    pub(crate) cm: Vec<u8>,
}

/// The network of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkParams {
    /// Those of `tier1-onnx` with one lane.
    pub(crate) params: Vec<u8>,
    /// The network rests where a match has at least so many bytes; 0: it never does.
    pub(crate) rest: u8,
    /// `None`: one lane.
    pub(crate) lanes: Option<Lanes>,
}

/// Lanes of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lanes {
    /// How many: 2 to [`LANES_MAX`].
    pub(crate) count: u8,
    /// log2 of the bytes of a segment, at least 10; a superblock has at most [`SUPERBLOCK_MAX`] bytes.
    pub(crate) log2: u8,
}

/// The most lanes of a stream.
pub(crate) const LANES_MAX: u8 = 8;
/// The most bytes of a superblock, as `tier1-onnx` has it: a caller looks between superblocks at the earliest.
const SUPERBLOCK_MAX: usize = 1 << 22;
/// What the log2 of a segment is written less than.
const LOG2_MIN: u8 = 10;

impl Lanes {
    /// Bytes of a segment.
    pub(crate) fn segment(self) -> NonZeroUsize {
        NonZeroUsize::MIN.saturating_add((1 << self.log2) - 1)
    }

    fn write(self) -> u8 {
        (self.count - 1) | (self.log2 - LOG2_MIN) << 4
    }

    fn read(byte: u8) -> Option<Self> {
        let count = (byte & 15) + 1;
        let log2 = (byte >> 4) + LOG2_MIN;
        let superblock = usize::from(count) << log2;
        ((2..=LANES_MAX).contains(&count) && superblock <= SUPERBLOCK_MAX)
            .then_some(Self { count, log2 })
    }
}

impl NetworkParams {
    /// The length of a match from which on the network rests.
    pub(crate) fn rests_from(&self) -> u32 {
        match self.rest {
            0 => u32::MAX,
            rest => rest.into(),
        }
    }
}

/// The most bytes of a network's parameters.
pub(crate) const NETWORK_MAX: usize = 62;

/// In the first byte: there are lanes.
const HAS_LANES: u8 = 0x40;

/// In the first byte: the network rests.
const RESTS: u8 = 0x80;

impl Params {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 + self.cm.len());
        match &self.network {
            None => out.push(0),
            Some(network) => {
                debug_assert!(network.params.len() <= NETWORK_MAX);
                let first = 1 + network.params.len() as u8;
                let rests = if network.rest > 0 { RESTS } else { 0 };
                let has_lanes = network.lanes.map_or(0, |_| HAS_LANES);
                out.push(first | rests | has_lanes);
                out.extend((network.rest > 0).then_some(network.rest));
                out.extend(network.lanes.map(Lanes::write));
                out.extend_from_slice(&network.params);
            }
        }
        out.extend_from_slice(&self.cm);
        out
    }

    /// These parameters without one of their parts: what the part is called when it is missed, and what is left.
    pub(crate) fn variants(&self) -> Vec<(&'static str, Self)> {
        let Some(network) = &self.network else {
            return Vec::new();
        };
        let with = |network| Self {
            network,
            cm: self.cm.clone(),
        };
        let restless = (network.rest > 0).then(|| NetworkParams {
            rest: 0,
            ..network.clone()
        });
        let one_lane = network.lanes.map(|_| NetworkParams {
            lanes: None,
            ..network.clone()
        });
        let mut variants = vec![("cm alone", with(None))];
        variants.extend(restless.map(|network| ("no rest", with(Some(network)))));
        variants.extend(one_lane.map(|network| ("one lane", with(Some(network)))));
        variants
    }

    /// Reads parameters; what they hold of the components is not looked at.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let (&first, bytes) = bytes
            .split_first()
            .ok_or_else(|| fault("there are no parameters"))?;
        if first == 0 {
            return Ok(Self {
                network: None,
                cm: bytes.to_vec(),
            });
        }
        let (rest, bytes) = match (first & RESTS, bytes) {
            (0, bytes) => (0, bytes),
            (_, [rest, bytes @ ..]) if *rest > 0 => (*rest, bytes),
            _ => return Err(fault("its network rests, but it is not said where")),
        };
        let (lanes, bytes) = match (first & HAS_LANES, bytes) {
            (0, bytes) => (None, bytes),
            (_, [byte, bytes @ ..]) => match Lanes::read(*byte) {
                None => return Err(fault("its lanes are none, too many or too long")),
                lanes => (lanes, bytes),
            },
            _ => return Err(fault("it has lanes, but it is not said how many")),
        };
        let (params, cm) = usize::from(first & !(RESTS | HAS_LANES))
            .checked_sub(1)
            .and_then(|len| bytes.split_at_checked(len))
            .ok_or_else(|| fault("the parameters of its network end too early"))?;
        let params = params.to_vec();
        Ok(Self {
            network: Some(NetworkParams {
                params,
                rest,
                lanes,
            }),
            cm: cm.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let cm = vec![6, 40];
        for (network, bytes) in [
            (None, &[0, 6, 40][..]),
            (Some((vec![], 0, None)), &[1, 6, 40]),
            (Some((vec![1, 3], 0, None)), &[3, 1, 3, 6, 40]),
            (Some((vec![1, 3], 24, None)), &[0x83, 24, 1, 3, 6, 40]),
            (
                Some((vec![1, 3], 0, Some((2, 16)))),
                &[0x43, 0x61, 1, 3, 6, 40],
            ),
            (Some((vec![], 24, Some((8, 19)))), &[0xC1, 24, 0x97, 6, 40]),
        ] {
            let network = network.map(|(params, rest, lanes)| NetworkParams {
                params,
                rest,
                lanes: lanes.map(|(count, log2)| Lanes { count, log2 }),
            });
            let params = Params {
                network,
                cm: cm.clone(),
            };
            assert_eq!(params.write(), bytes);
            assert_eq!(Params::read(bytes).unwrap(), params);
        }
        for bytes in [
            &[][..],
            &[2],
            &[0x80, 24],
            &[0x81],
            &[0x81, 0],
            &[0x82, 24],
            &[0x41],
            &[0x41, 0x60, 6, 40],
            &[0x41, 0x68, 6, 40],
            &[0x41, 0xA7, 6, 40],
            &[0x41, 0xF1, 6, 40],
            &[255],
        ] {
            assert!(Params::read(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_mean_what_they_say(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            if let Ok(params) = Params::read(&bytes) {
                prop_assert_eq!(params.write(), bytes);
            }
        }
    }
}
