//! Results as a table for people.

use std::fmt::Write as _;

use super::result::{Bench, Figures, FileResult, State};
use crate::size;

const HEAD: &str = "  compressor               bytes    ratio    bpb   comp. MB/s  dec. MB/s   comp. mem    dec. mem\n";

/// How the figures came to be.
pub(super) fn preamble(bench: &Bench) -> String {
    format!(
        "umoec {} with {} thread{}, peers with one each; MB is 10^6 bytes; every file was decompressed \
         and compared\n",
        env!("CARGO_PKG_VERSION"),
        bench.threads,
        if bench.threads == 1 { "" } else { "s" }
    )
}

/// All compressors on one file, the smallest result first.
pub(super) fn file(file: &FileResult) -> String {
    let mut out = format!(
        "\n{} ({} bytes)\n{HEAD}",
        file.name,
        size::grouped(file.bytes)
    );
    let mut done: Vec<(&str, &Figures)> = Vec::new();
    let mut others = String::new();
    for (tool, state) in &file.results {
        // A String never fails to be written to.
        let _ = match state {
            State::Done(figures) => {
                done.push((tool, figures));
                Ok(())
            }
            State::Missing => writeln!(others, "  {tool:<20} not installed"),
            State::NotApplicable => writeln!(others, "  {tool:<20} not for this kind of file"),
            State::Failed { why } => writeln!(others, "  {tool:<20} FAILED: {why}"),
        };
    }
    done.sort_by_key(|(_, figures)| figures.packed);
    for (tool, figures) in done {
        out += &row(tool, file.bytes, figures);
    }
    out + &others
}

/// All files together, for the compressors that did them all; how far the others came.
pub(super) fn totals(bench: &Bench) -> String {
    let bytes = bench.bytes();
    let mut out = format!(
        "\ntotal of {} files ({} bytes)\n{HEAD}",
        bench.files.len(),
        size::grouped(bytes)
    );
    let mut totals = bench.comparable();
    totals.sort_by_key(|t| t.figures.packed);
    for total in &totals {
        out += &row(&total.tool, bytes, &total.figures);
    }
    for total in bench.totals() {
        if total.files < bench.files.len() {
            let _ = writeln!(
                out,
                "  {:<20} only {} of {} files: {} -> {} bytes",
                total.tool,
                total.files,
                bench.files.len(),
                size::grouped(total.bytes),
                size::grouped(total.figures.packed)
            );
        }
    }
    out
}

fn row(tool: &str, bytes: u64, f: &Figures) -> String {
    let ratio = bytes as f64 / f.packed.max(1) as f64;
    let bpb = size::bits_per_byte(bytes, f.packed).map_or("-".into(), |b| format!("{b:.3}"));
    format!(
        "  {tool:<18} {:>11} {ratio:>8.3} {bpb:>6} {:>12} {:>10} {:>11} {:>11}\n",
        size::grouped(f.packed),
        size::speed(bytes, f.compress_seconds),
        size::speed(bytes, f.decompress_seconds),
        size::binary(f.compress_memory),
        size::binary(f.decompress_memory)
    )
}
