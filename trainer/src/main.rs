//! `umoec-train`: trains, evaluates and exports byte predictors.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use clap::{Parser, Subcommand};
use umoec_trainer::checkpoint::weights;
use umoec_trainer::config::Config;
use umoec_exact::{ModelLimits, StepModel};
use umoec_trainer::evaluate::{bits, graph_bits};
use umoec_trainer::export::{export, training_summary};
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
    /// Bits per byte of files under an exported step graph, run in integers.
    EvalGraph {
        /// ONNX file.
        #[arg(long)]
        model: PathBuf,
        /// Bytes of each file to read.
        #[arg(long, default_value_t = 400_000)]
        first: usize,
        /// Bytes of each stream that a file is cut into.
        #[arg(long, default_value_t = 25_000)]
        cut: usize,
        /// Streams of each file to run, from the first.
        #[arg(long, default_value_t = usize::MAX)]
        streams: usize,
        /// Files.
        files: Vec<PathBuf>,
    },
    /// Bits per byte of files under a checkpoint, by the training's own arithmetic.
    Eval {
        /// Checkpoint.
        #[arg(long)]
        checkpoint: PathBuf,
        /// Bytes of each file to read.
        #[arg(long, default_value_t = 400_000)]
        first: usize,
        /// Bytes of each stream that a file is cut into.
        #[arg(long, default_value_t = 25_000)]
        cut: usize,
        /// Files.
        files: Vec<PathBuf>,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Train { config, data, checkpoint, threads, save_every, until } => {
            let config = Config::load(&config)?;
            let mut trainer = if checkpoint.exists() {
                Trainer::load(config, &data, &checkpoint)?
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
            let (config, parameters, tables, step) = weights(&checkpoint)?;
            let training = training_summary(&config, step);
            let file = export(&config, &parameters, &tables, &training)?;
            let model = StepModel::load(&file, &ModelLimits::default())?;
            println!("{}", model.certificate().summary());
            println!("{:?}", model.cost());
            println!("{}", blake3::hash(&file));
            std::fs::write(&out, file)?;
            Ok(())
        }
        Command::EvalGraph { model, first, cut, streams, files } => {
            let file = std::fs::read(&model)?;
            let model = Arc::new(StepModel::load(&file, &ModelLimits::default())?);
            for path in files {
                let content = std::fs::read(&path)?;
                let content = &content[..content.len().min(first)];
                let cuts: Vec<&[u8]> = content.chunks(cut).take(streams).collect();
                let bytes: usize = cuts.iter().map(|cut| cut.len()).sum();
                let bits = graph_bits(&model, &cuts)?;
                println!("{:.4} {}", bits / bytes as f64, path.display());
            }
            Ok(())
        }
        Command::Eval { checkpoint, first, cut, files } => {
            let (config, parameters, tables, step) = weights(&checkpoint)?;
            println!("{} after {step} steps", config.name);
            let (mut bytes, mut all) = (0, 0.0);
            for path in files {
                let content = std::fs::read(&path)?;
                let content = &content[..content.len().min(first)];
                let streams: Vec<&[u8]> = content.chunks(cut).collect();
                let total = bits(&config.model, &parameters, &tables, &streams)?;
                println!("{:.4} {}", total / content.len() as f64, path.display());
                bytes += content.len();
                all += total;
            }
            println!("{:.4} of all, {:.0} bytes", all / bytes as f64, all / 8.0);
            Ok(())
        }
    }
}
