//! `umoec bench`: this program beside other compressors, each as its own process.

mod export;
mod measure;
mod page;
mod peers;
mod plot;
mod result;
mod sample;
mod table;

use std::path::{Path, PathBuf};

use crate::args::Global;
use crate::command::print;
use crate::console::{Console, Level};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, shown};
use crate::files::{self, Wanted};

use peers::Tool;
use result::{Bench, FileResult, State};

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to compress; without any, a generated sample
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take all files in directories
    #[arg(short, long)]
    recursive: bool,
    /// Profiles of this program to measure
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        default_value = "turbo,balanced"
    )]
    profile: Vec<String>,
    /// Other compressors to measure: all, none, or some of gzip, xz, zstd, brotli, bzip3, ppmd, zpaq, flac
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        default_value = "all"
    )]
    peers: Vec<String>,
    /// Measure so many times and keep the fastest
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Write the results as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the results as comma-separated values; `-` is standard output
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a plot of ratio against speed; `-` is standard output
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write a page with plot and tables; `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Measures every compressor on every file and reports.
pub(crate) fn run(args: &Args, global: &Global, console: &Console) -> Outcome {
    let tools = peers::choose(&args.profile, &args.peers, global.threads())?;
    let directory = measure::Workplace::new()?;
    let inputs = inputs(args, &directory, console)?;
    let mut bench = Bench::new(global.threads(), &tools);
    let to_stdout = [&args.json, &args.csv, &args.svg, &args.html]
        .into_iter()
        .flatten()
        .any(|path| path == Path::new("-"));
    let show = |text: &str| {
        if to_stdout {
            console.say(Level::Info, text.trim_end());
            Ok(())
        } else {
            print(text.as_bytes())
        }
    };
    show(&table::preamble(&bench))?;
    for (path, name) in &inputs {
        match measure_file(path, name, &tools, args.repeat, &directory, console) {
            Ok(result) => {
                show(&table::file(&result))?;
                bench.files.push(result);
            }
            Err(failure) => console.fail(&failure.at(name)),
        }
    }
    if bench.files.len() > 1 {
        show(&table::totals(&bench))?;
    }
    write(args.json.as_deref(), || export::json(&bench))?;
    write(args.csv.as_deref(), || Ok(export::csv(&bench).into_bytes()))?;
    write(args.svg.as_deref(), || Ok(plot::svg(&bench).into_bytes()))?;
    write(args.html.as_deref(), || Ok(page::html(&bench).into_bytes()))?;
    verdict(&bench)
}

/// Paths to measure and how they are called.
fn inputs(
    args: &Args,
    directory: &measure::Workplace,
    console: &Console,
) -> Outcome<Vec<(PathBuf, String)>> {
    if args.files.is_empty() {
        return Ok(vec![(directory.sample()?, "generated sample".into())]);
    }
    let found = files::find(&args.files, args.recursive, Wanted::All, "bench")?;
    found.show(console);
    let mut inputs = Vec::new();
    for input in found.inputs {
        match input.path.as_ref().filter(|_| input.regular().is_some()) {
            Some(path) => inputs.push((path.clone(), shown(path))),
            None => console.fail(
                &Failure::usage(
                    "is not a regular file",
                    "bench reads its inputs several times",
                )
                .at(input.name()),
            ),
        }
    }
    Ok(inputs)
}

fn measure_file(
    path: &Path,
    name: &str,
    tools: &[Tool],
    repeat: u32,
    directory: &measure::Workplace,
    console: &Console,
) -> Outcome<FileResult> {
    let bytes = directory.stage(path)?;
    let mut results = Vec::new();
    for tool in tools {
        let spinner = console.spinner(&format!("{name}: {}", tool.name));
        results.push((tool.name.clone(), measure::tool(tool, directory, repeat)));
        if let Some(spinner) = spinner {
            spinner.finish_and_clear();
        }
    }
    Ok(FileResult {
        name: name.into(),
        bytes,
        results,
    })
}

fn write(path: Option<&Path>, make: impl FnOnce() -> Outcome<Vec<u8>>) -> Outcome {
    match path {
        None => Ok(()),
        Some(path) if path == Path::new("-") => print(&make()?),
        Some(path) => std::fs::write(path, make()?)
            .map_err(|e| Failure::io("cannot write", &e).at(shown(path))),
    }
}

/// A peer's failure is its own; if this program fails on one of the files, so does the benchmark.
fn verdict(bench: &Bench) -> Outcome {
    for file in &bench.files {
        for (name, state) in &file.results {
            if let (true, State::Failed { why }) = (peers::is_own(name), state) {
                return Err(Failure {
                    exit: Exit::Integrity,
                    ..Failure::usage(format!("{name}: {why}"), "please report this")
                }
                .at(&file.name));
            }
        }
    }
    Ok(())
}
