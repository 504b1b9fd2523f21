//! Numbers that are given rather than found: `type` and `endian`.

use umoec_codec::plugin::Settings;
use umoec_codec::{Error, Result};

use crate::number::Number;
use crate::params::{Column, Params};

const TYPES: [(&str, usize); 4] = [("f16", 2), ("bf16", 2), ("f32", 4), ("f64", 8)];

/// The array that the settings say the block is; `None` where they say nothing.
pub(crate) fn read(settings: &Settings) -> Result<Option<Params>> {
    let config = |reason: &str| Error::Config(format!("settings of adapter float: {reason}"));
    if let Some(key) = settings
        .keys()
        .find(|k| !matches!(k.as_str(), "type" | "endian"))
    {
        return Err(config(&format!(
            "there is no `{}`; there are: type, endian",
            key.escape_debug()
        )));
    }
    let big_endian = match settings.get("endian").map(toml::Value::as_str) {
        None | Some(Some("little")) => false,
        Some(Some("big")) => true,
        Some(_) => return Err(config("`endian` is \"little\" or \"big\"")),
    };
    let Some(name) = settings.get("type") else {
        return match settings.is_empty() {
            true => Ok(None),
            false => Err(config("`endian` is there without `type`")),
        };
    };
    let known = name
        .as_str()
        .and_then(|name| TYPES.iter().find(|t| t.0 == name));
    let Some(&(_, width)) = known else {
        return Err(config("`type` is \"f16\", \"bf16\", \"f32\" or \"f64\""));
    };
    let column = Column {
        number: Number::Float,
        delta: false,
    };
    Ok(Some(Params {
        width,
        big_endian,
        skip: 0,
        columns: vec![column],
    }))
}
