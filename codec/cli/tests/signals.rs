//! Interrupted runs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use common::{Place, text};

/// Waits until the child has begun to write, or `None` if it ended before.
fn wait_for_temporary(place: &Place, child: &mut Child) {
    let started = Instant::now();
    while !place.names().iter().any(|n| n.starts_with(".umoec-")) {
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "it ended before it could be interrupted"
        );
        assert!(started.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Children begin with the default action of each signal, even where whoever runs the tests
/// ignores it, as a shell does for what it starts in the background: an ignored signal is
/// inherited, a handled one is not.
fn listen_to_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let always = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_default(signal, always).unwrap();
    }
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(status.unwrap().success());
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    listen_to_signals();
    let place = Place::new();
    place.write("big", &text(40 << 20, 1));
    for signal in ["INT", "TERM", "HUP"] {
        let mut child = place
            .command(&["compress", "--rm", "big"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for_temporary(&place, &mut child);
        send(signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert_eq!(place.names(), ["big"], "{signal}");
    }
}

#[test]
fn an_ignored_hangup_stays_ignored() {
    let place = Place::new();
    place.write("a", &text(3 << 20, 2));
    let line = format!(
        "trap '' HUP; exec {} compress -q --profile turbo a",
        env!("CARGO_BIN_EXE_umoec")
    );
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .current_dir(place.path(""))
        .spawn()
        .unwrap();
    wait_for_temporary(&place, &mut child);
    send("HUP", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(place.names(), ["a", "a.umc"]);
}

#[test]
fn an_interrupted_benchmark_removes_its_directory() {
    listen_to_signals();
    let place = Place::new();
    place.write("big", &text(40 << 20, 3));
    std::fs::create_dir(place.path("tmp")).unwrap();
    let mut child = place
        .command(&["bench", "--peers", "none", "--profile", "turbo", "big"])
        .env("TMPDIR", place.path("tmp"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !place.names().iter().any(|n| n.ends_with("/packed")) {
        assert_eq!(child.try_wait().unwrap(), None);
        assert!(started.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    send("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.names(), ["big"]);
}
