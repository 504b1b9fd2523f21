//! Standard input and output.

mod common;

use std::io::Read;
use std::process::Stdio;

use common::{Place, text};

#[test]
fn a_pipe_goes_through_and_back() {
    let place = Place::new();
    for len in [0, 1, 2, 200, 70_000] {
        let input = text(len, 1);
        let packed = place.pipe(&["compress", "--profile", "turbo"], &input).ok();
        let back = place.pipe(&["decompress"], packed.stdout()).ok();
        assert!(back.stdout() == input, "{len} bytes");
    }
    assert_eq!(place.names(), Vec::<String>::new());
}

#[test]
fn a_dash_is_standard_input_and_c_is_standard_output() {
    let place = Place::new();
    let input = text(5000, 2);
    place.write("file", &input);
    let packed = place.run(&["compress", "-c", "file"]).ok();
    let from_dash = place.pipe(&["compress", "-", "-o", "-"], &input).ok();
    assert!(!packed.stdout().is_empty());
    let back = place.pipe(&["decompress", "-"], from_dash.stdout()).ok();
    assert!(back.stdout() == input);
    assert_eq!(place.names(), ["file"]);
}

#[test]
fn a_redirected_file_is_read_as_a_pipe_is() {
    let place = Place::new();
    let input = text(5000, 8);
    place.compressed("file", &input);
    for (command, name) in [
        ("decompress", "file.umc"),
        ("cat", "file.umc"),
        ("compress", "file"),
    ] {
        let stdin = std::fs::File::open(place.path(name)).unwrap();
        let output = place.command(&[command]).stdin(stdin).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}");
        if command == "compress" {
            // The size is known, so the bytes are those of `umoec compress FILE`.
            let named = place.run(&["compress", "-c", "file"]).ok();
            assert!(output.stdout == named.stdout());
        } else {
            assert!(output.stdout == input, "{command}");
        }
    }
}

#[test]
fn short_flags_stand_for_commands_as_in_zstd() {
    let place = Place::new();
    let input = text(3000, 3);
    let packed = place.pipe(&["-z"], &input).ok();
    let back = place.pipe(&["-d", "-c"], packed.stdout()).ok();
    assert!(back.stdout() == input);
    place.pipe(&["-t"], packed.stdout()).ok();
    let packed = place.pipe(&["-zqqT1"], &input).ok();
    assert!(packed.stderr().is_empty());
}

#[test]
fn several_files_become_concatenated_members() {
    let place = Place::new();
    let (a, b) = (text(4000, 4), text(300, 5));
    place.write("a", &a);
    place.write("b", &b);
    let packed = place.run(&["compress", "-c", "a", "b"]).ok();
    let back = place.pipe(&["decompress"], packed.stdout()).ok();
    assert!(back.stdout() == [a, b].concat());
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let place = Place::new();
    place.compressed("file", &text(3_000_000, 6));
    let mut child = place
        .command(&["cat", "file.umc"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_reported() {
    let place = Place::new();
    place.compressed("file", &text(100_000, 7));
    for args in [["compress", "-c", "file"], ["decompress", "-c", "file.umc"]] {
        let output = place
            .command(&args)
            .stdout(common::full_device())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.starts_with("umoec: stdout: cannot write: "),
            "{stderr}"
        );
        assert!(stderr.contains("make room"), "{stderr}");
    }
    // A device named as output is written to, never replaced.
    let ran = place.run(&["decompress", "file.umc", "-o", "/dev/full"]);
    ran.fails(2, "/dev/full");
    assert_eq!(place.names(), ["file", "file.umc"]);
}

/// `script` gives the program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn compressed_data_is_not_written_to_a_terminal() {
    let place = Place::new();
    place.write("file", b"some text");
    let run = |command: &str| {
        let line = format!("{} {command}", env!("CARGO_BIN_EXE_umoec"));
        std::process::Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(place.path(""))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let refused = run("compress -c file");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(said.contains("not written to a terminal"), "{said}");
    let forced = run("compress -qcf file");
    assert_eq!(forced.status.code(), Some(0));
    assert!(forced.stdout.starts_with(b"UMC"));
}
