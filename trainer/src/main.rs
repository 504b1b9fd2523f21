//! `umoec-train`: trains, evaluates and exports byte predictors.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use umoec_exact::{ModelLimits, StepModel};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::Config;
use umoec_trainer::data::members;
use umoec_trainer::evaluate::{bits, graph_bits};
use umoec_trainer::export::export;
use umoec_trainer::trainer::Trainer;

/// Keeps large blocks for the next step, where the system's allocator gives them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a model, or go on where its checkpoint ends.
    Train {
        /// Configuration.
        #[arg(long)]
        config: PathBuf,
        /// Folder that the configuration's sources lie in.
        #[arg(long)]
        data: PathBuf,
        /// Checkpoint to write, and to go on from where it exists.
        #[arg(long)]
        checkpoint: PathBuf,
        /// Checkpoint of another run whose network this one begins with.
        #[arg(long)]
        from: Option<PathBuf>,
        /// Threads; the result does not depend on them.
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Seconds between checkpoints.
        #[arg(long, default_value_t = 120)]
        save_every: u64,
        /// Stop after this step, the schedule being that of the whole run.
        #[arg(long)]
        until: Option<u64>,
    },
    /// Write the exact step graph of a checkpoint.
    Export {
        /// Checkpoint.
        #[arg(long)]
        checkpoint: PathBuf,
        /// ONNX file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Bits per byte of files: by an exported step graph in integers, or by a checkpoint in the
    /// training's own arithmetic, which is much faster.
    Eval(Eval),
}

#[derive(clap::Args)]
struct Eval {
    /// ONNX file.
    #[arg(
        long,
        conflicts_with = "checkpoint",
        required_unless_present = "checkpoint"
    )]
    model: Option<PathBuf>,
    /// Checkpoint.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// Bytes of each file to read.
    #[arg(long, default_value_t = 400_000)]
    first: usize,
    /// Bytes of each stream that a file is cut into; each starts from the initial state.
    #[arg(long, default_value_t = 25_000)]
    cut: usize,
    /// Streams of each file to run, from the first.
    #[arg(long, default_value_t = usize::MAX)]
    streams: usize,
    /// Streams that are not longer than this are left out.
    #[arg(long, default_value_t = 0)]
    above: usize,
    /// Files; an archive (.tar) is as many streams as it has members, uncut.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Train {
            config,
            data,
            checkpoint,
            from,
            threads,
            save_every,
            until,
        } => {
            let config = Config::load(&config)?;
            let mut trainer = if checkpoint.exists() {
                Trainer::load(config, &data, &checkpoint)?
            } else if let Some(from) = from {
                Trainer::continuing(config, &data, Trained::load(&from)?)?
            } else {
                Trainer::new(config, &data)?
            };
            let steps = trainer.config.training.steps;
            let per_step = trainer.config.training.lanes * trainer.config.training.stretch;
            let (mut shown, mut saved, mut recent) = (Instant::now(), Instant::now(), Vec::new());
            while trainer.step < until.unwrap_or(steps).min(steps) {
                recent.push(trainer.advance(threads)?);
                if shown.elapsed().as_secs() >= 10 || trainer.step == steps {
                    let speed = (recent.len() * per_step) as f64 / shown.elapsed().as_secs_f64();
                    let bits = recent.iter().sum::<f64>() / recent.len() as f64;
                    println!(
                        "step {} of {steps}: {bits:.4} bits per byte, {:.1} kB/s",
                        trainer.step,
                        speed / 1e3
                    );
                    (shown, recent) = (Instant::now(), Vec::new());
                }
                if saved.elapsed().as_secs() >= save_every {
                    trainer.save(&checkpoint)?;
                    saved = Instant::now();
                }
            }
            trainer.save(&checkpoint)?;
            Ok(())
        }
        Command::Export { checkpoint, out } => {
            let file = export(&Trained::load(&checkpoint)?)?;
            let model = StepModel::load(&file, &ModelLimits::default())?;
            println!("{}", model.metadata().training);
            println!("{}", model.certificate().summary());
            println!("{:?}", model.cost());
            println!("BLAKE3 {}", blake3::hash(&file));
            std::fs::write(&out, file).with_context(|| out.display().to_string())?;
            Ok(())
        }
        Command::Eval(arguments) => eval(&arguments),
    }
}

/// What files are evaluated under.
enum Under {
    Graph(Arc<StepModel>),
    Checkpoint(Box<Trained>),
}

fn eval(arguments: &Eval) -> Result<()> {
    let under = match (&arguments.model, &arguments.checkpoint) {
        (Some(path), _) => {
            let file = std::fs::read(path).with_context(|| path.display().to_string())?;
            Under::Graph(Arc::new(StepModel::load(&file, &ModelLimits::default())?))
        }
        (None, Some(path)) => Under::Checkpoint(Box::new(Trained::load(path)?)),
        (None, None) => anyhow::bail!("neither a model nor a checkpoint was named"),
    };
    let (mut bytes, mut total) = (0, 0.0);
    for path in &arguments.files {
        let content = std::fs::read(path).with_context(|| path.display().to_string())?;
        let streams: Vec<&[u8]> = if path.extension().is_some_and(|name| name == "tar") {
            members(&content)
                .into_iter()
                .map(|member| &content[member])
                .collect()
        } else {
            content[..content.len().min(arguments.first)]
                .chunks(arguments.cut)
                .collect()
        };
        let kept = streams
            .into_iter()
            .filter(|stream| stream.len() > arguments.above);
        let streams: Vec<&[u8]> = kept.take(arguments.streams).collect();
        let spent = match &under {
            Under::Graph(model) => graph_bits(model, &streams)?,
            Under::Checkpoint(trained) => bits(trained, &streams)?,
        };
        let size: usize = streams.iter().map(|stream| stream.len()).sum();
        println!(
            "{:.4} {size} bytes of {}",
            spent / size as f64,
            path.display()
        );
        bytes += size;
        total += spent;
    }
    println!(
        "{:.4} {bytes} bytes in all, coded in {:.0}",
        total / bytes as f64,
        total / 8.0
    );
    Ok(())
}
