//! `umoec explain`: a page that shows where the bits of a file go.
//!
//! * `account`: what the decoder's ledger says, summed up. `shown`: bytes as text that a browser shows.
//! * `page`: the page. `tables`: what it says of regions, kinds of byte and parts of the predictors.

mod account;
mod page;
mod shown;
mod tables;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use umoec_codec::container::MAGIC;
use umoec_codec::pipeline::{Contests, Costs, DecodeOptions, compress, decompress};

use crate::args::{Coding, Global};
use crate::command::print;
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::jobs::Share;
use crate::source::Input;
use crate::target::{Destination, Target};
use crate::{files, setup, size};

use account::Account;

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File to explain, compressed or not; what is not is compressed first. `-` is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write the page to this file; `-` is standard output
    #[arg(short, long, value_name = "FILE.html", default_value = "-")]
    output: PathBuf,
    /// Overwrite the page
    #[arg(short, long)]
    force: bool,
    /// Show the content from this byte on, such as 1500 or 2M
    #[arg(long, value_name = "SIZE", value_parser = size::parse, default_value = "0")]
    offset: u64,
    /// Show this many bytes of the content at most
    #[arg(long, value_name = "SIZE", value_parser = size::parse, default_value = "64K")]
    length: u64,
    /// Do not code the streams again to see what each part of their predictors is worth: that takes several times
    /// as long as the rest
    #[arg(long)]
    no_variants: bool,
    #[command(flatten)]
    coding: Coding,
}

/// Bytes of content that are explained at most: each takes 13 bytes of memory beside itself, and 4 for each variant of its
/// predictor and 8 for all of them.
const MOST: u64 = 64 << 20;

/// Decodes the file with an eye on each decision, and writes the page.
pub(crate) fn run(args: &Args, global: &Global, console: &Console) -> Outcome {
    let (registry, profile) = setup::compression(&args.coding)?;
    let names: Vec<PathBuf> = args.file.iter().cloned().collect();
    let found = files::find(&names, false, files::Wanted::All, "explain")?;
    found.show(console);
    let Some(input) = found.inputs.into_iter().next() else {
        return Ok(());
    };
    let name = input.name();
    let bytes = read(&input)?;
    let contests = Contests::default();
    let compressed = if bytes.starts_with(&MAGIC) {
        bytes
    } else {
        let counter = Default::default();
        let size = Some(bytes.len() as u64);
        let mut options = setup::encode_options(
            &args.coding,
            &profile,
            &Share::all(global.threads()),
            size,
            counter,
        );
        options.contests = Some(contests.clone());
        compress(&bytes, &registry, &options)
            .map_err(|e| Failure::codec("cannot compress", e).at(&name))?
    };
    let costs = match args.no_variants {
        true => Costs::default(),
        false => Costs::with_variants(),
    };
    let options = DecodeOptions {
        costs: Some(costs.clone()),
        output_limit: MOST,
        ..setup::decode_options(
            &args.coding.memory,
            &Share::all(global.threads()),
            Default::default(),
        )
    };
    let content = decompress(&compressed, &registry, &options)
        .map_err(|e| Failure::codec("cannot read", e).at(&name))?;
    let account = Account::new(costs.take(), &content, compressed.len() as u64);
    let from = args.offset.min(content.len() as u64);
    let to = from.saturating_add(args.length).min(content.len() as u64);
    let page = page::html(&page::Subject {
        name: &name,
        content: &content,
        account: &account,
        contests: &contests.take(),
        window: from as usize..to as usize,
        registry: &registry,
    });
    write(&args.output, args.force, page.as_bytes())
}

fn read(input: &Input) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let reader = input.open()?.reader;
    reader
        .take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Failure::io("cannot read", &e).at(input.name()))?;
    if bytes.len() as u64 > MOST {
        let limit = size::binary(MOST);
        return Err(Failure::usage(
            format!("is too large to be explained: more than {limit}"),
            "cut a part out, with `umoec cat --offset --length` or `head -c`",
        )
        .at(input.name()));
    }
    Ok(bytes)
}

fn write(path: &Path, force: bool, page: &[u8]) -> Outcome {
    if path == Path::new("-") {
        return print(page);
    }
    let failed =
        |e: std::io::Error| Failure::io("cannot write", &e).at(crate::failure::shown(path));
    let destination = Destination::File(path.to_owned());
    let mut target = Target::create(&destination, force, None).map_err(failed)?;
    std::io::Write::write_all(&mut target, page).map_err(failed)?;
    target.commit(None, false).map_err(failed)
}
