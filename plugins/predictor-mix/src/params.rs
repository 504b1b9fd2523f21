//! Parameters of a stream on the wire (`spec.md`, section 1).

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
const NETWORK_MAX: usize = 126;

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
                match network.rest {
                    0 => out.push(first),
                    rest => out.extend([first | RESTS, rest]),
                }
                out.extend_from_slice(&network.params);
            }
        }
        out.extend_from_slice(&self.cm);
        out
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
        let (params, cm) = usize::from(first & !RESTS)
            .checked_sub(1)
            .and_then(|len| bytes.split_at_checked(len))
            .ok_or_else(|| fault("the parameters of its network end too early"))?;
        let params = params.to_vec();
        Ok(Self {
            network: Some(NetworkParams { params, rest }),
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
            (Some((vec![], 0)), &[1, 6, 40]),
            (Some((vec![1, 3], 0)), &[3, 1, 3, 6, 40]),
            (Some((vec![1, 3], 24)), &[0x83, 24, 1, 3, 6, 40]),
        ] {
            let network = network.map(|(params, rest)| NetworkParams { params, rest });
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
