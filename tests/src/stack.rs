//! The whole stack: the shipped plugins, and profiles for tests.

use std::io::{Cursor, Write};
use std::sync::{Arc, LazyLock};

use umoec_codec::pipeline::{
    Archive, CheckKind, DecodeOptions, EncodeOptions, Encoder, PluginChoice, Profile, compress,
    decompress,
};
use umoec_codec::plugin::{Registry, Settings};
use umoec_codec::{Error, Result};

static REGISTRY: LazyLock<Arc<Registry>> =
    LazyLock::new(|| Arc::new(umoec_builtin::registry().unwrap()));

/// The shipped plugins.
#[must_use]
pub fn registry() -> Arc<Registry> {
    Arc::clone(&REGISTRY)
}

/// A profile that no tuning of the shipped ones touches: adapter `bytes`, the named predictor
/// and coder, each with settings in TOML.
#[must_use]
pub fn fixed(block_size: u64, predictor: (&str, &str), coder: (&str, &str)) -> Profile {
    let choice = |(name, settings): (&str, &str)| PluginChoice {
        name: name.into(),
        settings: toml::from_str::<Settings>(settings).unwrap(),
    };
    Profile {
        name: "fixed".into(),
        number: 0,
        block_size,
        memory: 256 << 20,
        split: None,
        adapter: choice(("bytes", "")),
        predictor: choice(predictor),
        coder: choice(coder),
    }
}

/// Predictor `order0` with coder `rans`.
#[must_use]
pub fn order0(block_size: u64) -> Profile {
    fixed(block_size, ("order0", ""), ("rans", ""))
}

/// The content as one member, its size known.
#[must_use]
pub fn encode(content: &[u8], profile: Profile) -> Vec<u8> {
    compress(content, &registry(), &EncodeOptions::new(profile)).unwrap()
}

/// As [`encode`], with that check.
#[must_use]
pub fn encode_checked(content: &[u8], profile: Profile, check: CheckKind) -> Vec<u8> {
    let mut options = EncodeOptions::new(profile);
    options.check = Some(check);
    compress(content, &registry(), &options).unwrap()
}

/// The content as one member, its size unknown, handed over in pieces.
#[must_use]
pub fn encode_stream(content: &[u8], profile: Profile, piece: usize) -> Vec<u8> {
    let options = EncodeOptions::new(profile);
    let mut encoder = Encoder::new(Vec::new(), registry(), options).unwrap();
    for piece in content.chunks(piece) {
        encoder.write_all(piece).unwrap();
    }
    encoder.finish().unwrap().0
}

/// The content of a file.
///
/// # Errors
/// Those of [`decompress`].
pub fn decode(file: &[u8]) -> Result<Vec<u8>> {
    decompress(file, &registry(), &DecodeOptions::default())
}

/// All of a file's content, through its index.
///
/// # Errors
/// Those of [`Archive`].
pub fn decode_by_index(file: &[u8], options: DecodeOptions) -> Result<Vec<u8>> {
    let mut archive = Archive::open(Cursor::new(file), registry(), options)?;
    let len = archive.len();
    archive.read_range(0, len)
}

/// Who is at fault, in the words of spec umc §1.1; `None` for what is not the file's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It breaks the specification.
    Malformed,
    /// It ends too early.
    Truncated,
    /// A check does not match.
    Damaged,
    /// It needs what this program does not have.
    Unsupported,
    /// It needs more than is allowed.
    TooLarge,
}

impl Fault {
    /// The specification's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
            Self::Unsupported => "unsupported",
            Self::TooLarge => "too large",
        }
    }

    /// Which fault of the input an error reports; `None` where it reports something else.
    #[must_use]
    pub const fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Format { .. } => Some(Self::Malformed),
            Error::Truncated { .. } => Some(Self::Truncated),
            Error::Integrity { .. } => Some(Self::Damaged),
            Error::Unsupported { .. } => Some(Self::Unsupported),
            Error::Limit { .. } => Some(Self::TooLarge),
            _ => None,
        }
    }
}
