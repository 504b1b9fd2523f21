//! `umoec train` and its kin: the trainer is a program of its own, so that those who only compress need not build it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Failure, Outcome};

/// The trainer's program.
const PROGRAM: &str = if cfg!(windows) {
    "umoec-train.exe"
} else {
    "umoec-train"
};

/// What is passed on to the trainer as it stands.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments of the trainer; `--help` shows them
    #[arg(
        value_name = "ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,
}

/// Runs `command` of the trainer in this program's place.
pub(crate) fn run(command: &str, args: &Args) -> Outcome {
    let mut trainer = Command::new(program());
    trainer.arg(command).args(&args.arguments);
    become_it(trainer)
}

/// The trainer beside this program, else the one of the search path.
fn program() -> PathBuf {
    std::env::current_exe()
        .ok()
        .map(|here| here.with_file_name(PROGRAM))
        .filter(|beside| beside.is_file())
        .unwrap_or_else(|| PROGRAM.into())
}

fn cannot_run(error: &std::io::Error) -> Failure {
    Failure {
        hint: Some(
            "it is a program of its own: `cargo build --release -p umoec-trainer` makes it; put it beside umoec or on PATH"
                .to_owned(),
        ),
        ..Failure::io("cannot run the trainer", error).at(PROGRAM)
    }
}

/// Signals, the terminal and the exit code are the trainer's own.
#[cfg(unix)]
fn become_it(mut trainer: Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    Err(cannot_run(&trainer.exec()))
}

#[cfg(not(unix))]
fn become_it(mut trainer: Command) -> Outcome {
    let status = trainer.status().map_err(|e| cannot_run(&e))?;
    std::process::exit(status.code().unwrap_or(1))
}
