//! Parameters of a stream on the wire (`spec.md`, section 1).

use umoec_codec::Result;

use crate::fault;

/// What a stream is predicted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    /// Parameters of the network, of `tier1-onnx` with one lane; `None` without one.
    pub(crate) network: Option<Vec<u8>>,
    /// Parameters of `cm`.
    pub(crate) cm: Vec<u8>,
}

/// The most bytes of a network's parameters.
const NETWORK_MAX: usize = 127;

impl Params {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 + self.cm.len());
        match &self.network {
            None => out.push(0),
            Some(network) => {
                debug_assert!(network.len() <= NETWORK_MAX);
                out.push(1 + network.len() as u8);
                out.extend_from_slice(network);
            }
        }
        out.extend_from_slice(&self.cm);
        out
    }

    /// Reads parameters; what they hold of the components is not looked at.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let (&first, rest) = bytes
            .split_first()
            .ok_or_else(|| fault("there are no parameters"))?;
        let Some(len) = usize::from(first).checked_sub(1) else {
            return Ok(Self {
                network: None,
                cm: rest.to_vec(),
            });
        };
        if len > NETWORK_MAX {
            return Err(fault("the parameters of its network are too long"));
        }
        let (network, cm) = rest
            .split_at_checked(len)
            .ok_or_else(|| fault("the parameters of its network end too early"))?;
        Ok(Self {
            network: Some(network.to_vec()),
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
            (Some(vec![]), &[1, 6, 40]),
            (Some(vec![1, 3]), &[3, 1, 3, 6, 40]),
        ] {
            let params = Params {
                network,
                cm: cm.clone(),
            };
            assert_eq!(params.write(), bytes);
            assert_eq!(Params::read(bytes).unwrap(), params);
        }
        for bytes in [&[][..], &[2], &[129, 0], &[255]] {
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
