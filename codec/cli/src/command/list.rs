//! `umoec list`.

use serde::Serialize;
use umoec_codec::pipeline::{Inspection, MemberReport, inspect};

use crate::args::Archives;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Wanted};
use crate::source::Input;
use crate::{setup, size};

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    archives: Archives,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    file: String,
    members: usize,
    frames: usize,
    compressed: u64,
    uncompressed: u64,
    /// Of all members; the names differ in concatenated files.
    checks: Vec<&'static str>,
    profiles: Vec<String>,
}

const HEAD: &str =
    "MEMBERS  FRAMES    COMPRESSED  UNCOMPRESSED      RATIO    BPB  CHECK       PROFILE   FILE\n";

/// Lists every file, and their sum.
pub(crate) fn run(args: &Args, console: &Console) -> Outcome {
    let archives = &args.archives;
    let found = files::find(
        &archives.files,
        archives.recursive,
        Wanted::Compressed,
        "list",
    )?;
    found.show(console);
    let mut rows = Vec::new();
    for input in &found.inputs {
        match row(input) {
            Ok(row) => rows.push(row),
            Err(failure) => console.fail(&failure.at(input.name())),
        }
    }
    if args.json {
        return super::print_json(&rows);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let mut text = String::from(HEAD);
    for row in &rows {
        text += &line(row);
    }
    if rows.len() > 1 {
        text += &line(&Row {
            file: format!("{} files", rows.len()),
            members: rows.iter().map(|r| r.members).sum(),
            frames: rows.iter().map(|r| r.frames).sum(),
            compressed: rows.iter().map(|r| r.compressed).sum(),
            uncompressed: rows.iter().map(|r| r.uncompressed).sum(),
            checks: Vec::new(),
            profiles: Vec::new(),
        });
    }
    super::print(text.as_bytes())
}

/// Reads a whole file into a report, and refuses one whose sections are damaged.
fn row(input: &Input) -> Outcome<Row> {
    let report = inspect(input.open()?.reader).map_err(|e| Failure::codec("cannot read", e))?;
    intact(&report)?;
    let mut row = Row {
        file: input.name(),
        members: report.members.len(),
        frames: report.members.iter().map(|m| m.frames.len()).sum(),
        compressed: report.size,
        uncompressed: report.content_size,
        checks: Vec::new(),
        profiles: Vec::new(),
    };
    for (check, profile) in report.members.iter().filter_map(kinds) {
        if !row.checks.contains(&check) {
            row.checks.push(check);
        }
        if !row.profiles.contains(&profile) {
            row.profiles.push(profile);
        }
    }
    Ok(row)
}

/// Check and profile of a member.
fn kinds(member: &MemberReport) -> Option<(&'static str, String)> {
    let header = member.header.as_ref().map(|h| (h.check, h.profile));
    let solo = member.solo.as_ref().map(|s| (s.check, s.profile));
    let (check, profile) = header.or(solo)?;
    Some((check.name(), setup::profile_name(profile)))
}

/// Fails for the first section whose CRC-32 does not match.
pub(super) fn intact(report: &Inspection) -> Outcome {
    let mut sections = report.members.iter().flat_map(|m| &m.sections);
    let Some(bad) = sections.find(|s| !s.crc_ok) else {
        return Ok(());
    };
    Err(Failure {
        exit: Exit::Integrity,
        ..Failure::usage(
            format!(
                "CRC-32 does not match, the data is damaged ({} at byte {})",
                bad.name, bad.offset
            ),
            "copy or download the file again; `umoec inspect` shows all sections",
        )
    })
}

fn line(row: &Row) -> String {
    format!(
        "{:>7} {:>7} {:>13} {:>13} {:>10} {:>6}  {:<10}  {:<8}  {}\n",
        row.members,
        row.frames,
        size::grouped(row.compressed),
        size::grouped(row.uncompressed),
        size::percent(row.uncompressed, row.compressed),
        size::bits_per_byte(row.uncompressed, row.compressed)
            .map_or("-".into(), |bpb| format!("{bpb:.3}")),
        row.checks.join(","),
        row.profiles.join(","),
        row.file
    )
}
