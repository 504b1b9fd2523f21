//! The plugins and profiles that ship with umoec.
//!
//! A linker drops a package that nobody names, and its plugins with it: so this one names
//! them all. A program that uses [`registry`] has them.

// One line for each package: nothing but the plugin's announcement is used of it.
use umoec_adapter_audio as _;
use umoec_adapter_bytes as _;
use umoec_adapter_deflate as _;
use umoec_adapter_exe as _;
use umoec_adapter_float as _;
use umoec_adapter_image as _;
use umoec_adapter_record as _;
use umoec_coder_rans as _;
use umoec_coder_stored as _;
use umoec_predictor_cm as _;
use umoec_predictor_mix as _;
use umoec_predictor_onnx as _;
use umoec_predictor_order0 as _;

use umoec_codec::pipeline::Profile;
use umoec_codec::plugin::Registry;
use umoec_codec::{Error, Result};

/// The profiles' texts, from the fastest to the one that compresses best; then the network alone.
const PROFILES: [(&str, &str); 4] = [
    ("turbo", include_str!("../../../configs/codec/turbo.toml")),
    (
        "balanced",
        include_str!("../../../configs/codec/balanced.toml"),
    ),
    ("max", include_str!("../../../configs/codec/max.toml")),
    ("neural", include_str!("../../../configs/codec/neural.toml")),
];

/// The profile that is used unless another is asked for.
pub const DEFAULT_PROFILE: &str = "balanced";

/// All plugins linked into the program, those of this package among them.
///
/// # Errors
/// `Config` where two of them claim one identity.
pub fn registry() -> Result<Registry> {
    Registry::linked()
}

/// The names of the profiles, from the fastest to the one that compresses best; then the network
/// alone.
#[must_use]
pub fn profiles() -> Vec<&'static str> {
    PROFILES.iter().map(|(name, _)| *name).collect()
}

/// The profile of that name.
///
/// # Errors
/// `Config` that lists the names there are.
pub fn profile(name: &str) -> Result<Profile> {
    Profile::from_toml(profile_text(name)?)
}

/// The profile of that name as it stands in `configs/codec`: a start for one's own.
///
/// # Errors
/// `Config` that lists the names there are.
pub fn profile_text(name: &str) -> Result<&'static str> {
    match PROFILES.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => Ok(text),
        None => Err(Error::Config(format!(
            "there is no profile named `{}`; there are: {}",
            name.escape_debug(),
            profiles().join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use umoec_codec::plugin::Kind;

    #[test]
    fn every_profile_is_valid_and_carries_its_name_and_number() {
        for (name, number) in [("turbo", 1), ("balanced", 2), ("max", 3), ("neural", 4)] {
            let profile = profile(name).unwrap();
            assert_eq!((profile.name.as_str(), profile.number), (name, number));
        }
        assert!(profiles().contains(&DEFAULT_PROFILE));
    }

    #[test]
    fn an_unknown_profile_lists_those_there_are() {
        let error = profile("fast").unwrap_err().to_string();
        assert!(error.contains("turbo, balanced, max, neural"), "{error}");
    }

    #[test]
    fn what_is_linked_has_no_two_of_one_identity() {
        let registry = registry().unwrap();
        let stored = registry.by_name(Kind::Coder, "stored");
        assert_eq!(stored.unwrap().descriptor().id.0, 1);
    }
}
