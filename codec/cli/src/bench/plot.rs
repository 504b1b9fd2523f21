//! Ratio against speed as SVG: one panel for each direction, speeds on a logarithmic axis.

mod labels;
mod panel;

use super::peers;
use super::result::{Bench, Total};
use crate::size;

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 540.0;

/// A compressor's place in a panel.
struct Point {
    name: String,
    /// MB/s.
    speed: f64,
    ratio: f64,
    own: bool,
}

/// The plot of all files together.
pub(super) fn svg(bench: &Bench) -> String {
    let totals = bench.comparable();
    let bytes = bench.bytes();
    let points = |seconds: fn(&Total) -> f64| -> Vec<Point> {
        totals
            .iter()
            .map(|t| Point {
                name: t.tool.clone(),
                speed: bytes as f64 / 1e6 / seconds(t).max(1e-6),
                ratio: bytes as f64 / t.figures.packed.max(1) as f64,
                own: peers::is_own(&t.tool),
            })
            .collect()
    };
    let title = match &bench.files[..] {
        [one] => format!("{}, {} bytes", one.name, size::grouped(one.bytes)),
        files => format!("{} files, {} bytes", files.len(), size::grouped(bytes)),
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" role=\"img\" aria-label=\"Compression ratio against speed\">\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"10\" class=\"paper\"/>\n\
         <text x=\"40\" y=\"40\" class=\"title\">Compression ratio against speed</text>\n\
         <text x=\"40\" y=\"62\" class=\"note\">{}</text>\n",
        escape(&title)
    );
    let compress = points(|t| t.figures.compress_seconds);
    let decompress = points(|t| t.figures.decompress_seconds);
    out += &panel::draw("compress", 70.0, &compress);
    out += &panel::draw("decompress", 600.0, &decompress);
    let threads = bench.threads;
    out += &format!(
        "<text x=\"40\" y=\"{:.0}\" class=\"note\">up: smaller files; right: faster. umoec {} with {threads} \
         thread{}, peers with one each.</text>\n</svg>\n",
        HEIGHT - 18.0,
        env!("CARGO_PKG_VERSION"),
        if threads == 1 { "" } else { "s" }
    );
    out
}

const STYLE: &str = "text{font-family:Inter,'Helvetica Neue',Helvetica,Arial,sans-serif;fill:#3b4252}\
.paper{fill:#fff}.title{font-size:19px;font-weight:600;fill:#1d2433}.note{font-size:12px;fill:#7a8499}\
.panel{font-size:13px;font-weight:600}.tick{font-size:11px;fill:#7a8499}.label{font-size:11.5px;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-opacity:.85}\
.own{font-weight:600;fill:#c2410c}.major{stroke:#e3e7ee}.minor{stroke:#f3f5f8}.axis{stroke:#aeb6c4}\
.peer{fill:#5b7fa8;stroke:#fff;stroke-width:1.5}.mine{fill:#ea580c;stroke:#fff;stroke-width:1.5}\
.line{fill:none;stroke:#ea580c;stroke-width:1.5;opacity:.45}\
.front{fill:none;stroke:#aeb6c4;stroke-dasharray:3 4}.lead{stroke:#aeb6c4;stroke-width:.75}";

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
