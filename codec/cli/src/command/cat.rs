//! `umoec cat`: to standard output, all or a range.

use std::io::{self, BufReader, Read, Seek};
use std::path::PathBuf;
use std::sync::Arc;

use umoec_codec::pipeline::{Archive, Decoder};
use umoec_codec::plugin::Registry;

use crate::args::{Global, Memory};
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Wanted};
use crate::gate::Gate;
use crate::jobs::Share;
use crate::progress::Meter;
use crate::target::Target;
use crate::transcode::{self, Job};
use crate::{command::decompress, setup, size};

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Begin at this byte of the content, such as 1500 or 2M
    #[arg(long, value_name = "SIZE", value_parser = size::parse, default_value = "0")]
    offset: u64,
    /// Write this many bytes, or up to the end if there are fewer
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    length: Option<u64>,
    #[command(flatten)]
    memory: Memory,
}

/// Writes the contents one after another, or the range of one.
pub(crate) fn run(args: &Args, global: &Global, console: &Console) -> Outcome {
    let registry = setup::registry()?;
    let found = files::find(&args.files, false, Wanted::Compressed, "cat")?;
    found.show(console);
    let ranged = args.offset > 0 || args.length.is_some();
    if ranged && args.files.len() > 1 {
        return Err(Failure::usage(
            "a range is of one file, but there are several",
            "name one file, or leave --offset and --length away",
        ));
    }
    for input in found.inputs {
        let job = Job::to_stdout(input);
        let outcome = if ranged {
            range(&job, args, global, &registry)
        } else {
            let (silent, gate) = (Meter::silent(), Gate::new(u64::MAX));
            let all = Share::all(global.threads());
            decompress::decode(&job, &registry, &args.memory, &all, (&silent, &gate)).map(drop)
        };
        if let Err(failure) = outcome {
            console.fail(&failure);
        }
    }
    Ok(())
}

fn range(job: &Job, args: &Args, global: &Global, registry: &Arc<Registry>) -> Outcome {
    match job.input.open_seekable()? {
        Some(file) => seek_range(job, file, args, global, registry),
        None => skip_range(job, args, global, registry),
    }
}

/// Only the blocks that the range touches are decoded.
fn seek_range(
    job: &Job,
    file: impl Read + Seek + Send,
    args: &Args,
    global: &Global,
    registry: &Arc<Registry>,
) -> Outcome {
    let options = setup::decode_options(
        &args.memory,
        &Share::all(global.threads()),
        Default::default(),
    );
    let failed = |e| Failure::codec("cannot read", e).at(job.input.name());
    let mut archive =
        Archive::open(BufReader::new(file), registry.clone(), options).map_err(failed)?;
    let length = clamp(args, archive.len()).map_err(|f| f.at(job.input.name()))?;
    let mut target = job.create()?;
    archive
        .copy_range(args.offset, length, &mut target)
        .map_err(|e| job.codec_failure(e))?;
    job.commit(target)
}

/// A pipe is decoded up to the end of the range.
fn skip_range(job: &Job, args: &Args, global: &Global, registry: &Arc<Registry>) -> Outcome {
    let options = setup::decode_options(
        &args.memory,
        &Share::all(global.threads()),
        Default::default(),
    );
    let failed = |e| Failure::codec("cannot read", e).at(job.input.name());
    let reader = BufReader::new(job.input.open()?.reader);
    let mut decoder = Decoder::new(reader, registry.clone(), options).map_err(failed)?;
    let skipped = io::copy(&mut (&mut decoder).take(args.offset), &mut io::sink())
        .map_err(|e| job.read_failure(e))?;
    if skipped < args.offset {
        return Err(beyond(args.offset, skipped).at(job.input.name()));
    }
    let mut target: Target = job.create()?;
    let mut part = decoder.take(args.length.unwrap_or(u64::MAX));
    transcode::copy(&mut part, &mut target, job)?;
    job.commit(target)
}

fn clamp(args: &Args, size: u64) -> Outcome<u64> {
    let rest = size
        .checked_sub(args.offset)
        .ok_or_else(|| beyond(args.offset, size))?;
    Ok(args.length.unwrap_or(rest).min(rest))
}

fn beyond(offset: u64, size: u64) -> Failure {
    Failure::usage(
        format!(
            "--offset {} is beyond the end of the content",
            size::grouped(offset)
        ),
        format!("there are {} bytes", size::grouped(size)),
    )
}
