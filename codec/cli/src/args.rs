//! The command line: what is common to several commands.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use umoec_codec::pipeline::CheckKind;
use umoec_predictor_onnx::Backend;

use crate::{bench, command, explain, size};

/// Lossless compression by prediction.
///
/// Compresses files to .umc files, far smaller than general compressors make them, and back
/// to exactly the same bytes. Sources are kept unless --rm is given. Without a FILE, or with
/// `-`, standard input is read and standard output is written.
#[derive(Debug, Parser)]
#[command(
    name = "umoec",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Say less: -q errors only, -qq nothing
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) quiet: u8,
    /// Say more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Show no progress bar
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// Threads to work with; 0: one for each core. The output does not depend on it
    #[arg(
        short = 'T',
        long,
        global = true,
        value_name = "N",
        default_value_t = 0
    )]
    threads: usize,
    /// What runs networks: auto, fused, tract, ort, ort-cuda or reference. The output does not
    /// depend on it
    #[arg(long, global = true, value_name = "NAME", default_value = "auto", value_parser = parse_backend)]
    backend: Choice,
    /// Library with plugins to load; may be given several times. Others are looked for in the folders of
    /// UMOEC_PLUGIN_PATH and in the user's plugin folder
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) plugin_lib: Vec<PathBuf>,
}

/// A backend that was asked for, if one was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice(Option<Backend>);

impl Global {
    /// What to run networks with; `None` for the fastest there is.
    pub(crate) fn backend(&self) -> Option<Backend> {
        self.backend.0
    }

    /// Threads to work with, at least one.
    pub(crate) fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compress files to .umc files
    #[command(short_flag = 'z', visible_alias = "c")]
    Compress(command::compress::Args),
    /// Decompress .umc files
    #[command(short_flag = 'd', visible_alias = "d")]
    Decompress(command::decompress::Args),
    /// Check .umc files by decompressing them to nowhere
    #[command(short_flag = 't', visible_alias = "t")]
    Test(command::test::Args),
    /// List .umc files with their sizes
    #[command(short_flag = 'l', visible_alias = "ls")]
    List(command::list::Args),
    /// Decompress to standard output, all or a range
    Cat(command::cat::Args),
    /// Show every section of a .umc file
    Inspect(command::inspect::Args),
    /// Write a page that shows where the bits of a file go
    Explain(explain::Args),
    /// List the plugins and profiles of this program
    Plugins(command::plugins::Args),
    /// Make plugins of your own
    #[command(subcommand)]
    Plugin(command::plugin::Command),
    /// Keep, check and show models: networks that predict
    #[command(subcommand)]
    Model(command::model::Command),
    /// Train a model, or go on where its checkpoint ends (runs umoec-train)
    Train(command::trainer::Args),
    /// Bits per byte of a model on files (runs umoec-train)
    Eval(command::trainer::Args),
    /// Write the exact step graph of a checkpoint (runs umoec-train)
    Export(command::trainer::Args),
    /// Let a model write text (runs umoec-train)
    Generate(command::trainer::Args),
    /// Check that every backend gives the same bits on this machine
    Conformance(command::conformance::Args),
    /// Compare with other compressors: size, speed, memory
    #[command(short_flag = 'b')]
    Bench(bench::Args),
    /// Write a completion script for a shell
    Completions(command::completions::Args),
    /// Write the manual page (roff)
    Man(command::man::Args),
}

/// Options of compress and decompress: from where to where.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// Files to work on; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write to this file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write to standard output
    #[arg(short = 'c', long, conflicts_with = "output")]
    pub(crate) stdout: bool,
    /// Keep the sources (the default)
    #[arg(short, long, overrides_with = "rm")]
    pub(crate) keep: bool,
    /// Remove each source once its output is safely written
    #[arg(long, overrides_with = "keep")]
    pub(crate) rm: bool,
    /// Overwrite outputs, write compressed data to a terminal
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Work on all files in directories; symbolic links are skipped
    #[arg(short, long)]
    pub(crate) recursive: bool,
}

/// How to compress.
#[derive(Debug, Args)]
pub(crate) struct Coding {
    /// Profile to compress with; `umoec plugins` lists them
    #[arg(long, value_name = "NAME", default_value = crate::setup::DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// Profile file (TOML) to use instead
    #[arg(long, value_name = "FILE.toml", conflicts_with = "profile")]
    pub(crate) config: Option<PathBuf>,
    /// Predictor to use instead of the profile's; `umoec plugins` lists them
    #[arg(long, value_name = "NAME")]
    pub(crate) plugin: Option<String>,
    /// Adapter to use: one of `umoec plugins`, `auto` for the one that a sample of each block favours,
    /// `none` for plain bytes. `auto` chooses among this program's own; `auto,NAME` lets one of others join, which
    /// whoever decompresses needs then
    #[arg(long, value_name = "NAME")]
    pub(crate) adapter: Option<String>,
    /// What fixed-size records consist of: TOML or JSON with the fields' types (plugins/adapter-record/spec.md).
    /// Stands for --adapter record; with --adapter auto it has to win against the others
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Coder to use instead of the profile's
    #[arg(long, value_name = "NAME")]
    pub(crate) coder: Option<String>,
    /// Network that predicts beside the context mixer, or alone with --plugin tier1-onnx: a file,
    /// or a name or hash of `umoec model list`
    #[arg(long, value_name = "PATH|HASH|NAME")]
    pub(crate) model: Option<String>,
    /// Write the model into the file, so that decoding needs no other
    #[arg(long)]
    pub(crate) embed_model: bool,
    /// Bytes that are coded independently, such as 8M: smaller seeks faster, larger packs tighter
    #[arg(short = 'B', long, value_name = "SIZE", value_parser = size::parse_positive)]
    pub(crate) block_size: Option<u64>,
    /// Content check to store [default: crc32 below 1 MiB, blake3-128 from there on]
    #[arg(long, value_name = "KIND", value_parser = parse_check)]
    pub(crate) check: Option<CheckKind>,
    #[command(flatten)]
    pub(crate) memory: Memory,
}

/// A bound on memory.
#[derive(Debug, Args)]
pub(crate) struct Memory {
    /// Memory to use at most, such as 512M or 2G
    #[arg(short = 'M', long, value_name = "SIZE", value_parser = size::parse_positive)]
    pub(crate) memory: Option<u64>,
}

/// Compressed files to read.
#[derive(Debug, Args)]
pub(crate) struct Archives {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Read all .umc files in directories
    #[arg(short, long)]
    pub(crate) recursive: bool,
}

fn parse_backend(text: &str) -> Result<Choice, String> {
    match text {
        "auto" => Ok(Choice(None)),
        name => match name.parse() {
            Ok(backend) => Ok(Choice(Some(backend))),
            Err(names) => Err(format!("{names}, and auto")),
        },
    }
}

fn parse_check(text: &str) -> Result<CheckKind, String> {
    match text {
        "crc32" => Ok(CheckKind::Crc32),
        "blake3-128" => Ok(CheckKind::Blake3_128),
        "blake3-256" => Ok(CheckKind::Blake3_256),
        _ => Err("there are crc32, blake3-128 and blake3-256".into()),
    }
}
