use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// Another predictor, beside which the network is to stand: it learns what that one leaves over
/// ([`beside_bits`](crate::kernel::beside_bits)).
///
/// What it says of a file `NAME` stands in `NAME` + `suffix`: for each byte eight little-endian `i16`, the first for the highest bit, each the
/// logit `ln(p / (1 - p))` of a 1 in units of 1/256. `plugins/predictor-cm/examples/opinions.rs` writes such files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorConfig {
    /// What the names of its files have behind those of the sources.
    pub suffix: String,
    /// Weight of what the network spends alone in the loss; what both spend together has the rest, to 1.
    #[serde(default = "own")]
    pub own: f32,
}

fn own() -> f32 {
    0.25
}

/// Bytes of opinions for a byte.
const OPINION: usize = 16;

impl PriorConfig {
    /// The file with the opinions of that at `path`.
    pub fn file_of(&self, path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(&self.suffix);
        PathBuf::from(name)
    }

    /// Whether `path` is such a file by its name.
    pub fn is_opinions(&self, path: &Path) -> bool {
        path.as_os_str()
            .as_encoded_bytes()
            .ends_with(self.suffix.as_bytes())
    }

    /// The opinions of the bytes of `path`, of which there are `bytes`, eight each; and the BLAKE3 of their file.
    ///
    /// # Errors
    ///
    /// What cannot be read, or is of a file of another length.
    pub fn load(&self, path: &Path, bytes: usize) -> Result<(Vec<i16>, String), TrainError> {
        let path = self.file_of(path);
        let file = std::fs::read(&path).map_err(TrainError::file(&path))?;
        if Some(file.len()) != bytes.checked_mul(OPINION) {
            return Err(TrainError::Data(format!(
                "{} has {} bytes; opinions of {bytes} bytes have {OPINION} each",
                path.display(),
                file.len()
            )));
        }
        let digest = blake3::hash(&file).to_hex().to_string();
        let opinions = file.as_chunks::<2>().0.iter();
        Ok((opinions.map(|&b| i16::from_le_bytes(b)).collect(), digest))
    }
}
