//! The commands, one per file.

pub(crate) mod cat;
pub(crate) mod completions;
pub(crate) mod compress;
pub(crate) mod conformance;
pub(crate) mod decompress;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod model;
pub(crate) mod plugin;
pub(crate) mod plugins;
pub(crate) mod test;
pub(crate) mod trainer;

use std::io::{self, Write};

use crate::failure::{Failure, Outcome};

/// Writes a whole text to standard output.
pub(crate) fn print(text: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(text)
        .and_then(|()| out.flush())
        .map_err(|e| Failure::io("cannot write", &e).at("stdout"))
}

/// Writes a value as JSON to standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Outcome {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|e| Failure::io("cannot write JSON", &e.into()))?;
    text.push(b'\n');
    print(&text)
}
