//! What a model says of itself, checked for sanity.

use std::collections::BTreeMap;

use crate::error::{ExactError, Result, shown};

use super::keys;

/// The part of a model's metadata that is meant for readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Name: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Version, as the name.
    pub version: String,
    /// Licence of the weights.
    pub licence: String,
    /// Bytes that the model sees at most, 0 where its states reach back without bound.
    pub context: u64,
    /// What it was trained on.
    pub training: String,
}

/// Most bytes of a text in the metadata.
const LONGEST: usize = 4096;

impl Metadata {
    /// Reads the entries of a step graph.
    pub(crate) fn read(entries: &BTreeMap<String, String>) -> Result<Self> {
        for (key, expected) in [
            (keys::FORMAT, "1"),
            (keys::ROLE, "step"),
            (keys::PATCH, "1"),
        ] {
            let value = entry(entries, key)?;
            if value != expected {
                let value = shown(value);
                return Err(fault(format!(
                    "{key} is {value}, this program knows {expected}"
                )));
            }
        }
        let context = entry(entries, keys::CONTEXT)?;
        Ok(Self {
            name: word(entries, keys::NAME)?,
            version: word(entries, keys::VERSION)?,
            licence: text(entries, keys::LICENCE)?,
            context: decimal(keys::CONTEXT, context)?,
            training: text(entries, keys::TRAINING)?,
        })
    }
}

pub(super) fn fault(reason: String) -> ExactError {
    ExactError::Interface(reason)
}

fn entry<'a>(entries: &'a BTreeMap<String, String>, key: &str) -> Result<&'a str> {
    let value = entries.get(key).map(String::as_str);
    value.ok_or_else(|| fault(format!("the metadata {key} is missing")))
}

/// A number in decimal, in its one form.
pub(super) fn decimal<T: std::str::FromStr + ToString>(key: &str, text: &str) -> Result<T> {
    let number = text.parse::<T>().ok();
    let number = number.filter(|number| number.to_string() == text);
    number.ok_or_else(|| fault(format!("{key} is {}, not a number in range", shown(text))))
}

fn word(entries: &BTreeMap<String, String>, key: &str) -> Result<String> {
    let word = entry(entries, key)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=64).contains(&word.len()) && word.bytes().all(fits) && !word.starts_with('.') {
        return Ok(word.to_owned());
    }
    Err(fault(format!("{key} is {}, not a plain word", shown(word))))
}

fn text(entries: &BTreeMap<String, String>, key: &str) -> Result<String> {
    let text = entry(entries, key)?;
    if text.len() <= LONGEST && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(fault(format!(
        "{key} is longer than {LONGEST} bytes or holds control characters"
    )))
}
