//! Plugins of others: builds `plugins/example-thirdparty` as an outsider would, once.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::root;

/// A folder for what is built here, beside the one of the program that runs.
#[must_use]
pub fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    // target/debug/deps/program
    let target = program.ancestors().nth(3).unwrap();
    target.join("third-party")
}

/// Runs a command of a build and shows what it says if it fails.
pub fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// cargo, with the network and the outer build's settings out of the way.
#[must_use]
pub fn cargo(folder: &Path, target: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .arg("--offline");
    command
}

/// Builds the Rust plugins; the folder with the libraries.
fn rust() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let (folder, target) = (root().join("plugins/example-thirdparty"), target());
        let mut command = cargo(&folder, &target);
        run(command.args(["build", "--locked", "--workspace", "--lib", "--examples"]));
        target.join("debug")
    })
}

/// The library of that package of the example's workspace, such as `example-hepmc`.
#[must_use]
pub fn rust_library(package: &str) -> PathBuf {
    let file = format!("{DLL_PREFIX}{}{DLL_SUFFIX}", package.replace('-', "_"));
    rust().join(file)
}

/// The library that panics in its self-test.
#[must_use]
pub fn always_panics() -> PathBuf {
    let file = format!("{DLL_PREFIX}always{DLL_SUFFIX}");
    rust().join("examples").join(file)
}

/// The library made of a C file of the example, such as `delta`, with that fault or 0.
#[must_use]
pub fn c_library(name: &str, fault: u32) -> PathBuf {
    // One compiler at a time: two tests may want the same library.
    static COMPILER: Mutex<()> = Mutex::new(());
    let _one = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = target().join("c");
    fs::create_dir_all(&folder).unwrap();
    let library = folder.join(format!("{DLL_PREFIX}{name}{fault}{DLL_SUFFIX}"));
    let fresh = folder.join(format!("{name}{fault}.{}", std::process::id()));
    let compiler = std::env::var_os("CC").unwrap_or_else(|| OsString::from("cc"));
    run(Command::new(compiler)
        .args([
            "-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC",
        ])
        .arg(format!("-DFAULT={fault}"))
        .arg("-I")
        .arg(root().join("codec/core/include"))
        .arg("-o")
        .arg(&fresh)
        .arg(root().join(format!("plugins/example-thirdparty/c/{name}.c"))));
    // A library that another process has loaded must not change under it.
    fs::rename(&fresh, &library).unwrap();
    library
}

/// A generator of numbers within 0..1, the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, of that width.
    fn spread(&mut self, width: f64) -> f64 {
        let sum: f64 = (0..6).map(|_| self.next()).sum();
        (sum - 3.0) * width
    }
}

/// A number as C's `%.*e` writes it.
fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap();
    format!("{mantissa}e{:+03}", exponent.parse::<i32>().unwrap())
}

/// Particles of simulated collisions in the text of HepMC 3.
#[must_use]
pub fn events(count: usize, seed: u64) -> Vec<u8> {
    let mut chance = Chance(seed | 1);
    let mut text = String::from("HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n");
    let kinds = [
        (211, 0.139_570_18),
        (22, 0.0),
        (321, 0.493_677),
        (-2212, 0.938_272),
    ];
    for event in 0..count {
        let particles = 20 + (chance.next() * 30.0) as usize;
        writeln!(text, "E {event} {} {particles}\nU GEV MM", particles / 3).unwrap();
        for number in 1..=particles {
            let [x, y, z] = [20.0, 20.0, 300.0].map(|width| chance.spread(width));
            let (kind, mass) = kinds[(chance.next() * 4.0) as usize];
            let energy = (x * x + y * y + z * z + mass * mass).sqrt();
            write!(text, "P {number} {} {kind}", number / 3).unwrap();
            for value in [x, y, z, energy, mass] {
                write!(text, " {}", scientific(value, 16)).unwrap();
            }
            writeln!(text, " 1").unwrap();
        }
    }
    text.push_str("HepMC::Asciiv3-END_EVENT_LISTING\n");
    text.into_bytes()
}
