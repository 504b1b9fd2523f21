//! Other compressors, as far as they are installed, to measure beside a model.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::error::TrainError;

/// A program that compresses standard input to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressor {
    /// Its name, which is that of the program.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
}

/// Those that results are compared with, each at its strongest usual setting.
pub const COMPRESSORS: [Compressor; 3] = [
    Compressor {
        name: "xz",
        arguments: &["-9e", "--stdout", "--threads=1"],
    },
    Compressor {
        name: "zstd",
        arguments: &["-19", "--stdout", "--quiet"],
    },
    Compressor {
        name: "brotli",
        arguments: &["-q", "11", "--lgwin=24", "--stdout"],
    },
];

impl Compressor {
    /// Whether the program is installed.
    pub fn is_here(self) -> bool {
        let run = Command::new(self.name)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        run.is_ok_and(|status| status.success())
    }

    /// Bytes that it makes of `bytes`.
    ///
    /// # Errors
    ///
    /// That it failed.
    pub fn size(self, bytes: &[u8]) -> Result<u64, TrainError> {
        let failed = |why: String| TrainError::Program(format!("{} failed: {why}", self.name));
        let io = |error: std::io::Error| failed(error.to_string());
        let mut child = Command::new(self.name)
            .args(self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(io)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (Some(mut stdin), Some(mut stdout)) = (stdin, stdout) else {
            return Err(failed("it has no pipes".to_owned()));
        };
        // Both ends at once: a full pipe would stop either side for good.
        let (written, read) = std::thread::scope(|scope| {
            let writer = scope.spawn(move || stdin.write_all(bytes));
            let mut out = Vec::new();
            let read = stdout.read_to_end(&mut out).map(|_| out.len() as u64);
            (writer.join(), read)
        });
        let status = child.wait().map_err(io)?;
        match written {
            Ok(Ok(())) if status.success() => read.map_err(io),
            Ok(Err(error)) => Err(io(error)),
            _ => Err(failed(status.to_string())),
        }
    }
}
