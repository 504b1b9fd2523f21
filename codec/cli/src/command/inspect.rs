//! `umoec inspect`: every section of a file. Needs no plugin, unless the file is to be decoded too.

mod decoded;

use std::fmt::Write as _;
use std::path::PathBuf;

use umoec_codec::container::NeededPlugin;
use umoec_codec::pipeline::{
    Costs, DecodeOptions, FrameReport, Inspection, MemberReport, NeedReport, NoteReport,
    PartReport, PluginReport, SectionReport, StreamReport, inspect,
};
use umoec_codec::plugin::{Kind, PluginId, Registry};

use crate::args::{Global, Memory};
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Wanted};
use crate::jobs::Share;
use crate::ledger::Totals;
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
    /// Decode the file too, and say what its predictors counted: where a network rested, and what it left out
    #[arg(long)]
    decode: bool,
    /// Decode the file too, and say what each part of its predictors is worth: what the streams would cost without
    /// it. Takes several times as long as decoding
    #[arg(long)]
    variants: bool,
    #[command(flatten)]
    memory: Memory,
}

/// Shows the file, damaged or not; damage is reported afterwards.
pub(crate) fn run(args: &Args, global: &Global, console: &Console) -> Outcome {
    let names: Vec<PathBuf> = args.file.iter().cloned().collect();
    let found = files::find(&names, false, Wanted::Compressed, "inspect")?;
    found.show(console);
    let decoding = args.decode || args.variants;
    let registry = setup::registry()?;
    for input in &found.inputs {
        if decoding && input.path.is_none() {
            return Err(Failure::usage(
                "standard input can be read only once",
                "name the file, to have it inspected and decoded",
            ));
        }
        let failed = |e| Failure::codec("cannot read", e).at(input.name());
        let mut report = inspect(input.open()?.reader).map_err(failed)?;
        report.add_descriptions(&registry);
        let mut totals = Totals::default();
        let outcome = if decoding {
            let options = DecodeOptions {
                costs: Some(match args.variants {
                    true => Costs::with_variants(),
                    false => Costs::default(),
                }),
                ..setup::decode_options(
                    &args.memory,
                    &Share::all(global.threads()),
                    Default::default(),
                )
            };
            decoded::add(&mut report, &mut totals, input, &registry, options)
        } else {
            Ok(())
        };
        if args.json {
            super::print_json(&report)?;
        } else {
            let mut text = text(&input.name(), &report, &registry);
            decoded::sums(&mut text, &totals);
            super::print(text.as_bytes())?;
        }
        super::list::intact(&report).map_err(|f| f.at(input.name()))?;
        outcome?;
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
        let names = Names {
            registry,
            notes: &member.notes,
        };
        describe(&mut out, member, &names);
    }
    out
}

fn describe(out: &mut String, member: &MemberReport, names: &Names<'_>) {
    let mut notes = member.notes.iter();
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
                fields(out, &[("needs", need(plugin, names))]);
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
            describe_frame(out, at, names);
            frame += 1;
        }
        if section.name == "plugin"
            && section.crc_ok
            && let Some(note) = notes.next()
        {
            describe_note(out, note);
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

fn describe_note(out: &mut String, note: &NoteReport) {
    let shown = |text: &str| text.escape_debug().to_string();
    let what = format!("{}, stream version {}", shown(&note.identity), note.version);
    fields(
        out,
        &[
            ("plugin", shown(&note.name)),
            ("identity", what),
            ("get it from", shown(&note.homepage)),
        ],
    );
}

/// Segments of a part that are shown at most; JSON has all.
const SEGMENTS: usize = 8;

fn describe_frame(out: &mut String, frame: &FrameReport, names: &Names<'_>) {
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
        fields(out, &[("adapter", plugin(Kind::Adapter, adapter, names))]);
        if let Some(about) = &adapter.about {
            fields(out, &[("", about.clone())]);
        }
    }
    for (number, part) in frame.parts.iter().enumerate() {
        describe_part(out, number, part, names);
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
            &[(&format!("stream {number}"), describe_stream(stream, names))],
        );
        let predictor = stream.predictor.as_ref();
        if let Some(about) = predictor.and_then(|p| p.about.clone()) {
            fields(out, &[("", about)]);
        }
        decoded::describe(out, stream);
    }
}

fn describe_part(out: &mut String, number: usize, part: &PartReport, names: &Names<'_>) {
    let adapter = part.adapter.as_ref();
    let named = adapter.map_or("no adapter".into(), |adapter| {
        format!("adapter {}", plugin(Kind::Adapter, adapter, names))
    });
    let (first, count) = part.streams;
    let streams = match count {
        1 => format!("stream {first}"),
        _ => format!("streams {first} to {}", first + count - 1),
    };
    let text = format!("{} bytes, {named}, {streams}", size::grouped(part.length));
    fields(out, &[(&format!("part {number}"), text)]);
    if let Some(about) = adapter.and_then(|adapter| adapter.about.clone()) {
        fields(out, &[("", about)]);
    }
    let shown = part.segments.iter().take(SEGMENTS);
    let mut places: Vec<String> = shown
        .map(|(at, length)| format!("{} + {}", size::grouped(*at), size::grouped(*length)))
        .collect();
    if part.segments.len() > SEGMENTS {
        places.push(format!("{} more", part.segments.len() - SEGMENTS));
    }
    fields(
        out,
        &[("", format!("content at byte {}", places.join(", ")))],
    );
}

fn describe_stream(stream: &StreamReport, names: &Names<'_>) -> String {
    let predictor = stream
        .predictor
        .as_ref()
        .map_or("no predictor".into(), |p| {
            format!("predictor {}", plugin(Kind::Predictor, p, names))
        });
    format!(
        "{} bytes, {predictor}, coder {}, payload {} bytes",
        size::grouped(stream.length),
        plugin(Kind::Coder, &stream.coder, names),
        size::grouped(stream.payload_length)
    )
}

fn fields(out: &mut String, fields: &[(&str, String)]) {
    for (name, value) in fields {
        let _ = writeln!(out, "      {name:<12} {value}");
    }
}

fn plugin(kind: Kind, plugin: &PluginReport, names: &Names<'_>) -> String {
    let mut text = format!("{} v{}", names.of(kind, plugin.id), plugin.version);
    if !plugin.params.is_empty() {
        text += &format!(" ({})", plugin.params);
    }
    text
}

fn need(need: &NeedReport, names: &Names<'_>) -> String {
    let kinds = [Kind::Adapter, Kind::Predictor, Kind::Coder];
    let known = kinds.into_iter().find(|kind| kind.to_string() == need.kind);
    let name = known.map_or(PluginId(need.id).to_string(), |kind| {
        names.of(kind, need.id)
    });
    format!("{} {name} v{}", need.kind, need.version)
}

/// What a member's plugins are called.
struct Names<'a> {
    registry: &'a Registry,
    notes: &'a [NoteReport],
}

impl Names<'_> {
    /// A plugin's name here, or in the file, or its id.
    fn of(&self, kind: Kind, id: u64) -> String {
        let code = NeededPlugin::new(kind, PluginId(id), 0).kind;
        let mut here = self.registry.iter().map(|(plugin, _)| plugin.descriptor());
        let known = here.find(|d| d.kind == kind && d.id.0 == id);
        let mut there = self.notes.iter();
        let told = there.find(|note| note.kind == code && note.id == id);
        match (known, told) {
            (Some(d), _) => d.name.to_string(),
            (None, Some(note)) => note.name.escape_debug().to_string(),
            (None, None) => PluginId(id).to_string(),
        }
    }
}
