//! Results for programs: JSON and comma-separated values.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::result::{Bench, Figures, State};
use crate::failure::{Failure, Outcome};
use crate::size;

/// Everything, with derived figures. Speeds are in bytes per second.
pub(super) fn json(bench: &Bench) -> Outcome<Vec<u8>> {
    let files: Vec<Value> = bench
        .files
        .iter()
        .map(|file| {
            let results: Vec<Value> = file
                .results
                .iter()
                .map(|(tool, state)| result(tool, file.bytes, state))
                .collect();
            json!({ "file": file.name, "bytes": file.bytes, "results": results })
        })
        .collect();
    let totals: Vec<Value> = bench
        .totals()
        .iter()
        .map(|t| {
            let mut value = result(&t.tool, t.bytes, &State::Done(t.figures));
            value["files"] = json!(t.files);
            value["bytes"] = json!(t.bytes);
            value
        })
        .collect();
    let all = json!({
        "program": concat!("umoec ", env!("CARGO_PKG_VERSION")),
        "threads": bench.threads,
        "files": files,
        "totals": totals,
    });
    let mut text =
        serde_json::to_vec_pretty(&all).map_err(|e| Failure::io("cannot write JSON", &e.into()))?;
    text.push(b'\n');
    Ok(text)
}

fn result(tool: &str, bytes: u64, state: &State) -> Value {
    match state {
        State::Missing => json!({ "compressor": tool, "state": "missing" }),
        State::NotApplicable => json!({ "compressor": tool, "state": "not applicable" }),
        State::Failed { why } => json!({ "compressor": tool, "state": "failed", "why": why }),
        State::Done(f) => json!({
            "compressor": tool,
            "state": "done",
            "packed": f.packed,
            "ratio": ratio(bytes, f),
            "bits_per_byte": size::bits_per_byte(bytes, f.packed),
            "compress_seconds": f.compress_seconds,
            "decompress_seconds": f.decompress_seconds,
            "compress_speed": bytes as f64 / f.compress_seconds,
            "decompress_speed": bytes as f64 / f.decompress_seconds,
            "compress_memory": f.compress_memory,
            "decompress_memory": f.decompress_memory,
        }),
    }
}

/// A row for each file and compressor (RFC 4180).
pub(super) fn csv(bench: &Bench) -> String {
    let mut out = String::from(
        "file,bytes,compressor,state,packed,ratio,bits_per_byte,compress_seconds,decompress_seconds,\
         compress_memory,decompress_memory\r\n",
    );
    for file in &bench.files {
        for (tool, state) in &file.results {
            let (state, figures) = match state {
                State::Missing => ("missing", None),
                State::NotApplicable => ("not applicable", None),
                State::Failed { .. } => ("failed", None),
                State::Done(f) => ("done", Some(f)),
            };
            // A String never fails to be written to.
            let _ = write!(
                out,
                "{},{},{},{state}",
                quoted(&file.name),
                file.bytes,
                quoted(tool)
            );
            let _ = match figures {
                None => write!(out, ",,,,,,,\r\n"),
                Some(f) => write!(
                    out,
                    ",{},{:.6},{:.6},{:.6},{:.6},{},{}\r\n",
                    f.packed,
                    ratio(file.bytes, f),
                    size::bits_per_byte(file.bytes, f.packed).unwrap_or_default(),
                    f.compress_seconds,
                    f.decompress_seconds,
                    f.compress_memory,
                    f.decompress_memory
                ),
            };
        }
    }
    out
}

fn ratio(bytes: u64, figures: &Figures) -> f64 {
    bytes as f64 / figures.packed.max(1) as f64
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into()
    }
}
