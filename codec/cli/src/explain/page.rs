//! The page: one file that needs nothing else.

use std::fmt::Write as _;
use std::ops::Range;

use umoec_codec::pipeline::Contest;
use umoec_codec::plugin::{Kind, PluginId, Registry};

use super::account::Account;
use super::shown::{character, escaped};
use super::tables;
use crate::size;

/// What the page is about.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) content: &'a [u8],
    pub(super) account: &'a Account,
    /// How adapters were chosen, if that was seen.
    pub(super) contests: &'a [Contest],
    /// The bytes that are shown one by one.
    pub(super) window: Range<usize>,
    pub(super) registry: &'a Registry,
}

/// Upper ends of the colours, in bits a byte.
const COLOURS: [f32; 8] = [0.05, 0.25, 0.75, 1.5, 3.0, 5.0, 8.0, f32::INFINITY];

/// Stretches of the curve.
const CURVE: usize = 400;

/// Bytes of a stretch in the list of the dearest, and how many are listed.
const STRETCH: usize = 64;
const DEAREST: usize = 12;

// A String never fails to be written to: the results of `write` and `writeln` below say nothing.

/// The page.
pub(super) fn html(subject: &Subject<'_>) -> String {
    let mut out = String::from(HEAD);
    let _ = writeln!(
        out,
        "<title>{0}: where the bits go</title>\n</head>\n<body>\n<h1>{0}</h1>",
        escaped(subject.name)
    );
    summary(&mut out, subject);
    curve(&mut out, subject.account);
    tables::parts(&mut out, &subject.account.totals);
    tables::classes(&mut out, subject.account);
    tables::regions(&mut out, subject.account);
    frames(&mut out, subject);
    contests(&mut out, subject.contests);
    dearest(&mut out, subject);
    content(&mut out, subject);
    out += "</body>\n</html>\n";
    out
}

fn summary(out: &mut String, subject: &Subject<'_>) {
    let (content, account) = (subject.content, subject.account);
    let raw = content.len() as u64;
    let _ = write!(
        out,
        "<p class=\"lead\"><b>{}</b> bytes became <b>{}</b>",
        size::grouped(raw),
        size::grouped(account.compressed)
    );
    if let Some(bpb) = size::bits_per_byte(raw, account.compressed) {
        let _ = write!(out, ": {bpb:.3} bits for each byte");
    }
    let _ = writeln!(
        out,
        ". {} of them are coded content, {} the container.</p>",
        size::grouped(account.payloads),
        size::grouped(account.compressed.saturating_sub(account.payloads)),
    );
}

/// Mean cost along the content.
fn curve(out: &mut String, account: &Account) {
    let means = account.profile(CURVE);
    if means.iter().all(Option::is_none) {
        return;
    }
    const WIDTH: f64 = 960.0;
    const HEIGHT: f64 = 160.0;
    let most = means.iter().flatten().copied().fold(1.0, f64::max).ceil();
    let _ = writeln!(
        out,
        "<h2>Along the content</h2>\n<svg viewBox=\"-34 -10 {} {}\" role=\"img\" \
         aria-label=\"Bits per byte along the content\">",
        WIDTH + 40.0,
        HEIGHT + 34.0
    );
    for line in 0..=4 {
        let (y, value) = (
            HEIGHT * f64::from(line) / 4.0,
            most * f64::from(4 - line) / 4.0,
        );
        let _ = writeln!(
            out,
            "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{y:.0}\" y2=\"{y:.0}\"/><text x=\"-6\" y=\"{:.0}\" \
             text-anchor=\"end\">{value:.1}</text>",
            y + 4.0
        );
    }
    let step = WIDTH / means.len() as f64;
    let mut path = String::new();
    for (number, mean) in means.iter().enumerate() {
        if let Some(mean) = mean {
            let (x, y) = (step * number as f64, HEIGHT * mean / most);
            let _ = write!(path, "M{x:.1} {HEIGHT}v-{y:.1}h{step:.2}v{y:.1}z");
        }
    }
    let _ = writeln!(
        out,
        "<path d=\"{path}\"/>\n<text x=\"0\" y=\"{0}\">0</text><text x=\"{WIDTH}\" y=\"{0}\" \
         text-anchor=\"end\">{1}</text>\n</svg>",
        HEIGHT + 18.0,
        size::grouped(account.bits.len() as u64)
    );
}

/// Every frame with its plugins.
fn frames(out: &mut String, subject: &Subject<'_>) {
    if subject.account.frames.is_empty() {
        return;
    }
    let name = |kind: Kind, id: Option<PluginId>| match id {
        None => "none".to_owned(),
        Some(id) => {
            let known = subject
                .registry
                .iter()
                .map(|(plugin, _)| plugin.descriptor());
            let own = known.into_iter().find(|d| d.kind == kind && d.id == id);
            own.map_or_else(|| id.to_string(), |d| escaped(&d.name))
        }
    };
    *out += "<h2>Frames and streams</h2>\n<table><tr><th>at byte</th><th>content</th><th>adapter</th>\
             <th>predictor</th><th>coder</th><th>payload</th><th>bits per byte</th><th></th></tr>\n";
    for frame in &subject.account.frames {
        for stream in &frame.streams {
            let length = stream.bits.len() as u64;
            let bpb = size::bits_per_byte(length, stream.payload);
            let counts: Vec<String> = stream
                .counts
                .iter()
                .map(|(what, n)| {
                    let share = *n as f64 / length.max(1) as f64 * 100.0;
                    format!("{what}: {} ({share:.0} %)", size::grouped(*n))
                })
                .collect();
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                size::grouped(frame.offset),
                size::grouped(length),
                name(Kind::Adapter, stream.adapter),
                name(Kind::Predictor, stream.predictor),
                name(Kind::Coder, Some(stream.coder)),
                size::grouped(stream.payload),
                bpb.map_or_else(String::new, |bpb| format!("{bpb:.3}")),
                escaped(&counts.join("; ")),
            );
        }
    }
    *out += "</table>\n";
}

/// What each adapter was judged to make of the content.
fn contests(out: &mut String, contests: &[Contest]) {
    if contests.is_empty() {
        return;
    }
    *out += "<h2>Why these adapters</h2>\n<table><tr><th>at byte</th><th>content</th><th>adapter</th>\
             <th>bytes, by a sample</th><th>what it saw</th></tr>\n";
    for contest in contests {
        for (number, entry) in contest.entries.iter().enumerate() {
            let name = escaped(&entry.adapter);
            let name = match number == contest.chosen {
                true => format!("<b>{name}</b>"),
                false => name,
            };
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{name}</td><td>{}</td><td>{}</td></tr>",
                size::grouped(contest.offset),
                size::grouped(contest.length),
                size::grouped(entry.estimate),
                escaped(entry.about.as_deref().unwrap_or_default()),
            );
        }
    }
    *out += "</table>\n";
}

/// What cost most.
fn dearest(out: &mut String, subject: &Subject<'_>) {
    let dearest = subject.account.dearest(STRETCH, DEAREST);
    if dearest.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<h2>The dearest stretches of {STRETCH} bytes</h2>\n<table><tr><th>at byte</th><th>bits</th><th>content</th></tr>"
    );
    for (at, bits) in dearest {
        let to = (at + STRETCH).min(subject.content.len());
        let mut text = String::new();
        coloured(&mut text, subject, at..to);
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{bits:.0}</td><td class=\"line\">{text}</td></tr>",
            size::grouped(at as u64)
        );
    }
    *out += "</table>\n";
}

/// The content, coloured by cost.
fn content(out: &mut String, subject: &Subject<'_>) {
    let Range { start, end } = subject.window;
    let _ = write!(
        out,
        "<h2>Bytes {} to {} of {}</h2>\n<p class=\"legend\">",
        size::grouped(start as u64),
        size::grouped(end as u64),
        size::grouped(subject.content.len() as u64)
    );
    for (class, &limit) in COLOURS.iter().enumerate() {
        let text = match (class.checked_sub(1).map(|below| COLOURS[below]), limit) {
            (None, limit) => format!("below {limit} bits"),
            (Some(below), limit) if limit.is_infinite() => format!("{below} and more"),
            (Some(below), limit) => format!("{below} to {limit}"),
        };
        let _ = write!(out, "<span class=\"c{class}\">{text}</span> ");
    }
    *out += "<span class=\"u\">not known: an adapter changed it</span></p>\n<pre>";
    coloured(out, subject, start..end);
    *out += "</pre>\n";
}

/// Characters, those of one colour in one element.
fn coloured(out: &mut String, subject: &Subject<'_>, range: Range<usize>) {
    let bytes = &subject.content[..range.end];
    let mut at = range.start;
    let mut open: Option<Option<usize>> = None;
    while at < range.end {
        let (text, len) = character(&bytes[at..]);
        let bits = &subject.account.bits[at..at + len];
        // A character of several bytes has the colour of all of them together.
        let sum: Option<f32> = bits.iter().copied().sum();
        let colour = sum.map(|bits| COLOURS.iter().position(|&c| bits < c).unwrap_or(7));
        if open != Some(colour) {
            if open.is_some() {
                *out += "</span>";
            }
            let _ = match colour {
                Some(class) => write!(out, "<span class=\"c{class}\">"),
                None => write!(out, "<span class=\"u\">"),
            };
            open = Some(colour);
        }
        *out += &text;
        at += len;
    }
    if open.is_some() {
        *out += "</span>";
    }
}

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n\
body{max-width:1000px;margin:2rem auto;padding:0 1rem;font:15px/1.5 Inter,'Helvetica Neue',Helvetica,Arial,sans-serif;color:#1d2433;background:#fff}\n\
h1{font-size:22px;overflow-wrap:anywhere}h2{font-size:16px;margin-top:2rem}.lead{font-size:17px}\n\
table{border-collapse:collapse;width:100%;font-size:13.5px}th{text-align:left;color:#7a8499;font-weight:500}\n\
td,th{padding:3px 10px 3px 0;border-bottom:1px solid #e3e7ee;vertical-align:top}td{font-variant-numeric:tabular-nums}\n\
td i{display:inline-block;height:9px;background:#ea580c;margin-right:6px;max-width:45%}\n\
svg{width:100%}svg line{stroke:#e3e7ee}svg text{font-size:11px;fill:#7a8499}svg path{fill:#5b7fa8}\n\
pre,.line{font:12.5px/1.55 ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}\n\
.legend span{padding:2px 7px;border-radius:3px;font-size:12.5px;white-space:nowrap}\n\
.c0{background:#fff}.c1{background:#eef4fa}.c2{background:#d6e6f4}.c3{background:#fdf0d5}.c4{background:#fbd9a0}\n\
.c5{background:#f7b267}.c6{background:#ee7b4d}.c7{background:#c8402f;color:#fff}.u{background:#e9e9ee}\n\
</style>\n";
