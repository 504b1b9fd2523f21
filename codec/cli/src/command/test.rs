//! `umoec test`.

use crate::args::{Archives, Global, Memory};
use crate::command::decompress;
use crate::console::Console;
use crate::failure::Outcome;
use crate::files::{self, Wanted};
use crate::size;
use crate::transcode::Job;

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    archives: Archives,
    #[command(flatten)]
    memory: Memory,
}

/// Decompresses every file to nowhere, which checks all that can be checked.
pub(crate) fn run(args: &Args, global: &Global, console: &Console) -> Outcome {
    let found = files::find(
        &args.archives.files,
        args.archives.recursive,
        Wanted::Compressed,
        "test",
    )?;
    found.show(console);
    let plan: Vec<Job> = found.inputs.into_iter().map(Job::dry).collect();
    decompress::decode_all(
        &plan,
        &args.memory,
        global,
        console,
        |name, size, seconds| {
            format!(
                "{name}: ok, {} bytes ({} MB/s)",
                size::grouped(size),
                size::speed(size, seconds)
            )
        },
    )
}
