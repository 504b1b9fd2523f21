//! `umoec-train export`

use std::path::PathBuf;

use umoec_exact::{ModelLimits, StepModel};

use super::say;
use crate::checkpoint::{Trained, write_whole};
use crate::error::TrainError;
use crate::export::{export, limits};
use crate::view::grouped;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Checkpoint to read
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// Model to write (ONNX)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), TrainError> {
    let file = export(&Trained::load(&args.checkpoint)?)?;
    let model = StepModel::load(&file, &limits())?;
    write_whole(&args.out, &file)?;
    let cost = model.cost();
    say(&format!("training   {}", model.metadata().training));
    say(&format!("exactness  {}", model.certificate().summary()));
    say(&format!(
        "cost       {} MAC per byte, {} parameters, {} bytes of state per lane",
        grouped(cost.macs_per_byte),
        grouped(cost.parameters),
        grouped(cost.state_bytes)
    ));
    say(&format!(
        "file       {} bytes, BLAKE3 {}",
        grouped(cost.file_bytes),
        blake3::hash(&file)
    ));
    if let Err(error) = StepModel::load(&file, &ModelLimits::default()) {
        say(&format!("note       umoec will not load it: {error}"));
    }
    Ok(())
}
