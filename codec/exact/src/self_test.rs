//! A short vector stored with a model: belt and braces beside the proof.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{ExactError, Result};
use crate::interface::keys;
use crate::stepper::Stepper;

/// Bytes fed to a model from its initial states, and the digest of the logits that come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTest {
    /// The bytes, one a step, the start byte included.
    pub bytes: Vec<u8>,
    /// BLAKE3 of all logits in order, each as a little-endian 32-bit integer.
    pub digest: [u8; 32],
}

/// Most bytes of the vector: it runs at each start.
pub const LONGEST: usize = 256;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    bytes: String,
    logits: String,
}

impl SelfTest {
    /// Runs the vector on a backend and keeps what comes out.
    ///
    /// # Errors
    ///
    /// What the backend says; [`ExactError::Interface`] for an empty or long vector.
    pub fn record(bytes: &[u8], stepper: &mut dyn Stepper) -> Result<Self> {
        if bytes.is_empty() || bytes.len() > LONGEST {
            let text = format!(
                "a self-test of {} bytes, 1 to {LONGEST} are possible",
                bytes.len()
            );
            return Err(ExactError::Interface(text));
        }
        let digest = digest(bytes, stepper)?;
        Ok(Self {
            bytes: bytes.to_vec(),
            digest,
        })
    }

    /// Runs the vector on a backend, which is left at the initial states.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] where a logit differs: the backend is not to be used.
    pub fn check(&self, backend: &str, stepper: &mut dyn Stepper) -> Result<()> {
        if digest(&self.bytes, stepper)? == self.digest {
            return Ok(());
        }
        Err(ExactError::Backend {
            backend: backend.into(),
            reason: "its logits differ from the self-test stored with the model".into(),
        })
    }

    pub(crate) fn read(entries: &BTreeMap<String, String>) -> Result<Option<Self>> {
        let Some(text) = entries.get(keys::SELF_TEST) else {
            return Ok(None);
        };
        let fault = || ExactError::Interface(format!("{} is not as specified", keys::SELF_TEST));
        let entry: Entry = serde_json::from_str(text).map_err(|_| fault())?;
        let bytes = from_hex(&entry.bytes).ok_or_else(fault)?;
        let digest = from_hex(&entry.logits).ok_or_else(fault)?;
        let digest = digest.try_into().map_err(|_| fault())?;
        if bytes.is_empty() || bytes.len() > LONGEST {
            return Err(fault());
        }
        Ok(Some(Self { bytes, digest }))
    }

    pub(crate) fn to_json(&self) -> String {
        let (bytes, logits) = (hex(&self.bytes), hex(&self.digest));
        format!(r#"{{"bytes":"{bytes}","logits":"{logits}"}}"#)
    }
}

/// Runs all lanes on the same bytes; the digest is that of each of them, or no lane's.
fn digest(bytes: &[u8], stepper: &mut dyn Stepper) -> Result<[u8; 32]> {
    let lanes = stepper.lanes();
    let mut hashers = vec![blake3::Hasher::new(); lanes];
    let mut logits = vec![0; lanes * 256];
    stepper.reset();
    for &byte in bytes {
        stepper.step(&vec![byte; lanes], &mut logits)?;
        for (hasher, logits) in hashers.iter_mut().zip(logits.chunks(256)) {
            let bytes: Vec<u8> = logits
                .iter()
                .flat_map(|logit| logit.to_le_bytes())
                .collect();
            hasher.update(&bytes);
        }
    }
    stepper.reset();
    let mut digests = hashers.iter().map(|hasher| *hasher.finalize().as_bytes());
    let first = digests.next().unwrap_or_default();
    Ok(if digests.all(|other| other == first) {
        first
    } else {
        [0; 32]
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?))
        .collect()
}
