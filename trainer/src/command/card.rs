//! `umoec-train card`

use std::path::{Path, PathBuf};

use umoec_exact::StepModel;

use super::reduction::Reduction;
use super::say;
use crate::card::{Card, sources};
use crate::checkpoint::write_whole;
use crate::error::TrainError;
use crate::export::{export, limits};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Checkpoint of the model
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// Configuration it was trained with, as the card's commands name it
    #[arg(long, value_name = "FILE.toml")]
    config: PathBuf,
    /// Folder that it was trained on
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Model as it was exported (ONNX) [default: made anew, and called NAME.onnx]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// What `eval --json` wrote of it, for the table of results
    #[arg(long, value_name = "FILE.json")]
    eval: Option<PathBuf>,
    /// Card to write [default: standard output]
    #[arg(short, long, value_name = "FILE.md")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reduction: Reduction,
}

pub(super) fn run(args: &Args) -> Result<(), TrainError> {
    let trained = args.reduction.load(&args.checkpoint)?;
    let name = &trained.config.name;
    let exported = export(&trained)?;
    let (file, bytes) = match &args.model {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(TrainError::file(path))?;
            if bytes != exported {
                return Err(TrainError::Model(format!(
                    "{} is not what {} exports to",
                    path.display(),
                    args.checkpoint.display()
                )));
            }
            (file_name(path), bytes)
        }
        None => (format!("{name}.onnx"), exported),
    };
    let model = StepModel::load(&bytes, &limits())?;
    let results = args.eval.as_deref().map(|path| {
        let text = std::fs::read(path).map_err(TrainError::file(path))?;
        serde_json::from_slice(&text)
            .map_err(|error| TrainError::Model(format!("{}: {error}", path.display())))
    });
    let config = args.config.display().to_string();
    let (data, results) = (sources(&trained, &args.data)?, results.transpose()?);
    let card = Card {
        trained: &trained,
        model: &model,
        file: &file,
        config: &config,
        flags: &args.reduction.flags(),
        sources: &data,
        results: results.as_ref(),
    };
    let text = card.markdown()?;
    match &args.out {
        Some(path) => write_whole(path, text.as_bytes())?,
        None => say(text.trim_end()),
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
