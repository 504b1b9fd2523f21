//! Results as a page: the plot, the totals, and every file. It needs nothing else.

use std::fmt::Write as _;

use super::result::{Bench, Figures, State};
use super::{peers, plot, table};
use crate::size;

// A String never fails to be written to: the results of `write` and `writeln` below say nothing.

/// The page.
pub(super) fn html(bench: &Bench) -> String {
    let mut out = format!(
        "{HEAD}<h1>umoec beside other compressors</h1>\n<p>{}</p>\n",
        plot::escape(table::preamble(bench).trim())
    );
    if !bench.files.is_empty() {
        out += &plot::svg(bench);
    }
    if bench.files.len() > 1 {
        let bytes = bench.bytes();
        let _ = writeln!(
            out,
            "<h2>All {} files: {} bytes</h2>",
            bench.files.len(),
            size::grouped(bytes)
        );
        let totals = bench.comparable();
        let rows = totals.iter().map(|t| (t.tool.as_str(), t.figures));
        figures(&mut out, bytes, rows.collect());
    }
    for file in &bench.files {
        let _ = writeln!(
            out,
            "<h2>{}: {} bytes</h2>",
            plot::escape(&file.name),
            size::grouped(file.bytes)
        );
        let done = file.results.iter().filter_map(|(tool, state)| match state {
            State::Done(figures) => Some((tool.as_str(), *figures)),
            _ => None,
        });
        figures(&mut out, file.bytes, done.collect());
        for (tool, state) in &file.results {
            let why = match state {
                State::Done(_) => continue,
                State::Missing => "not installed",
                State::NotApplicable => "not for this kind of file",
                State::Failed { why } => why,
            };
            let _ = writeln!(out, "<p>{}: {}</p>", plot::escape(tool), plot::escape(why));
        }
    }
    out + "</body>\n</html>\n"
}

/// A table, the smallest result first; its bars are the sizes.
fn figures(out: &mut String, bytes: u64, mut rows: Vec<(&str, Figures)>) {
    rows.sort_by_key(|(_, figures)| figures.packed);
    let most = rows.iter().map(|(_, f)| f.packed).max().unwrap_or(0).max(1);
    *out += "<table><tr><th>compressor</th><th>bytes</th><th>ratio</th><th>bits per byte</th>\
             <th>MB/s in</th><th>MB/s out</th><th>memory in</th><th>memory out</th></tr>\n";
    for (tool, f) in rows {
        let share = f.packed as f64 / most as f64 * 100.0;
        let own = if peers::is_own(tool) {
            " class=\"own\""
        } else {
            ""
        };
        let bpb = size::bits_per_byte(bytes, f.packed);
        let _ = writeln!(
            out,
            "<tr{own}><td>{}</td><td><i style=\"width:{share:.1}%\"></i>{}</td><td>{:.3}</td><td>{}</td>\
             <td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            plot::escape(tool),
            size::grouped(f.packed),
            bytes as f64 / f.packed.max(1) as f64,
            bpb.map_or_else(|| "-".into(), |bpb| format!("{bpb:.3}")),
            size::speed(bytes, f.compress_seconds),
            size::speed(bytes, f.decompress_seconds),
            size::binary(f.compress_memory),
            size::binary(f.decompress_memory)
        );
    }
    *out += "</table>\n";
}

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<title>umoec bench</title>\n<style>\n\
body{max-width:1080px;margin:2rem auto;padding:0 1rem;font:15px/1.5 Inter,'Helvetica Neue',Helvetica,Arial,sans-serif;color:#1d2433;background:#fff}\n\
h1{font-size:22px}h2{font-size:16px;margin-top:2rem;overflow-wrap:anywhere}body>svg{width:100%;height:auto}\n\
table{border-collapse:collapse;width:100%;font-size:13.5px}th{text-align:left;color:#7a8499;font-weight:500}\n\
td,th{padding:3px 10px 3px 0;border-bottom:1px solid #e3e7ee}td{font-variant-numeric:tabular-nums}\n\
td i{display:block;height:3px;background:#5b7fa8;margin-bottom:2px}.own td{font-weight:600}.own i{background:#ea580c}\n\
</style>\n</head>\n<body>\n";
