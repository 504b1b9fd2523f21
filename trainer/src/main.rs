//! `umoec-train`: trains, evaluates, exports and tries out byte predictors.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use umoec_trainer::command::{Arguments, Ended, run};
use umoec_trainer::exit_code::Exit;

/// Keeps large blocks for the next step, where the system's allocator gives them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
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
