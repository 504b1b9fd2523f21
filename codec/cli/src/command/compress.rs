//! `umoec compress`.

use std::time::Instant;

use umoec_codec::pipeline::{Contest, Contests, Encoder, Profile, Summary};

use crate::args::{Coding, Files, Global};
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
    coding: Coding,
}

/// Compresses every file.
pub(crate) fn run(args: &Args, global: &Global, console: &Console) -> Outcome {
    let (registry, profile) = setup::compression(&args.coding)?;
    let wanted = if args.files.force {
        Wanted::All
    } else {
        Wanted::Plain
    };
    let plan = transcode::plan(&args.files, console, wanted, "compress", |path| {
        Ok(files::compressed_name(path))
    })?;
    transcode::no_terminal(&args.files, &plan)?;
    console.say(Level::Detail, &describe(&profile, global));

    let total = plan.iter().map(|j| j.input.size()).sum();
    let meter = Meter::new(console, total);
    let gate = Gate::new(gate::allowed(&args.coding.memory));
    let one = |job: &Job, share: &Share, log: &mut Log| {
        let mut source = job.input.open()?;
        let contests = Contests::default();
        let mut options =
            setup::encode_options(&args.coding, &profile, share, source.size, meter.counter());
        options.contests = Some(contests.clone());
        // A file that is one block may take as much as the profile says.
        let _pass = gate.enter(options.memory.unwrap_or(profile.memory));
        let started = Instant::now();
        let target = job.create()?;
        let failed = |e| Failure::codec("cannot write", e).at(job.input.name());
        let mut encoder = Encoder::new(target, registry.clone(), options).map_err(failed)?;
        transcode::copy(&mut source.reader, &mut encoder, job)?;
        let (target, summary) = encoder.finish().map_err(|e| job.codec_failure(e))?;
        job.commit(target)?;
        log.say(
            Level::Info,
            report(&job.input.name(), &summary, started.elapsed().as_secs_f64()),
        );
        for contest in contests.take() {
            log.say(Level::Detail, reasons(&contest));
        }
        Ok(())
    };
    let large =
        |job: &Job| job.in_order() || job.input.size().is_none_or(|n| n > profile.block_size);
    let size = |job: &Job| job.input.size().unwrap_or(0);
    jobs::run(console, &plan, global.threads(), large, size, one);
    Ok(())
}

fn describe(profile: &Profile, global: &Global) -> String {
    format!(
        "umoec: profile {}: predictor {}, blocks of {}, memory {}, {} threads",
        profile.name,
        profile.predictor.name,
        size::binary(profile.block_size),
        size::binary(profile.memory),
        global.threads()
    )
}

/// Why an adapter was chosen.
fn reasons(contest: &Contest) -> String {
    let mut text = format!(
        "  {} bytes at byte {}:",
        size::grouped(contest.length),
        size::grouped(contest.offset)
    );
    for (number, entry) in contest.entries.iter().enumerate() {
        let about = entry.about.as_ref();
        text += &format!(
            "\n    {} adapter {}: about {} bytes{}",
            if number == contest.chosen { '*' } else { ' ' },
            entry.adapter,
            size::grouped(entry.estimate),
            about.map_or_else(String::new, |about| format!(" ({about})"))
        );
    }
    text
}

fn report(name: &str, summary: &Summary, seconds: f64) -> String {
    let (input, output) = (summary.input, summary.output);
    let mut line = format!(
        "{name}: {} -> {} bytes",
        size::grouped(input),
        size::grouped(output)
    );
    if let Some(bpb) = size::bits_per_byte(input, output) {
        line += &format!(
            " ({}, {bpb:.3} bpb, {} MB/s)",
            size::percent(input, output),
            size::speed(input, seconds)
        );
    }
    line
}
