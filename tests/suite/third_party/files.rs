//! Files that are refused before any of them runs.

use std::fs;
use std::path::{Path, PathBuf};

use umoec_tests::third_party::{c_library, run, target};

use super::refusal;

/// A folder of that name of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = target().join(format!("files-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn copy(library: &Path, folder: &Path) -> PathBuf {
    let copy = folder.join(library.file_name().unwrap());
    fs::copy(library, &copy).unwrap();
    copy
}

#[cfg(unix)]
#[test]
fn what_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let place = folder("modes");
    let library = copy(&c_library("delta", 0), &place);
    mode(&place, 0o755);
    mode(&library, 0o757);
    assert!(refusal(&library).contains("others may write to the file"));
    mode(&library, 0o755);
    mode(&place, 0o777);
    assert!(refusal(&library).contains("others may write to its folder"));
    // A link in a folder of one's own to such a file changes nothing.
    let own = folder("link");
    mode(&own, 0o755);
    let link = own.join("link.so");
    std::os::unix::fs::symlink(&library, &link).unwrap();
    assert!(refusal(&link).contains("others may write to its folder"));
    mode(&place, 0o755);
    umoec_codec::plugin::Registry::new()
        .add_library(&link)
        .unwrap();
    for place in [place, own] {
        fs::remove_dir_all(place).unwrap();
    }
}

#[test]
fn what_is_no_library_of_this_machine_is_refused() {
    let place = folder("machine");
    assert!(refusal(&place).contains("it is not a file"));
    assert!(refusal(&place.join("none.so")).contains("it cannot be read"));
    let text = place.join("text.so");
    fs::write(&text, "#!/bin/sh\necho no\n").unwrap();
    assert!(refusal(&text).contains("it is no dynamic library of any system"));
    let windows = place.join("windows.so");
    let mut image = vec![0u8; 512];
    image[..2].copy_from_slice(b"MZ");
    image[0x3c] = 128;
    image[132..134].copy_from_slice(&0x8664u16.to_le_bytes());
    fs::write(&windows, &image).unwrap();
    if !cfg!(windows) {
        assert!(refusal(&windows).contains("of another system (PE)"));
    }
    fs::remove_dir_all(place).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_of_another_processor_is_refused_by_its_name() {
    let place = folder("processor");
    let library = copy(&c_library("delta", 0), &place);
    let mut bytes = fs::read(&library).unwrap();
    let (number, name) = match std::env::consts::ARCH {
        "aarch64" => (62u8, "x86_64"),
        _ => (183, "aarch64"),
    };
    bytes[18] = number;
    fs::remove_file(&library).unwrap();
    fs::write(&library, bytes).unwrap();
    let reason = refusal(&library);
    assert!(
        reason.contains(&format!("it is built for {name}")),
        "{reason}"
    );
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn a_library_that_is_no_plugin_is_refused() {
    let place = folder("other");
    let (source, library) = (place.join("other.c"), place.join("other.so"));
    fs::write(&source, "int umoec(void) { return 1; }\n").unwrap();
    let mut compiler = std::process::Command::new("cc");
    run(compiler
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source));
    assert!(refusal(&library).contains("it has no symbol `umoec_plugins_v1`"));
    fs::remove_dir_all(place).unwrap();
}
