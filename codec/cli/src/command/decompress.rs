//! `umoec decompress`, and the way back of one file.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Instant;

use umoec_codec::pipeline::{Archive, Decoder};
use umoec_codec::plugin::Registry;

use crate::args::{Files, Global, Memory};
use crate::console::{Console, Level, Log};
use crate::failure::{Failure, Outcome};
use crate::files::{self, Wanted};
use crate::gate::{self, Gate};
use crate::jobs::{self, Share};
use crate::progress::Meter;
use crate::transcode::{self, Job};
use crate::{setup, size};

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    memory: Memory,
}

/// Decompresses every file.
pub(crate) fn run(args: &Args, global: &Global, console: &Console) -> Outcome {
    let plan = transcode::plan(
        &args.files,
        console,
        Wanted::Compressed,
        "decompress",
        files::plain_name,
    )?;
    decode_all(
        &plan,
        &args.memory,
        global,
        console,
        |name, size, seconds| {
            format!(
                "{name}: {} bytes ({} MB/s)",
                size::grouped(size),
                size::speed(size, seconds)
            )
        },
    )
}

/// Decodes every job, and reports each with `report(name, bytes, seconds)`.
pub(crate) fn decode_all(
    plan: &[Job],
    memory: &Memory,
    global: &Global,
    console: &Console,
    report: impl Fn(&str, u64, f64) -> String + Sync,
) -> Outcome {
    let registry = setup::registry()?;
    // On one terminal the content and a bar would tear each other.
    let torn = plan.iter().any(Job::in_order) && io::stdout().is_terminal();
    let meter = if torn {
        Meter::silent()
    } else {
        Meter::new(console, content_size(plan, &registry))
    };
    let gate = Gate::new(gate::allowed(memory));
    let one = |job: &Job, share: &Share, log: &mut Log| {
        let started = Instant::now();
        let size = decode(job, &registry, memory, share, (&meter, &gate))?;
        let seconds = started.elapsed().as_secs_f64();
        log.say(Level::Info, report(&job.input.name(), size, seconds));
        Ok(())
    };
    // Others were mostly one block, which has less work for a second thread than another file has.
    let small = 4 << 20;
    let large = |job: &Job| job.in_order() || job.input.size().is_none_or(|n| n > small);
    let size = |job: &Job| job.input.size().unwrap_or(0);
    jobs::run(console, plan, global.threads(), large, size, one);
    Ok(())
}

/// Bytes of content of all files, where their indexes tell.
fn content_size(plan: &[Job], registry: &Arc<Registry>) -> Option<u64> {
    plan.iter()
        .map(|job| {
            // Standard input has one position only, which must stay where it is.
            job.input.path.as_ref()?;
            let file = job.input.open_seekable().ok()??;
            let archive = Archive::open(file, registry.clone(), Default::default()).ok()?;
            Some(archive.len())
        })
        .sum()
}

/// Decodes one file; its output appears only if all of it is right. Returns its size.
pub(crate) fn decode(
    job: &Job,
    registry: &Arc<Registry>,
    memory: &Memory,
    share: &Share,
    (meter, gate): (&Meter, &Gate),
) -> Outcome<u64> {
    let source = job.input.open()?;
    let options = setup::decode_options(memory, share, meter.counter());
    let failed = |e| Failure::codec("cannot read", e).at(job.input.name());
    let mut decoder = Decoder::new(source.reader, registry.clone(), options).map_err(failed)?;
    let _pass = gate.enter(decoder.summary().memory);
    let mut target = job.create()?;
    let size = transcode::copy(&mut decoder, &mut target, job)?;
    job.commit(target)?;
    Ok(size)
}
