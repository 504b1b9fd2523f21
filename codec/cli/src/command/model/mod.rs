//! `umoec model`: the networks that predict.

mod describe;
mod keep;

use std::path::PathBuf;
use std::sync::Arc;

use umoec_codec::plugin::Model;
use umoec_predictor_onnx::Loaded;

use crate::args::Global;
use crate::failure::{Failure, Outcome, shown};
use crate::setup;

/// What to do with models.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Prove a model exact and print the certificate
    Verify(Which),
    /// Show what a model is and costs
    Inspect(Which),
    /// Check models and put them into the user's data folder
    Add(Files),
    /// List the models that can be named
    List(Listing),
    /// Remove a model from the user's data folder
    Remove(Named),
    /// Write the card of a trained model (runs umoec-train)
    Card(super::trainer::Args),
}

/// A model.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// A file, or a name or hash of `umoec model list`
    #[arg(value_name = "PATH|HASH|NAME")]
    model: String,
}

/// Model files.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Files to add
    #[arg(value_name = "FILE.onnx", required = true)]
    files: Vec<PathBuf>,
}

/// A model that was added.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Its name, or its hash or 8 digits or more of it
    #[arg(value_name = "HASH|NAME")]
    model: String,
}

/// How to list.
#[derive(Debug, clap::Args)]
pub(crate) struct Listing {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Does one thing with models.
pub(crate) fn run(command: &Command, global: &Global) -> Outcome {
    match command {
        Command::Verify(which) => describe::verify(&load(&which.model)?, global.backend()),
        Command::Inspect(which) => describe::inspect(&load(&which.model)?),
        Command::Add(files) => files.files.iter().try_for_each(|file| keep::add(file)),
        Command::List(listing) => keep::list(listing.json),
        Command::Remove(named) => keep::remove(&named.model),
        Command::Card(args) => super::trainer::run("card", args),
    }
}

/// A model with its proof.
struct Proved {
    source: Arc<Model>,
    loaded: Loaded,
}

fn load(wanted: &str) -> Outcome<Proved> {
    let mut registry = setup::editable_registry()?;
    let source = setup::model(wanted, &mut registry)?;
    let name = match source.path() {
        Some(path) => shown(path),
        None => source.name().to_owned(),
    };
    let loaded = Loaded::new(Arc::clone(&source)).map_err(|e| setup::refused(&e).at(name))?;
    Ok(Proved { source, loaded })
}

/// A failure of a backend.
fn backend(error: &umoec_exact::ExactError) -> Failure {
    Failure::usage(error.to_string(), "")
}
