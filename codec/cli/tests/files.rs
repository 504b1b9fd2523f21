//! Which files appear, under which names, with which attributes.

mod common;

use std::fs;
use std::time::{Duration, SystemTime};

use common::{Place, text};

#[test]
fn a_file_goes_there_and_back_and_is_kept() {
    let place = Place::new();
    let input = text(300_000, 1);
    place.write("book.txt", &input);
    let ran = place
        .run(&["compress", "--profile", "turbo", "book.txt"])
        .ok();
    let line = ran.stderr();
    assert!(line.starts_with("book.txt: 300,000 -> "), "{line}");
    assert!(
        line.contains(" bpb, ") && line.ends_with(" MB/s)\n"),
        "{line}"
    );
    assert_eq!(place.names(), ["book.txt", "book.txt.umc"]);
    assert!(place.read("book.txt.umc").len() < 200_000);
    place
        .run(&["decompress", "-q", "book.txt.umc", "-o", "copy"])
        .ok();
    assert!(place.read("copy") == input);
    fs::remove_file(place.path("book.txt")).unwrap();
    place.run(&["-d", "book.txt.umc"]).ok();
    assert!(place.read("book.txt") == input);
}

#[test]
fn an_empty_file_and_one_byte() {
    let place = Place::new();
    for (name, bytes) in [("none", &b""[..]), ("one", b"x")] {
        let packed = place.compressed(name, bytes);
        place.run(&["test", "-q", packed.to_str().unwrap()]).ok();
        place
            .run(&["decompress", "-qf", &format!("{name}.umc")])
            .ok();
        assert_eq!(place.read(name), bytes);
    }
}

#[test]
fn the_output_does_not_depend_on_threads() {
    let place = Place::new();
    place.write("a", &text(700_000, 2));
    let run = |threads| {
        let args = [
            "compress",
            "-qc",
            "--profile",
            "turbo",
            "-B",
            "100K",
            "-T",
            threads,
            "a",
        ];
        place.run(&args).ok().stdout().to_vec()
    };
    assert!(run("1") == run("3"));
}

#[test]
fn mode_and_modification_time_are_kept() {
    let place = Place::new();
    let source = place.write("a", b"some text");
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789);
    let file = fs::File::options().write(true).open(&source).unwrap();
    file.set_modified(time).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&source, fs::Permissions::from_mode(0o640)).unwrap();
    }
    place.run(&["compress", "-q", "a"]).ok();
    fs::remove_file(&source).unwrap();
    place.run(&["decompress", "-q", "a.umc"]).ok();
    for name in ["a.umc", "a"] {
        let metadata = place.path(name).metadata().unwrap();
        assert_eq!(metadata.modified().unwrap(), time, "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(metadata.permissions().mode() & 0o777, 0o640, "{name}");
        }
    }
}

/// As any program would: the file is not private only because it was a temporary one.
#[cfg(unix)]
#[test]
fn an_output_from_a_pipe_has_the_usual_mode() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mode = |name: &str| place.path(name).metadata().unwrap().permissions().mode() & 0o777;
    place.write("plain", b"");
    place.pipe(&["compress", "-o", "packed"], b"some text").ok();
    assert_eq!(mode("packed"), mode("plain"));
}

#[test]
fn rm_removes_a_source_that_was_done_and_no_other() {
    let place = Place::new();
    place.write("a", &text(1000, 3));
    place.run(&["compress", "-q", "--rm", "a"]).ok();
    assert_eq!(place.names(), ["a.umc"]);
    place.run(&["decompress", "-q", "--rm", "a.umc"]).ok();
    assert_eq!(place.names(), ["a"]);
    // The last of --rm and --keep holds, and nothing is removed for standard output.
    place.run(&["compress", "-q", "--rm", "-k", "a"]).ok();
    place.run(&["compress", "-q", "--rm", "-c", "a"]).ok();
    assert_eq!(place.names(), ["a", "a.umc"]);
    place.write("bad.umc", b"UMC but not for long");
    place
        .run(&["decompress", "--rm", "bad.umc"])
        .fails(3, "bad.umc: ");
    assert_eq!(place.names(), ["a", "a.umc", "bad.umc"]);
}

#[test]
fn directories_are_walked_with_r() {
    let place = Place::new();
    for name in ["dir/b", "dir/deep/c", "dir/a"] {
        place.write(name, &text(2000, 4));
    }
    place.write("dir/old.umc", b"whatever");
    #[cfg(unix)]
    std::os::unix::fs::symlink("a", place.path("dir/link")).unwrap();
    let ran = place.run(&["compress", "-r", "-T2", "dir"]).ok();
    let said = ran.stderr();
    #[cfg(unix)]
    assert!(
        said.contains("dir/link: skipped, it is a symbolic link"),
        "{said}"
    );
    assert!(said.contains("dir/old.umc: skipped"), "{said}");
    // Messages come in the order of the files, whoever was done first.
    let at = |name: &str| said.find(&format!("{name}: 2,000 -> ")).unwrap();
    assert!(at("dir/a") < at("dir/b") && at("dir/b") < at("dir/deep/c"));
    for name in ["dir/a.umc", "dir/b.umc", "dir/deep/c.umc"] {
        assert!(place.names().contains(&name.to_string()), "{name}");
    }
    assert!(!place.names().contains(&"dir/link.umc".to_string()));

    fs::remove_file(place.path("dir/old.umc")).unwrap();
    place.run(&["test", "-r", "dir"]).ok();
    place.run(&["decompress", "-rfq", "dir"]).ok();
    assert_eq!(place.read("dir/deep/c"), text(2000, 4));
    place.run(&["compress", "-rfq", "dir"]).ok();
    assert!(place.names().contains(&"dir/a.umc.umc".to_string()));
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let place = Place::new();
    place.write("a", b"aaa");
    place.write("c", b"ccc");
    place
        .run(&["compress", "a", "missing", "c"])
        .fails(2, "missing: cannot read");
    assert_eq!(place.names(), ["a", "a.umc", "c", "c.umc"]);
}

/// Names are bytes, not text.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_text_is_no_problem() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(place.path("").join(name), text(100, 5)).unwrap();
    let output = place.command(&["compress"]).arg(name).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let packed = std::ffi::OsStr::from_bytes(b"caf\xe9.umc");
    assert!(place.path("").join(packed).exists());
}

#[cfg(unix)]
#[test]
fn a_link_that_is_overwritten_stays_a_link() {
    let place = Place::new();
    place.write("a", b"some text");
    place.write("real", b"old");
    std::os::unix::fs::symlink("real", place.path("link")).unwrap();
    place.run(&["compress", "-qf", "a", "-o", "link"]).ok();
    assert!(place.path("link").is_symlink());
    assert!(place.read("real").starts_with(b"UMC"));
}
