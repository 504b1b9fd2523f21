//! `umoec-train`: trains, evaluates, exports and tries out byte predictors.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use umoec_trainer::command::{Arguments, Ended, run};
use umoec_trainer::interrupt::EXIT_CODE;

/// Keeps large blocks for the next step, where the system's allocator gives them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the allocator is told when to give memory back: in milliseconds, -1 for never.
#[cfg(unix)]
const PURGE: &str = "MIMALLOC_PURGE_DELAY";

/// Begins anew with an allocator that keeps what it has. It reads its settings before `main` does, and gives freed memory back
/// after a second unless told otherwise, only to ask for the same hundreds of MiB in the next step: zeroing these pages was a
/// sixth of the time of `nano`, and half of it for larger networks beside other work.
#[cfg(unix)]
fn keep_memory() {
    use std::os::unix::process::CommandExt;
    if std::env::var_os(PURGE).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) else {
        return;
    };
    // It returns only if there is no such program any more: then training is slower, and no worse.
    let _ = std::process::Command::new(program)
        .arg0(name)
        .args(arguments)
        .env(PURGE, "-1")
        .exec();
}

fn main() -> ExitCode {
    #[cfg(unix)]
    keep_memory();
    // Wrong usage ends the program here, with exit code 2.
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Interrupted) => ExitCode::from(EXIT_CODE),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("\n  hint: {hint}"));
            let text = format!("umoec-train: {error}{}\n", hint.unwrap_or_default());
            // Where nobody hears of errors, the exit code is left.
            let _ = std::io::stderr().write_all(text.as_bytes());
            ExitCode::FAILURE
        }
    }
}
