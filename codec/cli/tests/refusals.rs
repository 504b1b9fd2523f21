//! Wrong arguments and things that cannot be done: exit codes, messages, and nothing written.

mod common;

use common::{Place, text};

#[test]
fn wrong_arguments_are_usage_errors() {
    let place = Place::new();
    place.write("a", b"a");
    for args in [
        &["--nonsense"][..],
        &["nonsense"],
        &[],
        &["compress", "--threads", "many", "a"],
        &["compress", "--block-size", "8Q", "a"],
        &["compress", "--block-size", "0", "a"],
        &["compress", "-c", "-o", "b", "a"],
        &["compress", "--check", "md5", "a"],
        &["completions", "notashell"],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code(), Some(1), "{args:?}: {}", ran.stderr());
        assert!(!ran.stderr().is_empty());
    }
    assert_eq!(place.names(), ["a"]);
    assert_eq!(place.run(&["--help"]).code(), Some(0));
    assert_eq!(place.run(&["--version"]).code(), Some(0));
}

#[test]
fn an_unknown_name_lists_those_there_are() {
    let place = Place::new();
    place.write("a", b"a");
    let ran = place.run(&["compress", "--plugin", "oracle", "a"]);
    let said = ran.fails(1, "no predictor named `oracle`").stderr();
    assert!(
        said.contains("there are: ") && said.contains("order0"),
        "{said}"
    );
    let said = place
        .run(&["compress", "--profile", "best", "a"])
        .fails(1, "best")
        .stderr();
    assert!(
        said.contains("turbo") && said.contains("balanced"),
        "{said}"
    );
    let said = place
        .run(&["bench", "--peers", "arj", "a"])
        .fails(1, "`arj`")
        .stderr();
    assert!(said.contains("zpaq"), "{said}");
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn a_profile_file_that_is_wrong_is_a_usage_error() {
    let place = Place::new();
    place.write("a", b"a");
    place.write("wrong.toml", b"name = 'mine'\nspeed = 'high'\n");
    place
        .run(&["compress", "--config", "wrong.toml", "a"])
        .fails(1, "wrong.toml: ");
    place
        .run(&["compress", "--config", "none.toml", "a"])
        .fails(2, "none.toml: cannot read");
    assert_eq!(place.names(), ["a", "wrong.toml"]);
}

#[test]
fn an_output_that_exists_is_not_overwritten() {
    let place = Place::new();
    place.write("a", b"new content");
    place.write("a.umc", b"old");
    let ran = place.run(&["compress", "a"]);
    ran.fails(1, "a.umc: exists already").stderr();
    place
        .run(&["compress", "a", "-o", "a.umc"])
        .fails(1, "exists already");
    assert_eq!(place.read("a.umc"), b"old");
    place.run(&["compress", "-qf", "a"]).ok();
    assert!(place.read("a.umc").starts_with(b"UMC"));
    place.write("a", b"changed");
    place
        .run(&["decompress", "a.umc"])
        .fails(1, "a: exists already");
    assert_eq!(place.read("a"), b"changed");
    assert_eq!(place.names(), ["a", "a.umc"]);
}

#[test]
fn a_file_is_never_input_and_output_at_once() {
    let place = Place::new();
    place.write("a", b"some text");
    place
        .run(&["compress", "-f", "a", "-o", "./a"])
        .fails(1, "input and output at once");
    assert_eq!(place.read("a"), b"some text");
}

#[test]
fn directories_need_r() {
    let place = Place::new();
    place.write("dir/a", b"a");
    for command in ["compress", "decompress", "test", "list", "inspect", "cat"] {
        place.run(&[command, "dir"]).fails(1, "dir: is a directory");
    }
    place.write("a", b"a");
    place
        .run(&["compress", "a", "-o", "dir"])
        .fails(1, "dir: is a directory");
    assert_eq!(place.names(), ["a", "dir/a"]);
}

#[test]
fn what_is_not_there_is_an_io_error() {
    let place = Place::new();
    place.write("a", b"a");
    for command in [
        "compress",
        "decompress",
        "test",
        "list",
        "inspect",
        "cat",
        "bench",
    ] {
        place
            .run(&[command, "none"])
            .fails(2, "none: cannot read: No such file");
    }
    place
        .run(&["compress", "a", "-o", "none/b"])
        .fails(2, "none/b: cannot write");
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn names_must_fit() {
    let place = Place::new();
    place.compressed("a", b"some text");
    std::fs::rename(place.path("a.umc"), place.path("b")).unwrap();
    place
        .run(&["decompress", "b"])
        .fails(1, "b: its name does not end in .umc");
    place
        .run(&["compress", "a", "b", "-o", "c"])
        .fails(1, "-o names one output");
    assert_eq!(place.names(), ["a", "b"]);
    place.run(&["decompress", "-qc", "b"]).ok();
}

#[cfg(unix)]
#[test]
fn permissions_are_respected() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let source = place.write("a", b"secret");
    std::fs::set_permissions(&source, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&source).is_ok() {
        eprintln!("skipped: root may read everything");
        return;
    }
    place
        .run(&["compress", "a"])
        .fails(2, "a: cannot read: Permission denied");
    assert_eq!(place.names(), ["a"]);
}

/// A limit on file sizes behaves as a full disk does: a write fails half-way.
#[cfg(target_os = "linux")]
#[test]
fn a_write_that_fails_leaves_nothing_behind() {
    let place = Place::new();
    place.compressed("file", &text(2_000_000, 1));
    std::fs::remove_file(place.path("file")).unwrap();
    let line = format!("ulimit -f 64; {} -d file.umc", env!("CARGO_BIN_EXE_umoec"));
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("umoec: file: cannot write: "), "{said}");
    assert_eq!(place.names(), ["file.umc"]);
}
