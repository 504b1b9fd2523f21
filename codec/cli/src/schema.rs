//! `--schema`: what records consist of, as TOML or JSON.

use std::path::Path;

use umoec_codec::plugin::Settings;

use crate::failure::{Failure, Outcome, shown};

/// Most bytes of a schema: one that is larger is some other file.
const MOST: usize = 1 << 20;

/// Reads a schema. What its fields mean is the adapter's matter.
pub(crate) fn read(path: &Path) -> Outcome<Settings> {
    let file = |failure: Failure| failure.at(shown(path));
    let text = std::fs::read(path).map_err(|e| file(Failure::io("cannot read", &e)))?;
    let wrong = |reason: String| {
        file(Failure::usage(
            format!("is no schema: {reason}"),
            "a schema is TOML or JSON: plugins/adapter-record/spec.md shows some",
        ))
    };
    if text.len() > MOST {
        return Err(wrong(format!("it is larger than {MOST} bytes")));
    }
    let text = String::from_utf8(text).map_err(|_| wrong("it is no text".into()))?;
    if !text.trim_start().starts_with('{') {
        return toml::from_str(&text).map_err(|e| wrong(e.to_string()));
    }
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    match without_nulls(json) {
        Some(toml::Value::Table(table)) => Ok(table),
        _ => Err(wrong("it is no object".into())),
    }
}

/// JSON as TOML, which has no null.
fn without_nulls(json: serde_json::Value) -> Option<toml::Value> {
    use serde_json::Value;
    Some(match json {
        Value::Null => return None,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.into(),
        Value::Array(list) => {
            toml::Value::Array(list.into_iter().filter_map(without_nulls).collect())
        }
        Value::Object(map) => {
            let fields = map.into_iter();
            let fields = fields.filter_map(|(key, value)| Some((key, without_nulls(value)?)));
            toml::Value::Table(fields.collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_toml_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        let json = br#" {"record": 8, "note": null, "fields": [{"name": "x", "type": "f32"}]}"#;
        let toml = b"record = 8\n[[fields]]\nname = 'x'\ntype = 'f32'\n";
        let table = read("a.json", json).unwrap();
        assert_eq!(table, read("a.toml", toml).unwrap());
        assert_eq!(table["record"].as_integer(), Some(8));
        assert!(!table.contains_key("note"));
        for wrong in [&b"{"[..], b"{1: 2}", b"record: 8", b"\xFF\xFE"] {
            let text = read("wrong", wrong).unwrap_err().to_string();
            assert!(text.contains("no schema"), "{text}");
        }
    }
}
