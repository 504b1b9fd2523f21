//! What the tests of the command line share.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(missing_docs, unreachable_pub, reason = "nobody else sees it")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub fn umoec() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_umoec"));
    command.stdin(Stdio::null()).env_remove("COLUMNS");
    // Plugins of whoever runs the tests are none of theirs.
    command.env_remove("UMOEC_PLUGIN_PATH");
    command
}

/// A directory to work in.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Every file, sorted; what is left behind shows here.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(self.0.path(), self.0.path(), &mut names);
        names.sort();
        names
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = umoec();
        command.current_dir(self.0.path()).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran(self.command(args).output().unwrap())
    }

    pub fn pipe(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // The child may refuse its arguments and never read.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran(output)
    }

    /// Writes `bytes` as `name` and compresses it to `name.umc` with the fast profile.
    pub fn compressed(&self, name: &str, bytes: &[u8]) -> PathBuf {
        self.write(name, bytes);
        self.run(&["compress", "-q", "--profile", "turbo", name])
            .ok();
        self.path(&format!("{name}.umc"))
    }
}

fn collect(root: &Path, directory: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            collect(root, &path, names);
        } else {
            let name = path.strip_prefix(root).unwrap();
            names.push(name.to_str().unwrap().into());
        }
    }
}

/// A finished run.
pub struct Ran(pub Output);

impl Ran {
    pub fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub fn stdout(&self) -> &[u8] {
        &self.0.stdout
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code(), Some(0), "{}", self.stderr());
        self
    }

    /// Failed with that code, and says so in one line that begins as all do.
    #[track_caller]
    pub fn fails(self, code: i32, says: &str) -> Self {
        let stderr = self.stderr();
        assert_eq!(self.code(), Some(code), "{stderr}");
        assert!(stderr.contains(says), "{stderr}");
        assert!(stderr.starts_with("umoec: "), "{stderr}");
        self
    }
}

/// Text that compresses, of exactly `len` bytes, different for each seed.
pub fn text(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(len + 16);
    while out.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let words = [
            "the ",
            "prediction ",
            "of ",
            "a ",
            "byte ",
            "is ",
            "worth ",
            "its ",
            "bits\n",
        ];
        out.extend(words[(state >> 40) as usize % words.len()].bytes());
        if state >> 60 == 0 {
            out.extend((state >> 20 & 0xfff).to_string().bytes());
        }
    }
    out.truncate(len);
    out
}

/// A file that is always full, where the system has one.
pub fn full_device() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}
