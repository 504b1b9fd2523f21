//! `umoec-train`: trains, evaluates, exports and tries out byte predictors.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use umoec_trainer::command::{Arguments, Ended, run};
use umoec_trainer::interrupt::EXIT_CODE;

/// Keeps large blocks for the next step, where the system's allocator gives them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
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
