//! `umoec-train export`

use std::path::PathBuf;

use umoec_exact::StepModel;

use super::reduction::Reduction;
use super::say;
use crate::checkpoint::write_whole;
use crate::error::TrainError;
use crate::export::{export, limits};
use crate::plan::refusal;
use crate::view::grouped;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Checkpoint to read
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// Model to write (ONNX)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    reduction: Reduction,
}

pub(super) fn run(args: &Args) -> Result<(), TrainError> {
    let trained = args.reduction.load(&args.checkpoint)?;
    let file = export(&trained)?;
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
    if let Some(why) = refusal(&file) {
        say(&format!("note       umoec will not load it: {why}"));
    }
    Ok(())
}
