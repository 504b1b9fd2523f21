//! ONNX Runtime's shared library, fetched when a test first needs it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use crate::root;

/// The library's file. `tests/fetch_onnxruntime.py` puts it under `target/` once.
///
/// # Panics
/// Where there is no Python with pip, or the package cannot be downloaded.
#[must_use]
pub fn onnxruntime() -> PathBuf {
    static FETCHED: LazyLock<PathBuf> = LazyLock::new(fetch);
    FETCHED.clone()
}

fn fetch() -> PathBuf {
    let output = Command::new("python3")
        .arg("-B")
        .arg(root().join("tests/fetch_onnxruntime.py"))
        .arg(root().join("target/onnxruntime"))
        .output()
        .expect("python3 is needed to fetch ONNX Runtime");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}
