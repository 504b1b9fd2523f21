//! Which compressors are measured, and how each is called.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// A compressor on this machine.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    /// Its name in reports, with its settings.
    pub(super) name: String,
    /// The program; `None` if it is not installed.
    pub(super) program: Option<PathBuf>,
    pub(super) compress: Vec<String>,
    pub(super) decompress: Vec<String>,
    /// Whether it takes this kind of content, by its first bytes.
    pub(super) takes: fn(&[u8]) -> bool,
}

/// How a peer is called, in a directory that holds `in`. The compressed file is an argument that
/// begins with `packed`; without one it goes through standard output and standard input.
struct Recipe {
    key: &'static str,
    name: &'static str,
    programs: &'static [&'static str],
    compress: &'static [&'static str],
    decompress: &'static [&'static str],
    takes: fn(&[u8]) -> bool,
}

const ANY: fn(&[u8]) -> bool = |_| true;
const WAVE: fn(&[u8]) -> bool =
    |head| head.len() >= 12 && head.starts_with(b"RIFF") && &head[8..12] == b"WAVE";

/// The peers, with the strongest settings that people use. Each runs on one thread.
const RECIPES: [Recipe; 8] = [
    Recipe {
        key: "gzip",
        name: "gzip -9",
        programs: &["gzip"],
        compress: &["-9", "-c", "in"],
        decompress: &["-d", "-c"],
        takes: ANY,
    },
    Recipe {
        key: "xz",
        name: "xz -9e",
        programs: &["xz"],
        compress: &["-9e", "-T1", "-c", "in"],
        decompress: &["-d", "-T1", "-c"],
        takes: ANY,
    },
    Recipe {
        key: "zstd",
        name: "zstd -19 --long=27",
        programs: &["zstd"],
        compress: &["-19", "--long=27", "-T1", "-q", "-c", "in"],
        decompress: &["-d", "--long=27", "-q", "-c"],
        takes: ANY,
    },
    Recipe {
        key: "brotli",
        name: "brotli -11 -w 24",
        programs: &["brotli"],
        compress: &["-q", "11", "-w", "24", "-c", "in"],
        decompress: &["-d", "-c"],
        takes: ANY,
    },
    Recipe {
        key: "bzip3",
        name: "bzip3 -b 128",
        programs: &["bzip3"],
        compress: &["-e", "-b", "128", "-c", "in"],
        decompress: &["-d", "-c"],
        takes: ANY,
    },
    Recipe {
        key: "ppmd",
        name: "7z PPMd o16",
        programs: &["7z", "7zz", "7za"],
        compress: &[
            "a",
            "-t7z",
            "-m0=PPMd:o=16:mem=1g",
            "-mmt=1",
            "-bd",
            "-y",
            "packed.7z",
            "in",
        ],
        decompress: &["e", "-so", "-bd", "packed.7z"],
        takes: ANY,
    },
    Recipe {
        key: "zpaq",
        name: "zpaq -m5",
        programs: &["zpaq"],
        compress: &["add", "packed.zpaq", "in", "-m5", "-t1"],
        decompress: &["x", "packed.zpaq", "in", "-to", "out", "-t1", "-f"],
        takes: ANY,
    },
    Recipe {
        key: "flac",
        name: "flac --best",
        programs: &["flac"],
        compress: &["--best", "--totally-silent", "-c", "in"],
        decompress: &["-d", "--totally-silent", "-c", "-"],
        takes: WAVE,
    },
];

/// This program with those profiles, and the peers named.
pub(super) fn choose(profiles: &[String], peers: &[String], threads: usize) -> Outcome<Vec<Tool>> {
    let mut tools = Vec::new();
    let program =
        env::current_exe().map_err(|e| Failure::io("cannot find this program's own file", &e))?;
    for profile in profiles {
        umoec_builtin::profile(profile).map_err(|e| Failure::codec("cannot start", e))?;
        tools.push(own(profile, &program, threads));
    }
    let all = peers.iter().any(|p| p == "all");
    for name in peers {
        if !["all", "none"].contains(&name.as_str()) && RECIPES.iter().all(|r| r.key != name) {
            let known: Vec<_> = RECIPES.iter().map(|r| r.key).collect();
            return Err(Failure::usage(
                format!("no peer is called `{}`", name.escape_debug()),
                format!("there are: all, none, {}", known.join(", ")),
            ));
        }
    }
    for recipe in &RECIPES {
        if all || peers.iter().any(|p| p == recipe.key) {
            tools.push(peer(recipe));
        }
    }
    if tools.is_empty() {
        return Err(Failure::usage(
            "there is nothing to measure",
            "name a profile or a peer",
        ));
    }
    Ok(tools)
}

/// Whether a compressor of that name is this program.
pub(super) fn is_own(name: &str) -> bool {
    name.starts_with("umoec ")
}

fn own(profile: &str, program: &Path, threads: usize) -> Tool {
    let threads = threads.to_string();
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();

    Tool {
        name: format!("umoec {profile}"),
        program: Some(program.to_path_buf()),
        compress: words(&[
            "compress",
            "-q",
            "-c",
            "-T",
            &threads,
            "--profile",
            profile,
            "in",
        ]),
        decompress: words(&["decompress", "-q", "-c", "-T", &threads, "-"]),
        takes: ANY,
    }
}

fn peer(recipe: &Recipe) -> Tool {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    Tool {
        name: recipe.name.into(),
        program: recipe.programs.iter().find_map(|p| installed(p)),
        compress: words(recipe.compress),
        decompress: words(recipe.decompress),
        takes: recipe.takes,
    }
}

fn installed(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(&file))
        .find(|path| path.is_file())
}
