//! What compress, decompress and test share: which file becomes which, and the way of one file.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use umoec_codec::Error;

use crate::args::Files;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, shown};
use crate::files::{self, Wanted};
use crate::source::Input;
use crate::target::{Destination, Target};

/// One input and what becomes of it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) input: Input,
    pub(crate) destination: Destination,
    overwrite: bool,
    remove: bool,
}

/// Finds the jobs that the command line asks for; failures of single files are shown at once.
pub(crate) fn plan(
    args: &Files,
    console: &Console,
    wanted: Wanted,
    command: &str,
    output_name: fn(&Path) -> Outcome<PathBuf>,
) -> Outcome<Vec<Job>> {
    let found = files::find(&args.files, args.recursive, wanted, command)?;
    found.show(console);
    if args.output.is_some() && (found.inputs.len() > 1 || args.recursive) {
        return Err(Failure::usage(
            "-o names one output, but there are several files",
            "leave -o away, or write all to standard output with -c",
        ));
    }
    let mut jobs = Vec::new();
    for input in found.inputs {
        let name = input.name();
        match job(args, console, input, output_name) {
            Ok(job) => jobs.push(job),
            Err(failure) => console.fail(&failure.at(name)),
        }
    }
    Ok(jobs)
}

/// Refuses to write compressed data to a terminal, which it would confuse.
pub(crate) fn no_terminal(args: &Files, jobs: &[Job]) -> Outcome {
    let to_stdout = jobs.iter().any(|j| j.destination == Destination::Stdout);
    if to_stdout && !args.force && io::stdout().is_terminal() {
        return Err(Failure::usage(
            "compressed data is not written to a terminal",
            "name an output with -o FILE, or insist with -f",
        ));
    }
    Ok(())
}

fn job(
    args: &Files,
    console: &Console,
    input: Input,
    output_name: fn(&Path) -> Outcome<PathBuf>,
) -> Outcome<Job> {
    let destination = match (&args.output, &input.path) {
        (Some(o), _) if o != Path::new("-") => Destination::File(o.clone()),
        (None, Some(path)) if !args.stdout => {
            if input.regular().is_none() {
                return Err(Failure::usage(
                    "is not a regular file",
                    "to read it nevertheless, write to standard output with -c or to a file with -o",
                ));
            }
            Destination::File(output_name(path)?)
        }
        _ => Destination::Stdout,
    };
    let mut overwrite = args.force;
    if let Destination::File(path) = &destination {
        if same_file(path, &input) {
            return Err(Failure::usage(
                "is input and output at once",
                "name another output with -o FILE",
            ));
        }
        if path.is_dir() {
            let hint = "name a file in it with -o FILE";
            return Err(Failure::usage("is a directory", hint).at(shown(path)));
        }
        overwrite |= may_overwrite(path, args.force, console)?;
    }
    Ok(Job {
        remove: args.rm && matches!(destination, Destination::File(_)),
        input,
        destination,
        overwrite,
    })
}

fn same_file(output: &Path, input: &Input) -> bool {
    let Some(input) = &input.path else {
        return false;
    };
    match (input.canonicalize(), output.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn may_overwrite(path: &Path, force: bool, console: &Console) -> Outcome<bool> {
    // Devices and pipes are written to, not replaced.
    if force || !path.metadata().is_ok_and(|m| m.is_file()) {
        return Ok(force);
    }
    let refused =
        |hint| Failure::usage("exists already and was not overwritten", hint).at(shown(path));
    match console.confirm(&format!("{} exists already; overwrite it?", shown(path))) {
        Some(true) => Ok(true),
        Some(false) => Err(refused("")),
        None => Err(refused(
            "overwrite it with -f, or name another output with -o FILE",
        )),
    }
}

impl Job {
    /// A job whose output goes nowhere.
    pub(crate) fn dry(input: Input) -> Self {
        Self {
            input,
            destination: Destination::Nowhere,
            overwrite: false,
            remove: false,
        }
    }

    /// A job whose output goes to standard output.
    pub(crate) fn to_stdout(input: Input) -> Self {
        Self {
            destination: Destination::Stdout,
            ..Self::dry(input)
        }
    }

    /// Whether files before and after this one must wait for it.
    pub(crate) fn in_order(&self) -> bool {
        self.destination == Destination::Stdout
    }

    /// Opens the output.
    pub(crate) fn create(&self) -> Outcome<Target> {
        Target::create(&self.destination, self.overwrite, self.input.regular())
            .map_err(|e| self.write_failure(e))
    }

    /// Makes the output final and removes the source where that is asked for.
    pub(crate) fn commit(&self, target: Target) -> Outcome {
        target
            .commit(self.input.regular(), self.remove)
            .map_err(|e| self.write_failure(e))?;
        if let (true, Some(path)) = (self.remove, &self.input.path) {
            std::fs::remove_file(path)
                .map_err(|e| Failure::io("cannot remove the source", &e).at(shown(path)))?;
        }
        Ok(())
    }

    /// A failure of an operation that both codes and writes.
    pub(crate) fn write_failure(&self, error: io::Error) -> Failure {
        self.codec_failure(Error::from_io(error))
    }

    /// As [`write_failure`](Self::write_failure), for the codec's own error.
    pub(crate) fn codec_failure(&self, error: Error) -> Failure {
        let failure = Failure::codec("cannot write", error);
        match (&self.destination, failure.exit) {
            (Destination::File(path), Exit::Io) => failure.at(shown(path)),
            (Destination::Stdout, Exit::Io) => failure.at("stdout"),
            _ => failure.at(self.input.name()),
        }
    }

    /// A failure of an operation that both decodes and reads.
    pub(crate) fn read_failure(&self, error: io::Error) -> Failure {
        Failure::stream("cannot read", error).at(self.input.name())
    }
}

/// Copies all bytes, and tells failures to read from failures to write. Returns their number.
pub(crate) fn copy(from: &mut impl Read, to: &mut impl io::Write, job: &Job) -> Outcome<u64> {
    let mut buffer = vec![0; 256 << 10];
    let mut total = 0;
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(job.read_failure(e)),
        };
        to.write_all(&buffer[..n])
            .map_err(|e| job.write_failure(e))?;
        total += n as u64;
    }
}
