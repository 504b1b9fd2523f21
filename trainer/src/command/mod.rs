//! The commands of `umoec-train`, one file each.

mod card;
mod dry_run;
mod eval;
mod export;
mod generate;
mod monitor;
mod reduction;
mod train;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Parser, Subcommand};
use umoec_exact::StepModel;

use crate::error::TrainError;
use crate::export::limits;
use crate::locate::locate;

/// Train byte predictors for umoec, measure them, and write them as exact models.
#[derive(Debug, Parser)]
#[command(
    name = "umoec-train",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model, or go on where its checkpoint ends
    Train(train::Args),
    /// Measure what a model makes of files, beside other compressors
    Eval(eval::Args),
    /// Write the exact model (ONNX) of a checkpoint
    Export(export::Args),
    /// Let a model write text
    Generate(generate::Args),
    /// Write the model card of a checkpoint (Markdown)
    Card(card::Args),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It did what it was to do.
    Done,
    /// It was interrupted, and put everything in order.
    Interrupted,
}

/// Does what the command line asks for.
///
/// # Errors
///
/// What is to be said to the user.
pub fn run(arguments: &Arguments) -> Result<Ended, TrainError> {
    match &arguments.command {
        Command::Train(args) => return train::run(args),
        Command::Eval(args) => eval::run(args)?,
        Command::Export(args) => export::run(args)?,
        Command::Generate(args) => generate::run(args)?,
        Command::Card(args) => card::run(args)?,
    }
    Ok(Ended::Done)
}

/// Threads to work with: `asked`, or one for each core where that is 0.
fn threads(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    }
}

/// Writes to standard output; that nobody reads it any more is no error.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// The step graph in a file, or of a name that is found in `models`.
fn load_model(name: &Path, models: Option<&Path>) -> Result<(PathBuf, Arc<StepModel>), TrainError> {
    let path = locate(name, models)?;
    let file = std::fs::read(&path).map_err(TrainError::file(&path))?;
    let model = StepModel::load(&file, &limits())?;
    Ok((path, Arc::new(model)))
}
