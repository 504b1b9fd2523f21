//! One compressor on one file: time, size, peak memory, and whether the file came back.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;
use wait4::Wait4;

use super::peers::Tool;
use super::result::{Figures, State};
use super::sample;
use crate::cleanup;
use crate::failure::{Failure, Outcome};

/// A directory of our own, where compressors find the file as `in`.
pub(super) struct Workplace(TempDir);

impl Workplace {
    /// An empty one, removed when dropped or when the program is interrupted.
    pub(super) fn new() -> Outcome<Self> {
        let mut guard = cleanup::lock();
        let directory = tempfile::Builder::new()
            .prefix("umoec-bench-")
            .tempdir()
            .map_err(|e| Failure::io("cannot make a temporary directory", &e))?;
        guard.add(directory.path());
        Ok(Self(directory))
    }

    /// Puts the file to measure in place; returns its size.
    pub(super) fn stage(&self, path: &Path) -> Outcome<u64> {
        fs::copy(path, self.path("in")).map_err(|e| Failure::io("cannot read", &e))
    }

    /// Generates a file to measure; returns its path.
    pub(super) fn sample(&self) -> Outcome<PathBuf> {
        let path = self.path("sample");
        fs::write(&path, sample::generate())
            .map_err(|e| Failure::io("cannot write the sample", &e))?;
        Ok(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let mut guard = cleanup::lock();
        // If it cannot be removed the system's own cleaning will get it.
        let _ = fs::remove_dir_all(self.0.path());
        guard.forget(self.0.path());
    }
}

/// What one process took.
struct Run {
    seconds: f64,
    /// Peak resident memory in bytes. The system counts from this program's own size on, a
    /// few MiB, since that is where the process was born.
    memory: u64,
}

/// Measures a compressor on the staged file, `repeat` times, and keeps the fastest of each.
pub(super) fn tool(tool: &Tool, workplace: &Workplace, repeat: u32) -> State {
    let Some(program) = &tool.program else {
        return State::Missing;
    };
    let head = head(&workplace.path("in")).unwrap_or_default();
    if !(tool.takes)(&head) {
        return State::NotApplicable;
    }
    let mut best: Option<Figures> = None;
    for _ in 0..repeat {
        match round_trip(tool, program, workplace) {
            Ok(figures) => best = Some(best.map_or(figures, |b| b.best_of(figures))),
            Err(why) => return State::Failed { why },
        }
    }
    best.map_or(State::Missing, State::Done)
}

fn round_trip(tool: &Tool, program: &Path, workplace: &Workplace) -> Result<Figures, String> {
    // 7z and zpaq go by the suffix and add to a file that is there already.
    for name in ["packed", "packed.7z", "packed.zpaq", "out"] {
        let _ = fs::remove_file(workplace.path(name));
    }
    let compress = run(program, &tool.compress, workplace, None, "packed")?;
    let packed = ["packed.7z", "packed.zpaq", "packed"]
        .into_iter()
        .map(|name| workplace.path(name))
        .find(|path| path.is_file())
        .ok_or("no compressed file was written")?;
    let size = packed.metadata().map_err(|e| e.to_string())?.len();
    let decompress = run(program, &tool.decompress, workplace, Some(&packed), "out")?;
    let same = hash(&workplace.path("out")).and_then(|out| Ok(out == hash(&workplace.path("in"))?));
    if !same.map_err(|e| format!("no decompressed file: {e}"))? {
        return Err("what was decompressed differs from the input".into());
    }
    Ok(Figures {
        packed: size,
        compress_seconds: compress.seconds,
        decompress_seconds: decompress.seconds,
        compress_memory: compress.memory,
        decompress_memory: decompress.memory,
    })
}

/// Runs a program; unless it writes the file `output` itself, that is its standard output.
fn run(
    program: &Path,
    arguments: &[String],
    workplace: &Workplace,
    input: Option<&Path>,
    output: &str,
) -> Result<Run, String> {
    let names_files = arguments.iter().any(|a| a.starts_with("packed"));
    let log = workplace.path("log");
    let started = (|| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(workplace.0.path());
        command.stderr(File::create(&log)?).stdin(Stdio::null());
        if let (Some(input), false) = (input, names_files) {
            command.stdin(File::open(input)?);
        }
        let writes_itself = arguments.iter().any(|a| a.starts_with(output));
        command.stdout(if writes_itself {
            Stdio::null()
        } else {
            File::create(workplace.path(output))?.into()
        });
        let clock = Instant::now();
        let mut child = command.spawn()?;
        let ended = child.wait4()?;
        Ok::<_, io::Error>((ended, clock.elapsed().as_secs_f64()))
    })();
    let (ended, seconds) = started.map_err(|e| format!("cannot be run: {e}"))?;
    if !ended.status.success() {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let first = said.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        return Err(format!("{}: {}", ended.status, first.trim()));
    }
    Ok(Run {
        seconds,
        memory: ended.rusage.maxrss,
    })
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut head)?;
    Ok(head)
}

/// Streamed, so that this program stays small beside those it measures.
fn hash(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize())
}
