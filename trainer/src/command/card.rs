//! `umoec-train card`
use crate::error::TrainError;
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) fn run(_args: &Args) -> Result<(), TrainError> {
    Ok(())
}
