//! `umoec inspect`: every section of a file. Needs no plugin.

use std::fmt::Write as _;
use std::path::PathBuf;

use umoec_codec::pipeline::{
    FrameReport, Inspection, MemberReport, NeedReport, PluginReport, SectionReport, StreamReport,
    inspect,
};
use umoec_codec::plugin::{Kind, PluginId, Registry};

use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Wanted};
use crate::{setup, size};

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File to read; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Shows the file, damaged or not; damage is reported afterwards.
pub(crate) fn run(args: &Args, console: &Console) -> Outcome {
    let names: Vec<PathBuf> = args.file.iter().cloned().collect();
    let found = files::find(&names, false, Wanted::Compressed, "inspect")?;
    found.show(console);
    for input in &found.inputs {
        let failed = |e| Failure::codec("cannot read", e).at(input.name());
        let report = inspect(input.open()?.reader).map_err(failed)?;
        if args.json {
            super::print_json(&report)?;
        } else {
            let registry = setup::registry()?;
            super::print(text(&input.name(), &report, &registry).as_bytes())?;
        }
        super::list::intact(&report).map_err(|f| f.at(input.name()))?;
    }
    Ok(())
}

// A String never fails to be written to: the results of `writeln` below say nothing.

fn text(name: &str, report: &Inspection, registry: &Registry) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{name}: {} bytes, content {} bytes, {} member{}, {}",
        size::grouped(report.size),
        size::grouped(report.content_size),
        report.members.len(),
        if report.members.len() == 1 { "" } else { "s" },
        if report.intact { "intact" } else { "DAMAGED" }
    );
    for (number, member) in report.members.iter().enumerate() {
        let _ = writeln!(
            out,
            "\nmember {number} at byte {}: version {}, {} bytes",
            member.offset,
            member.version,
            size::grouped(member.length)
        );
        describe(&mut out, member, registry);
    }
    out
}

fn describe(out: &mut String, member: &MemberReport, registry: &Registry) {
    let mut frame = 0;
    for section in &member.sections {
        head(out, section);
        if section.name == "header"
            && let Some(header) = &member.header
        {
            let content = header.content_size.map_or("not declared".into(), |n| {
                format!("{} bytes", size::grouped(n))
            });
            fields(
                out,
                &[
                    ("profile", setup::profile_name(header.profile)),
                    ("content", content),
                    ("block size", size::binary(header.block_size)),
                    ("memory", size::binary(header.memory)),
                    ("check", header.check.name().into()),
                ],
            );
            for plugin in &header.plugins {
                fields(out, &[("needs", need(plugin, registry))]);
            }
            for model in &header.models {
                fields(out, &[("needs model", model.clone())]);
            }
        }
        if section.name == "solo"
            && let Some(solo) = &member.solo
        {
            fields(
                out,
                &[
                    ("profile", setup::profile_name(solo.profile)),
                    ("memory", size::binary(solo.memory)),
                    (
                        "check",
                        format!("{} {}", solo.check.name(), solo.content_check),
                    ),
                ],
            );
        }
        if let Some(at) = member.frames.get(frame)
            && at.offset == section.offset
        {
            describe_frame(out, at, registry);
            frame += 1;
        }
        if let Some(text) = &section.text {
            fields(out, &[("text", text.escape_debug().to_string())]);
        }
        if section.name == "end"
            && let Some(end) = &member.end
        {
            fields(
                out,
                &[
                    (
                        "content",
                        format!("{} bytes", size::grouped(end.content_size)),
                    ),
                    (
                        "index at",
                        format!("byte {} of the member", end.index_offset),
                    ),
                    ("check", end.content_check.clone()),
                    (
                        "member",
                        format!("{} bytes", size::grouped(end.member_length)),
                    ),
                ],
            );
        }
    }
}

fn head(out: &mut String, section: &SectionReport) {
    let _ = writeln!(
        out,
        "  {} (id {:#04x}, {}) at byte {}: {} bytes, CRC-32 {}",
        section.name,
        section.id,
        if section.critical {
            "critical"
        } else {
            "ancillary"
        },
        section.offset,
        size::grouped(section.length),
        if section.crc_ok {
            "ok"
        } else {
            "DOES NOT MATCH"
        }
    );
}

fn describe_frame(out: &mut String, frame: &FrameReport, registry: &Registry) {
    fields(
        out,
        &[(
            "block",
            format!(
                "{} bytes from byte {} of the content, {} of their size",
                size::grouped(frame.raw_length),
                frame.content_offset,
                size::percent(frame.raw_length, frame.length)
            ),
        )],
    );
    if let Some(adapter) = &frame.adapter {
        fields(
            out,
            &[("adapter", plugin(Kind::Adapter, adapter, registry))],
        );
        if let Some(about) = about(adapter, registry) {
            fields(out, &[("", about)]);
        }
    }
    if let Some(lanes) = &frame.lanes {
        let text = format!("{} with segments of {} bytes", lanes.count, lanes.segment);
        fields(out, &[("lanes", text)]);
    }
    for model in &frame.models {
        fields(out, &[("model", model.clone())]);
    }
    for (number, stream) in frame.streams.iter().enumerate() {
        fields(
            out,
            &[(
                &format!("stream {number}"),
                describe_stream(stream, registry),
            )],
        );
    }
}

fn describe_stream(stream: &StreamReport, registry: &Registry) -> String {
    let predictor = stream
        .predictor
        .as_ref()
        .map_or("no predictor".into(), |p| {
            format!("predictor {}", plugin(Kind::Predictor, p, registry))
        });
    format!(
        "{} bytes, {predictor}, coder {}, payload {} bytes",
        size::grouped(stream.length),
        plugin(Kind::Coder, &stream.coder, registry),
        size::grouped(stream.payload_length)
    )
}

fn fields(out: &mut String, fields: &[(&str, String)]) {
    for (name, value) in fields {
        let _ = writeln!(out, "      {name:<12} {value}");
    }
}

fn plugin(kind: Kind, plugin: &PluginReport, registry: &Registry) -> String {
    let mut text = format!("{} v{}", name(kind, plugin.id, registry), plugin.version);
    if !plugin.params.is_empty() {
        text += &format!(" ({})", plugin.params);
    }
    text
}

/// What an adapter says of its parameters, where this program has it.
fn about(adapter: &PluginReport, registry: &Registry) -> Option<String> {
    let hex = adapter.params.as_bytes().chunks_exact(2);
    let digits = hex.map(|pair| std::str::from_utf8(pair).ok());
    let params: Option<Vec<u8>> = digits
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect();
    let known = registry
        .adapter(PluginId(adapter.id), adapter.version)
        .ok()?;
    known.describe(adapter.version, &params?)
}

fn need(need: &NeedReport, registry: &Registry) -> String {
    let kinds = [Kind::Adapter, Kind::Predictor, Kind::Coder];
    let known = kinds.into_iter().find(|kind| kind.to_string() == need.kind);
    let name = known.map_or(PluginId(need.id).to_string(), |kind| {
        name(kind, need.id, registry)
    });
    format!("{} {name} v{}", need.kind, need.version)
}

/// A plugin's name, or its id where this program does not have it.
fn name(kind: Kind, id: u64, registry: &Registry) -> String {
    let known = registry
        .iter()
        .map(|(plugin, _)| plugin.descriptor())
        .find(|d| d.kind == kind && d.id.0 == id);
    known.map_or_else(|| PluginId(id).to_string(), |d| d.name.to_string())
}
