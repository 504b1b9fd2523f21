//! Profiles: which plugins, with which settings.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::container::MAX_BLOCK;
use crate::plugin::Settings;
use crate::{Error, Result};

/// A plugin by name, with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginChoice {
    /// The plugin's name in the registry.
    pub name: String,
    /// What the plugin is told.
    pub settings: Settings,
}

/// Everything that decides how a content is compressed, but the content.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// For people.
    pub name: String,
    /// Its number on the wire: 0 custom, 1 turbo, 2 balanced, 3 max.
    pub number: u8,
    /// Most raw bytes of a block.
    pub block_size: u64,
    /// Bytes of memory for the frames that a decoder has in work at one time.
    pub memory: u64,
    /// Content of at least so many bytes makes at least two blocks, for two threads.
    pub split: Option<u64>,
    /// What makes streams of a block.
    pub adapter: PluginChoice,
    /// What predicts the streams.
    pub predictor: PluginChoice,
    /// What writes the payload.
    pub coder: PluginChoice,
}

/// A profile as it stands in TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    number: u8,
    block_size: Size,
    memory: Size,
    split: Option<Size>,
    adapter: Section,
    predictor: Section,
    coder: Section,
}

/// One of the plugin tables: the plugin's name, and all other keys are its settings.
#[derive(Deserialize)]
struct Section {
    plugin: String,
    #[serde(flatten)]
    settings: Settings,
}

impl From<Section> for PluginChoice {
    fn from(section: Section) -> Self {
        Self {
            name: section.plugin,
            settings: section.settings,
        }
    }
}

impl Profile {
    /// Reads a profile.
    ///
    /// Keys: `name`; `number` (0 if left out); `block_size`, `memory` and `split` (may be left
    /// out), each bytes or a text such as `"8 MiB"`; tables `adapter`, `predictor` and
    /// `coder`, each with `plugin` and that plugin's settings.
    ///
    /// # Errors
    /// `Config` where a key is unknown, missing or out of range. Settings are checked by the
    /// plugin when it is used.
    pub fn from_toml(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text)
            .map_err(|e| Error::Config(format!("the profile cannot be used: {e}")))?;
        let profile = Self {
            name: file.name,
            number: file.number,
            block_size: file.block_size.0,
            memory: file.memory.0,
            split: file.split.map(|size| size.0),
            adapter: file.adapter.into(),
            predictor: file.predictor.into(),
            coder: file.coder.into(),
        };
        profile.check()?;
        Ok(profile)
    }

    /// Checks the ranges; fields are public, so an encoder asks again.
    pub(super) fn check(&self) -> Result<()> {
        if (1..=MAX_BLOCK).contains(&self.block_size) {
            return Ok(());
        }
        Err(Error::Config(format!(
            "profile `{}`: `block_size` is {}, which is not in 1..={MAX_BLOCK}",
            self.name, self.block_size
        )))
    }
}

/// Bytes, as a number or as a text with a unit.
struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, or a text such as \"8 MiB\"")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Size, E> {
                let wrong = || E::invalid_value(de::Unexpected::Signed(value), &self);
                u64::try_from(value).map(Size).map_err(|_| wrong())
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Size, E> {
                Ok(Size(value))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
                parse_size(text).map(Size).ok_or_else(wrong)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// `8 MiB`, `8MiB`, `512 KiB`, `1 GiB`, `100`.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
impl Profile {
    pub(super) fn for_tests() -> Self {
        Self::from_toml(
            r#"
            name = "test"
            block_size = "64 KiB"
            memory = "16 MiB"
            adapter = { plugin = "bytes" }
            predictor = { plugin = "order0", rate = 5 }
            coder = { plugin = "rans" }
            "#,
        )
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_with_units_and_settings() {
        let profile = Profile::for_tests();
        assert_eq!((profile.block_size, profile.memory), (65_536, 16 << 20));
        assert_eq!((profile.number, profile.split), (0, None));
        assert_eq!(profile.predictor.name, "order0");
        assert_eq!(profile.predictor.settings["rate"].as_integer(), Some(5));
        assert!(profile.adapter.settings.is_empty());
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(parse_size("8 MiB"), Some(8 << 20));
        assert_eq!(parse_size("3KiB"), Some(3072));
        assert_eq!(parse_size("12"), Some(12));
        for wrong in ["", "MiB", "8 MB", "-1", "1.5 MiB", "99999999999999 GiB"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = "name = 'x'\nblock_size = 10\nmemory = 10\nadapter = { plugin = 'a' }\n\
                    predictor = { plugin = 'p' }\ncoder = { plugin = 'c' }\n";
        assert!(Profile::from_toml(good).is_ok());
        for (from, to, named) in [
            ("name", "nome", "nome"),
            ("block_size = 10", "block_size = 0", "block_size"),
            ("block_size = 10", "block_size = '8 MB'", "8 MB"),
            ("memory = 10", "memory = -3", "-3"),
            ("coder = { plugin = 'c' }", "", "coder"),
            ("{ plugin = 'a' }", "{ plugins = 'a' }", "plugin"),
        ] {
            let error = Profile::from_toml(&good.replace(from, to)).unwrap_err();
            assert!(matches!(error, Error::Config(_)));
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
