//! Plugins in libraries: where they are looked for, and what happens without them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Place, Ran, text};
use umoec_tests::third_party::{c_library, cargo, events, run, rust_library, target};

/// A run in which the user's data folder is `home` of the place.
fn at_home(place: &Place, args: &[&str], path: Option<&Path>) -> Ran {
    let mut command = place.command(args);
    command.env("XDG_DATA_HOME", place.path("home"));
    command.env("APPDATA", place.path("home"));
    if let Some(path) = path {
        command.env("UMOEC_PLUGIN_PATH", path);
    }
    Ran(command.output().unwrap())
}

/// Copies a library to where nobody else may write.
fn install(library: &Path, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let copy = folder.join(library.file_name().unwrap());
    fs::copy(library, &copy).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(copy, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_file_made_with_a_library_needs_it_and_says_so() {
    let place = Place::new();
    place.write("a", &text(50_000, 1));
    let (delta, pairs) = (c_library("delta", 0), c_library("pairs", 0));
    let (delta, pairs) = (delta.to_str().unwrap(), pairs.to_str().unwrap());
    let libraries = ["--plugin-lib", delta, "--plugin-lib", pairs];
    let compress = [
        "compress",
        "-q",
        "--adapter",
        "example-delta",
        "--plugin",
        "example-pairs",
        "a",
    ];
    place.run(&[&compress[..], &libraries].concat()).ok();
    for command in ["decompress", "test", "cat"] {
        let args: &[&str] = match command {
            "decompress" => &["decompress", "-f", "a.umc"],
            other => &[other, "a.umc"],
        };
        let said = place
            .run(args)
            .fails(5, "adapter plugin `example-delta`")
            .stderr();
        for part in [
            "org.example.delta",
            "id 0x1c74af3dbce919",
            "stream version 1",
            "get it from https://example.org/umoec-delta",
            "--plugin-lib",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let shown = place.run(&["inspect", "a.umc"]).ok().text();
    for part in [
        "needs        adapter example-delta v1",
        "plugin       example-pairs",
        "identity     org.example.pairs, stream version 1",
        "get it from  https://example.org/umoec-pairs",
        "predictor example-pairs v1",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json = place.run(&["inspect", "--json", "a.umc"]).ok().text();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["members"][0]["notes"][0]["identity"],
        "org.example.delta"
    );
    place.run(&["list", "a.umc"]).ok();
    let back = place
        .run(&[&["cat", "a.umc"][..], &libraries].concat())
        .ok();
    assert_eq!(back.stdout(), place.read("a"));
    place
        .run(&[&["test", "-q", "a.umc"][..], &libraries].concat())
        .ok();
}

#[test]
fn an_adapter_of_others_joins_the_choice_where_it_is_let_in() {
    let place = Place::new();
    let content = [text(40_000, 1), events(60, 3), text(40_000, 2)].concat();
    place.write("a", &content);
    let hepmc = rust_library("example-hepmc");
    let library = ["--plugin-lib", hepmc.to_str().unwrap()];
    let size = |adapter: &[&str]| {
        let args = [&["compress", "-q", "-f", "a"], adapter, &library].concat();
        place.run(&args).ok();
        let back = place.run(&[&["cat", "a.umc"][..], &library].concat()).ok();
        assert_eq!(back.stdout(), content);
        place.read("a.umc").len()
    };
    let (without, with) = (size(&[]), size(&["--adapter", "auto,hepmc"]));
    assert!(with * 10 < without * 9, "{with} with it, {without} without");
    let shown = place
        .run(&[&["inspect", "a.umc"][..], &library].concat())
        .ok()
        .text();
    assert!(shown.contains("doubles with 16 digits"), "{shown}");
    place
        .run(&["decompress", "-f", "a.umc"])
        .fails(5, "adapter plugin `hepmc`");
    place
        .run(&["compress", "-f", "--adapter", "auto,hepmc", "a"])
        .fails(1, "hepmc");
    let args = ["compress", "-f", "--adapter", "hepmc,auto", "a"];
    place
        .run(&[&args[..], &library].concat())
        .fails(1, "others only after `auto`");
}

#[test]
fn a_library_that_is_named_and_refused_is_a_failure() {
    let place = Place::new();
    place.write("a", b"a");
    place.write("no.so", b"no library");
    let said = place
        .run(&["compress", "--plugin-lib", "no.so", "a"])
        .fails(7, "no.so: refused: it is no dynamic library")
        .stderr();
    assert!(said.contains("hint: "), "{said}");
    let broken = c_library("broken", 2);
    let args = ["compress", "--plugin-lib", broken.to_str().unwrap(), "a"];
    place.run(&args).fails(7, "version 2.1 of the interface");
    assert_eq!(place.names(), ["a", "no.so"]);
}

#[test]
fn libraries_are_found_in_named_folders_and_in_the_users_own() {
    let place = Place::new();
    install(&c_library("delta", 0), &place.path("home/umoec/plugins"));
    install(&c_library("pairs", 0), &place.path("named"));
    let list = at_home(&place, &["plugins"], Some(&place.path("named")))
        .ok()
        .text();
    for (name, folder) in [
        ("example-delta", "home/umoec/plugins"),
        ("example-pairs", "named"),
    ] {
        let line = list.lines().find(|line| line.contains(name)).unwrap();
        let folder = fs::canonicalize(place.path(folder)).unwrap();
        assert!(line.contains(folder.to_str().unwrap()), "{line}");
    }
    let list = at_home(&place, &["plugins"], None).ok().text();
    assert!(list.contains("example-delta") && !list.contains("example-pairs"));
}

#[test]
fn nothing_is_loaded_from_the_working_folder() {
    let place = Place::new();
    install(&c_library("delta", 0), &place.path(""));
    install(&c_library("delta", 0), &place.path("plugins"));
    let ran = at_home(&place, &["plugins"], None).ok();
    assert!(!ran.text().contains("example-delta"));
    // Empty entries mean the working folder elsewhere; relative ones would be within it.
    let ran = at_home(&place, &["plugins"], Some(Path::new(":plugins:."))).ok();
    assert!(!ran.text().contains("example-delta"));
    let said = ran.stderr();
    assert!(
        said.contains("plugins: is left out of UMOEC_PLUGIN_PATH"),
        "{said}"
    );
}

#[test]
fn a_library_that_is_found_and_refused_is_left_out_with_a_notice() {
    let place = Place::new();
    place.write("a", &text(1000, 1));
    let folder = place.path("home/umoec/plugins");
    install(&c_library("broken", 1), &folder);
    install(&c_library("delta", 0), &folder);
    install(&c_library("delta", 1), &folder);
    let ran = at_home(&place, &["compress", "a"], None).ok();
    let said = ran.stderr();
    assert!(said.contains("refused: its table begins with"), "{said}");
    assert!(said.contains("two plugins claim one identity"), "{said}");
    assert!(said.contains("it is left out"), "{said}");
    let ran = at_home(&place, &["compress", "-qf", "a"], None).ok();
    assert_eq!(ran.stderr(), "");
    assert!(
        at_home(&place, &["plugins"], None)
            .ok()
            .text()
            .contains("example-delta")
    );
}

#[test]
fn names_of_all_kinds_are_checked() {
    let place = Place::new();
    place.write("a", b"a");
    for (option, kind) in [
        ("--adapter", "adapter"),
        ("--plugin", "predictor"),
        ("--coder", "coder"),
    ] {
        let says = format!("no {kind} named `oracle`");
        place
            .run(&["compress", option, "oracle", "a"])
            .fails(1, &says);
    }
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn ids_and_the_header_are_printed() {
    let place = Place::new();
    let id = place
        .run(&["plugin", "id", "--kind", "adapter", "org.example.delta"])
        .ok();
    assert_eq!(id.text(), "0x1c74af3dbce919\n");
    place
        .run(&["plugin", "id", "--kind", "coder", "delta"])
        .fails(1, "`delta` is no identity");
    let header = place.run(&["plugin", "header"]).ok().text();
    assert!(header.contains("umoec_plugins_v1"));
}

#[test]
fn a_new_project_builds_and_passes_its_test() {
    let place = Place::new();
    let root = umoec_tests::root();
    let codec = root.join("codec/core");
    for kind in ["adapter", "predictor", "coder"] {
        let name = format!("new-{kind}");
        let args = [
            "plugin",
            "new",
            &name,
            "--kind",
            kind,
            "--codec",
            codec.to_str().unwrap(),
        ];
        place.run(&args).ok();
        let folder = place.path(&name);
        // The versions that this repository has here already.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        run(cargo(&folder, &target().join("template")).args(["test", "-q"]));
        place.run(&args).fails(2, "cannot make the folder");
    }
    place
        .run(&["plugin", "new", "New", "--kind", "coder"])
        .fails(1, "cannot be a plugin's name");
    let made = place
        .run(&["plugin", "new", "plain", "--kind", "coder"])
        .ok();
    assert!(made.text().contains("example.invalid.plain"));
    let manifest = String::from_utf8(place.read("plain/Cargo.toml")).unwrap();
    assert!(
        manifest.contains("umoec-codec = { version = "),
        "{manifest}"
    );
    let library = target().join("template/debug/deps").join(format!(
        "{}new_adapter{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    let mut plugins = Command::new(env!("CARGO_BIN_EXE_umoec"));
    let output = plugins
        .arg("plugins")
        .arg("--plugin-lib")
        .arg(library)
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("new-adapter"),
        "{output:?}"
    );
}
