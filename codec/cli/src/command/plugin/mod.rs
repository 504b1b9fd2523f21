//! `umoec plugin`: for authors of plugins.

mod new;

use clap::{Args, Subcommand, ValueEnum};
use umoec_codec::plugin::{Kind, check_identity, derived_id};

use crate::failure::{Failure, Outcome};

/// The interface for plugins in C and other languages.
const HEADER: &str = include_str!("../../../../core/include/umoec_plugin.h");

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a project for a new plugin, in Rust
    New(new::Args),
    /// Print the id of a plugin
    Id(IdArgs),
    /// Print the header for plugins in C
    Header,
}

/// What `id` takes.
#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// Identity of the plugin: a reversed domain name or an URL of yours, such as org.example.name
    #[arg(value_name = "IDENTITY")]
    identity: String,
    /// Kind of the plugin
    #[arg(long, value_enum)]
    kind: KindName,
}

/// A kind of plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindName {
    Adapter,
    Predictor,
    Coder,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Adapter => Self::Adapter,
            KindName::Predictor => Self::Predictor,
            KindName::Coder => Self::Coder,
        }
    }
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> Outcome {
    match command {
        Command::New(args) => new::run(args),
        Command::Id(args) => {
            identity(&args.identity)?;
            let id = derived_id(args.kind.into(), &args.identity);
            super::print(format!("{id}\n").as_bytes())
        }
        Command::Header => super::print(HEADER.as_bytes()),
    }
}

/// Refuses what cannot be an identity.
fn identity(text: &str) -> Outcome {
    check_identity(text).map_err(|e| Failure::usage(e, "spec/plugin-ids.md says what it is for"))
}
