//! The command line of umoec.

mod args;
mod bench;
mod cleanup;
mod command;
mod console;
mod exit;
mod explain;
mod failure;
mod files;
mod gate;
mod jobs;
mod ledger;
mod libraries;
mod progress;
mod schema;
mod setup;
mod size;
mod source;
mod target;
mod transcode;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use console::Console;
use exit::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are no errors; where they cannot be printed nobody reads them.
            let _ = e.print();
            let exit = if e.use_stderr() {
                Exit::Usage
            } else {
                Exit::Ok
            };
            return exit.into();
        }
    };
    cleanup::install();
    let global = &cli.global;
    let console = Console::new(global.quiet, global.verbose, global.no_progress);
    libraries::choose(&global.plugin_lib, &console);
    umoec_predictor_onnx::choose_backend(global.backend());
    let outcome = match &cli.command {
        Command::Compress(args) => command::compress::run(args, global, &console),
        Command::Decompress(args) => command::decompress::run(args, global, &console),
        Command::Test(args) => command::test::run(args, global, &console),
        Command::List(args) => command::list::run(args, &console),
        Command::Cat(args) => command::cat::run(args, global, &console),
        Command::Inspect(args) => command::inspect::run(args, global, &console),
        Command::Explain(args) => explain::run(args, global, &console),
        Command::Plugins(args) => command::plugins::run(args),
        Command::Plugin(command) => command::plugin::run(command),
        Command::Model(command) => command::model::run(command, global),
        Command::Train(args) => command::trainer::run("train", args),
        Command::Eval(args) => command::trainer::run("eval", args),
        Command::Export(args) => command::trainer::run("export", args),
        Command::Generate(args) => command::trainer::run("generate", args),
        Command::Conformance(args) => command::conformance::run(args, global),
        Command::Bench(args) => bench::run(args, global, &console),
        Command::Completions(args) => command::completions::run(args),
        Command::Man(args) => command::man::run(args),
    };
    if let Err(failure) = outcome {
        console.fail(&failure);
    }
    console.exit().into()
}
