//! `umoec-train`: trains, evaluates, exports and tries out byte predictors.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use umoec_trainer::command::{Arguments, Ended, run};
use umoec_trainer::exit_code::Exit;

/// Keeps large blocks for the next step, where the system's allocator gives them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the allocator is told when to give memory back: in milliseconds, -1 for never.
#[cfg(unix)]
const PURGE: &str = "MIMALLOC_PURGE_DELAY";

/// Begins anew with an allocator that keeps what it has. It reads its settings before `main` does, and gives freed memory back
/// soon unless told otherwise, only to ask for the same hundreds of MiB in the next step: zeroing these pages was a
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
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; where they cannot be printed nobody reads them.
            let _ = error.print();
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Ok
            };
            return exit.into();
        }
    };
    match run(&arguments) {
        Ok(Ended::Done) => Exit::Ok.into(),
        Ok(Ended::Interrupted) => Exit::Interrupted.into(),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("\n  hint: {hint}"));
            let text = format!("umoec-train: {error}{}\n", hint.unwrap_or_default());
            // Where nobody hears of errors, the exit code is left.
            let _ = std::io::stderr().write_all(text.as_bytes());
            error.exit().into()
        }
    }
}
