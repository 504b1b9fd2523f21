//! Whose a plugin is, and the id that follows from that (`spec/plugin-ids.md`, section 3).

use std::borrow::Cow;

use super::{Kind, PluginId};

/// The ids of third parties, all derived from identities.
pub const THIRD_PARTY: std::ops::Range<u64> = 1 << 24..1 << 56;

/// What tells the plugin of one author from those of all others, and where to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// A reversed domain name or an URL of the author's, and the plugin's name:
    /// `org.example.hepmc`. Its id is derived from it.
    pub identity: Cow<'static, str>,
    /// Where people get the plugin and its specification. Written into every file that needs it.
    pub homepage: Cow<'static, str>,
    /// Data of the kind that the plugin is for, coded when it is loaded. May be empty.
    pub sample: Cow<'static, [u8]>,
}

/// The id of a third party's plugin: the first 7 bytes, big-endian, of the BLAKE3 hash of
/// `umoec plugin id 1`, a zero byte, the kind's name, a zero byte, and the identity; plus 2^24
/// where that is below 2^24.
#[must_use]
pub fn derived_id(kind: Kind, identity: &str) -> PluginId {
    let mut hasher = blake3::Hasher::new();
    for part in ["umoec plugin id 1", &kind.to_string()] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let hash = hasher.update(identity.as_bytes()).finalize();
    let id = hash.as_bytes()[..7]
        .iter()
        .fold(0, |id, &byte| id << 8 | u64::from(byte));
    PluginId(if id < THIRD_PARTY.start {
        id + THIRD_PARTY.start
    } else {
        id
    })
}

/// Whether that can be an identity: 3 to 256 characters of ASCII without spaces, with a dot.
///
/// # Errors
/// What is wrong with it.
pub fn check_identity(identity: &str) -> Result<(), String> {
    let printable = identity.bytes().all(|c| c.is_ascii_graphic());
    if printable && (3..=256).contains(&identity.len()) && identity.contains('.') {
        return Ok(());
    }
    Err(format!(
        "`{}` is no identity: it must be a domain name or an URL of yours, such as org.example.name",
        identity.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification.
    #[test]
    fn ids_are_those_of_the_specification() {
        let of = |kind| derived_id(kind, "org.example.hepmc").0;
        let ids = [Kind::Adapter, Kind::Predictor, Kind::Coder].map(of);
        let text = include_str!("../../../../spec/plugin-ids.md");
        for id in ids {
            assert!(THIRD_PARTY.contains(&id));
            assert!(text.contains(&format!("{id:#x}")), "{id:#x}");
        }
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn an_identity_is_a_name_with_an_owner() {
        for good in ["org.example.hepmc", "https://example.org/umoec/fastq"] {
            assert_eq!(check_identity(good), Ok(()));
        }
        for bad in [
            "",
            "hepmc",
            "a.",
            "org.example. x",
            "org.exämple.x",
            &"a.".repeat(129),
        ] {
            assert!(check_identity(bad).is_err(), "{bad}");
        }
    }
}
