//! Models: data of predictors that were trained beforehand, found by their hash.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::container::ModelHash;

/// The bytes of a model, with their hash. What they mean is up to the predictor that uses them.
#[derive(Clone)]
pub struct Model {
    name: Cow<'static, str>,
    bytes: Bytes,
    hash: OnceLock<ModelHash>,
    /// The file it was read from.
    path: Option<PathBuf>,
}

/// Where a model's bytes are.
#[derive(Clone)]
enum Bytes {
    Here(Cow<'static, [u8]>),
    /// What gives them, and keeps them.
    Linked(fn() -> &'static [u8]),
}

impl Model {
    /// A model of that name. The name is for people and may be empty.
    #[must_use]
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            bytes: Bytes::Here(bytes.into()),
            hash: OnceLock::new(),
            path: None,
        })
    }

    /// A model that is linked into the program, and unpacked when its bytes are first asked for.
    #[must_use]
    pub fn linked(linked: &EmbeddedModel) -> Arc<Self> {
        Arc::new(Self {
            name: Cow::Borrowed(linked.name),
            bytes: Bytes::Linked(linked.bytes),
            hash: OnceLock::new(),
            path: None,
        })
    }

    /// Bytes that were read from that file.
    #[must_use]
    pub fn of_file(name: String, bytes: Vec<u8>, path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            bytes: Bytes::Here(bytes.into()),
            hash: OnceLock::new(),
            path: Some(path),
        })
    }

    /// The file it was read from; `None` where it came otherwise.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Its name, or nothing where the bytes came without one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Here(bytes) => bytes,
            Bytes::Linked(bytes) => bytes(),
        }
    }

    /// BLAKE3-256 of the bytes; computed when first asked for.
    #[must_use]
    pub fn hash(&self) -> ModelHash {
        *self
            .hash
            .get_or_init(|| *blake3::hash(self.bytes()).as_bytes())
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.name)
            .field("length", &self.bytes().len())
            .field("hash", &hex(&self.hash()))
            .finish()
    }
}

/// A hash as 64 lower-case hexadecimal digits.
#[must_use]
pub fn hex(hash: &ModelHash) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}

/// A model that is linked into the program.
#[derive(Debug)]
pub struct EmbeddedModel {
    /// Its name.
    pub name: &'static str,
    /// Gives its bytes. It may take a while the first time, since they may lie there packed
    /// ([`packed`](crate::packed)).
    pub bytes: fn() -> &'static [u8],
}

/// How a package announces the models that it links into the program: the one to be found first first.
pub struct EmbeddedModels(pub &'static [EmbeddedModel]);

inventory::collect!(EmbeddedModels);

/// Announces linked models to [`Registry::linked`](super::Registry::linked).
///
/// ```ignore
/// umoec_codec::submit_models!(&[EmbeddedModel { name: "mine", bytes: || include_bytes!("mine.onnx") }]);
/// ```
#[macro_export]
macro_rules! submit_models {
    ($models:expr) => {
        $crate::plugin::inventory::submit! { $crate::plugin::EmbeddedModels($models) }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_bytes() {
        let model = Model::new("m", b"model".to_vec());
        assert_eq!(&model.hash(), blake3::hash(b"model").as_bytes());
        assert_eq!((model.name(), model.bytes()), ("m", &b"model"[..]));
        assert_eq!(hex(&[0xab; 32]), "ab".repeat(32));
    }
}
