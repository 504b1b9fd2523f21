//! Finding and loading the shared library of ONNX Runtime.
//!
//! Searched in this order; the first that exists is taken:
//!
//! 1. the file that `ORT_DYLIB_PATH` names; nothing else if it is set;
//! 2. the folder of the program, and `lib` beside that folder;
//! 3. `umoec/lib` in the user's data folder;
//! 4. where the system's loader looks.
//!
//! In a folder the library is called as the system has it (`libonnxruntime.so`,
//! `libonnxruntime.dylib`, `onnxruntime.dll`), or on Linux with a version behind it, as in the
//! Python package `onnxruntime`.

use std::env;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::ep::ExecutionProvider as _;
use umoec_exact::ExactError;

use super::super::{Backend, failed};

/// The variable that names the library's file.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// The oldest ONNX Runtime that has the interface used here: 1.22.
const OLDEST: u32 = 22;

const HOW: &str = "get ONNX Runtime 1.22 or newer (the Python package `onnxruntime` has it as \
                   onnxruntime/capi/libonnxruntime.so.*) and name its file in ORT_DYLIB_PATH, or \
                   use --backend tract";

/// A loaded ONNX Runtime.
pub struct Library {
    path: PathBuf,
    minor: u32,
    environment: Environment,
}

impl Library {
    /// Where it was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version, such as `1.31`.
    #[must_use]
    pub fn version(&self) -> String {
        format!("1.{}", self.minor)
    }

    /// What every session is made in.
    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether it was built with CUDA.
    ///
    /// # Errors
    /// [`ExactError::Backend`] where it was not.
    pub fn check_cuda(&self) -> Result<(), ExactError> {
        match ort::ep::CUDA::is_available() {
            Ok(true) => Ok(()),
            _ => Err(failed(
                Backend::OrtCuda,
                format!(
                    "{} has no CUDA: take that of the Python package `onnxruntime-gpu`",
                    self.path.display()
                ),
            )),
        }
    }
}

/// The process's ONNX Runtime: a process has one at most. A search that found none is repeated
/// when next asked.
static LIBRARY: OnceLock<Library> = OnceLock::new();

/// The process's ONNX Runtime, searched when first asked for.
///
/// # Errors
/// [`ExactError::Backend`] where there is none, or only one that is too old: what was found,
/// and how to get it.
pub fn library() -> Result<&'static Library, ExactError> {
    once(|| {
        let named = env::var_os(VARIABLE).filter(|value| !value.is_empty());
        named.map_or_else(search, PathBuf::from)
    })
}

/// As [`library`], of that file and without a search; whatever was loaded first stays.
///
/// # Errors
/// As `library`.
pub fn library_at(path: &Path) -> Result<&'static Library, ExactError> {
    once(|| path.to_owned())
}

/// The library, loaded from `path()` if none is.
fn once(path: impl FnOnce() -> PathBuf) -> Result<&'static Library, ExactError> {
    static LOADING: Mutex<()> = Mutex::new(());
    if let Some(library) = LIBRARY.get() {
        return Ok(library);
    }
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = LIBRARY.get() {
        return Ok(library);
    }
    let library = load(path())?;
    Ok(LIBRARY.get_or_init(|| library))
}

fn load(path: PathBuf) -> Result<Library, ExactError> {
    let minor = check(&path)?;
    let builder = ort::init_from(&path).map_err(|e| unusable(&path, e))?;
    let environment = builder.with_name("umoec").with_telemetry(false).build();
    Ok(Library {
        environment: environment.map_err(|e| unusable(&path, e))?,
        minor,
        path,
    })
}

/// The minor version of the library at `path`, if it can be used.
fn check(path: &Path) -> Result<u32, ExactError> {
    match ort::util::probe(path) {
        Some(minor) if minor >= OLDEST => Ok(minor),
        Some(minor) => Err(unusable(
            path,
            format!("it is ONNX Runtime 1.{minor}, which is too old"),
        )),
        // A bare name was for the system's loader to find.
        None if !path.is_absolute() && !path.exists() => Err(failed(
            Backend::Ort,
            format!("there is no {}: {HOW}", path.display()),
        )),
        None if !path.exists() => Err(unusable(path, "there is no such file")),
        None => Err(unusable(path, "it is not ONNX Runtime's library")),
    }
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> ExactError {
    failed(
        Backend::Ort,
        format!("cannot use {}: {reason}: {HOW}", path.display()),
    )
}

/// The file to load: one that exists, or the bare name for the system's loader.
fn search() -> PathBuf {
    let bare = format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}");
    let folders = folders();
    let found = folders.iter().find_map(|folder| within(folder, &bare));
    found.unwrap_or_else(|| PathBuf::from(bare))
}

fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let program = env::current_exe().ok();
    if let Some(folder) = program.as_deref().and_then(Path::parent) {
        folders.push(folder.to_owned());
        folders.extend(folder.parent().map(|above| above.join("lib")));
    }
    folders.extend(crate::folders::data().map(|data| data.join("lib")));
    folders
}

/// The library in that folder: with the bare name, or the last of those with a version behind it.
fn within(folder: &Path, bare: &str) -> Option<PathBuf> {
    let plain = folder.join(bare);
    if plain.is_file() {
        return Some(plain);
    }
    let versioned = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy());
        name.is_some_and(|name| name.starts_with(&format!("{bare}.")))
    };
    let entries = folder.read_dir().ok()?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(versioned).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(path: &Path) -> String {
        check(path).unwrap_err().to_string()
    }

    #[test]
    fn what_is_missing_or_no_library_is_said_with_the_way_to_get_one() {
        let folder = tempfile::tempdir().unwrap();
        let missing = reason(&folder.path().join("libonnxruntime.so"));
        assert!(missing.contains("no such file"), "{missing}");
        assert!(missing.contains("onnxruntime") && missing.contains("--backend tract"));
        let text = folder.path().join("text.so");
        std::fs::write(&text, "not a library").unwrap();
        assert!(reason(&text).contains("not ONNX Runtime's library"));
        assert!(reason(Path::new("libnothing-of-that-name.so")).contains("there is no"));
    }

    #[test]
    fn a_library_is_found_by_its_plain_or_its_versioned_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        assert_eq!(within(folder.path(), "libo.so"), None);
        for name in ["libo.so.1.22.0", "libo.so.1.31.1", "libother.so.9"] {
            std::fs::write(file(name), "").unwrap();
        }
        assert_eq!(
            within(folder.path(), "libo.so"),
            Some(file("libo.so.1.31.1"))
        );
        std::fs::write(file("libo.so"), "").unwrap();
        assert_eq!(within(folder.path(), "libo.so"), Some(file("libo.so")));
    }
}
