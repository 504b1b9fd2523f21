//! `umoec man`: one page for all commands, written from the same definitions as the help.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// What the command takes: nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

const EXAMPLES: [(&str, &str); 6] = [
    ("umoec compress book.txt", "Writes book.txt.umc beside it."),
    (
        "umoec compress --profile turbo --rm -r logs/",
        "Replaces every file below logs/ by a compressed one.",
    ),
    (
        "tar c dir | umoec compress > dir.tar.umc",
        "Compresses a pipe.",
    ),
    (
        "umoec decompress book.txt.umc -o copy.txt",
        "Writes the content to copy.txt.",
    ),
    (
        "umoec cat big.bin.umc --offset 2G --length 1M",
        "Writes one MiB from the middle without decoding what comes before.",
    ),
    (
        "umoec bench *.csv --svg plot.svg",
        "Compares sizes and speeds with other compressors.",
    ),
];

/// Writes the page to standard output.
pub(crate) fn run(_: &Args) -> Outcome {
    let mut page = Vec::new();
    write(&mut page).map_err(|e| Failure::io("cannot write the page", &e))?;
    super::print(&page)
}

fn write(page: &mut Vec<u8>) -> io::Result<()> {
    let mut cli = Cli::command();
    cli.build();
    let man = Man::new(cli.clone()).manual("User Commands");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for command in cli.get_subcommands().filter(|c| c.get_name() != "help") {
        describe(&mut roff, command);
    }
    roff.control("SH", ["OPTIONS OF EVERY COMMAND"]);
    for option in cli.get_arguments() {
        describe_option(&mut roff, option);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in Exit::TABLE {
        roff.control("TP", []);
        roff.text([bold(exit.code().to_string())]);
        roff.text([roman(meaning)]);
    }
    roff.control("PP", []);
    roff.text([roman(
        "With several files the others are still worked on, and the first failure decides. \
         A reader of standard output that goes away is no failure.",
    )]);
    roff.control("SH", ["STANDARD OUTPUT"]);
    roff.text([roman(
        "What is written to standard output cannot be taken back: decompress -c and cat write each \
         block, its own CRC checked, before the check over the whole content is reached. The content is \
         right only if the exit status is 0.",
    )]);
    roff.control("SH", ["EXAMPLES"]);
    for (command, what) in EXAMPLES {
        roff.control("TP", []);
        roff.text([bold(command)]);
        roff.text([roman(what)]);
    }
    roff.control("SH", ["FILES"]);
    roff.text([roman(
        "Outputs are written as .umoec-*.tmp in the directory of the output and renamed when they are \
         whole, with the mode and the modification time of the source.",
    )]);
    roff.to_writer(page)
}

fn describe(roff: &mut Roff, command: &clap::Command) {
    let name = format!("umoec {}", command.get_name());
    roff.control("SS", [name.as_str()]);
    let about = command.get_long_about().or(command.get_about());
    roff.text([roman(format!(
        "{}.",
        about.map(ToString::to_string).unwrap_or_default()
    ))]);
    let mut other: Vec<String> = command
        .get_visible_aliases()
        .map(|alias| format!("umoec {alias}"))
        .collect();
    other.extend(
        command
            .get_short_flag()
            .map(|flag| format!("umoec -{flag}")),
    );
    if !other.is_empty() {
        roff.control("PP", []);
        roff.text([roman(format!("Also: {}.", other.join(", ")))]);
    }
    for option in command.get_arguments().filter(|a| !a.is_global_set()) {
        describe_option(roff, option);
    }
}

fn describe_option(roff: &mut Roff, option: &clap::Arg) {
    if ["help", "version"].contains(&option.get_id().as_str()) {
        return;
    }
    let mut line = Vec::new();
    if let Some(short) = option.get_short() {
        line.push(bold(format!("-{short}")));
    }
    if let Some(long) = option.get_long() {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.push(bold(format!("--{long}")));
    }
    if option.get_action().takes_values() {
        let names = option.get_value_names().unwrap_or_default();
        let name = names.first().map_or("VALUE", |n| n.as_str());
        if !line.is_empty() {
            line.push(roman(" "));
        }
        line.push(italic(name));
    }
    roff.control("TP", []);
    roff.text(line);
    let help = option
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    roff.text([roman(format!("{help}."))]);
}
