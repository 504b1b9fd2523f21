//! `umoec-train train`

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::monitor::Monitor;
use super::{Ended, dry_run, say, threads};
use crate::checkpoint::beside;
use crate::config::Config;
use crate::data::fill_sources;
use crate::error::TrainError;
use crate::interrupt::Interrupt;
use crate::kernel::{Device, open_device};
use crate::memory::{enough, free, need};
use crate::start::network;
use crate::trainer::Trainer;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to train, on what, and how (TOML; trainer/README.md)
    #[arg(long, value_name = "FILE.toml")]
    config: PathBuf,
    /// Folder that the configuration's sources lie in. Where it names none, all files below the
    /// folder are trained on, weighted by size
    #[arg(long, value_name = "FOLDER", required_unless_present = "dry_run")]
    data: Option<PathBuf>,
    /// Checkpoint to write, and to go on from where it exists
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    checkpoint: Option<PathBuf>,
    /// Network to begin with: a checkpoint, a model (ONNX), or the name of a model such as nano
    #[arg(long, value_name = "PATH|NAME", alias = "from")]
    init: Option<PathBuf>,
    /// What the model of --init was trained with, where its sizes are not those of --config (it grows)
    #[arg(long, value_name = "FILE.toml", requires = "init")]
    init_config: Option<PathBuf>,
    /// Folder to look for models by name in, before others
    #[arg(long, value_name = "FOLDER")]
    models: Option<PathBuf>,
    /// Folder for the record of the run: run.jsonl, run.csv and events for TensorBoard
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    /// Steps between rows of the record
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    log_every: u64,
    /// Plain lines instead of the live view, as where the output is no terminal
    #[arg(long)]
    plain: bool,
    /// Train nothing: say what the network costs and how long the run would take
    #[arg(long)]
    dry_run: bool,
    /// Threads; 0: one for each core. The result does not depend on it
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// What makes the large matrix products; `gpu` needs a program built with the Cargo feature `gpu`
    #[arg(long, value_enum, default_value_t)]
    device: Device,
    /// Seconds between checkpoints
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    save_every: u64,
    /// Stop after this step, the schedule being that of the whole run
    #[arg(long, value_name = "STEP")]
    until: Option<u64>,
}

pub(super) fn run(args: &Args) -> Result<Ended, TrainError> {
    let config = Config::load(&args.config)?;
    let threads = threads(args.threads);
    if let Some(name) = open_device(args.device)? {
        say(&format!("large products by {name}"));
    }
    let (Some(data), Some(checkpoint), false) = (&args.data, &args.checkpoint, args.dry_run) else {
        dry_run::run(config, threads)?;
        return Ok(Ended::Done);
    };
    let interrupt = Interrupt::listen().map_err(TrainError::file(Path::new("signals")))?;
    let free = free();
    let mut trainer = begin(args, config, data, checkpoint)?;
    let need = need(
        &trainer.config,
        &trainer.parameters,
        &trainer.tables,
        threads,
    );
    enough(need, free)?;
    writable(checkpoint)?;
    let end = args
        .until
        .unwrap_or(u64::MAX)
        .min(trainer.config.training.steps);
    let mut monitor = Monitor::new(
        &trainer,
        end,
        args.plain,
        args.log.as_deref(),
        args.log_every,
    )?;
    let mut saved = Instant::now();
    while trainer.step < end && !trainer.stalled() && !interrupt.asked() {
        let report = trainer.advance(threads)?;
        let validation = trainer.validate(threads)?;
        if validation.as_ref().is_some_and(|v| v.best) {
            trainer.save(&best(checkpoint))?;
        }
        if let Err(error) = monitor.take(&trainer, &report, validation.as_ref()) {
            // A record that cannot be written must not cost what was learned.
            trainer.save(checkpoint)?;
            return Err(error);
        }
        if saved.elapsed() >= Duration::from_secs(args.save_every) {
            trainer.save(checkpoint)?;
            saved = Instant::now();
        }
    }
    trainer.save(checkpoint)?;
    monitor.finish(&trainer)?;
    Ok(farewell(&trainer, end, checkpoint))
}

/// The run where it stands, or at its beginning.
fn begin(
    args: &Args,
    mut config: Config,
    data: &Path,
    checkpoint: &Path,
) -> Result<Trainer, TrainError> {
    if config.sources.is_empty() {
        let log = args.log.as_deref().map(|log| log.join("run.csv"));
        apart(data, checkpoint)?;
        log.map_or(Ok(()), |log| apart(data, &log))?;
    }
    fill_sources(&mut config, data)?;
    if checkpoint.exists() {
        let trainer = Trainer::load(config, data, checkpoint)?;
        say(&format!(
            "going on from {}, step {}",
            checkpoint.display(),
            trainer.step
        ));
        return Ok(trainer);
    }
    match &args.init {
        Some(init) => {
            let sizes = args.init_config.as_deref().map(Config::load).transpose()?;
            let sizes = sizes.as_ref().unwrap_or(&config);
            let from = network(init, args.models.as_deref(), sizes)?;
            Trainer::continuing(config, data, from)
        }
        None => Trainer::new(config, data),
    }
}

/// Refuses to write `file` where all files are read.
fn apart(data: &Path, file: &Path) -> Result<(), TrainError> {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    // A folder that is not there yet will lie in the first one that is.
    let mut folders = absolute.ancestors().skip(1);
    let folder = folders.find_map(|folder| folder.canonicalize().ok());
    match (folder, data.canonicalize()) {
        (Some(folder), Ok(data)) if folder.starts_with(&data) => Err(TrainError::Data(format!(
            "{} would lie in the data folder and be trained on",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Finds out before hours of work that a checkpoint cannot be written.
fn writable(checkpoint: &Path) -> Result<(), TrainError> {
    let beside = beside(checkpoint);
    fs::File::create(&beside)
        .and_then(|_| fs::remove_file(&beside))
        .map_err(TrainError::file(&beside))
}

/// Where the checkpoint with the least held-out loss is kept: `run.best.checkpoint`.
fn best(checkpoint: &Path) -> PathBuf {
    let extension = checkpoint.extension().unwrap_or_default().to_string_lossy();
    let dot = if extension.is_empty() { "" } else { "." };
    checkpoint.with_extension(format!("best{dot}{extension}"))
}

fn farewell(trainer: &Trainer, end: u64, checkpoint: &Path) -> Ended {
    let (step, file) = (trainer.step, checkpoint.display());
    if let Some((bits, at)) = trainer.progress.best {
        say(&format!(
            "least held-out loss: {bits:.4} bits per byte at step {at}, kept in {}",
            best(checkpoint).display()
        ));
    }
    if step >= end {
        say(&format!(
            "step {step}: {file} holds the network and the run"
        ));
        return Ended::Done;
    }
    if trainer.stalled() {
        let patience = trainer.progress.since;
        say(&format!(
            "stopped after step {step}: {patience} evaluations brought no gain"
        ));
        return Ended::Done;
    }
    say(&format!(
        "interrupted after step {step}; {file} holds the run whole, and the same command goes on \
         from there"
    ));
    Ended::Interrupted
}
