//! Models and backends on the command line.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Place, Ran, text};
use umoec_codec::plugin::hex;
use umoec_predictor_onnx::sample::{Size, sample};
use umoec_tests::onnxruntime::onnxruntime;

/// A place whose data folder is its own.
struct Workshop(Place);

impl Workshop {
    /// With a model `tiny.onnx`, which is nowhere else.
    fn new() -> Self {
        let place = Place::new();
        place.write("tiny.onnx", &model());
        place.write("a", &text(3000, 1));
        Self(place)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.0.command(args);
        command
            .env("XDG_DATA_HOME", self.0.path("data"))
            .env_remove("UMOEC_MODEL_PATH")
            .env_remove("ORT_DYLIB_PATH");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran(self.command(args).output().unwrap())
    }

    fn run_with(&self, variable: &str, value: &Path, args: &[&str]) -> Ran {
        Ran(self.command(args).env(variable, value).output().unwrap())
    }
}

fn model() -> Vec<u8> {
    sample("tiny", Size::TINY, 5).unwrap()
}

fn hash() -> String {
    hex(blake3::hash(&model()).as_bytes())
}

#[test]
fn a_model_is_used_from_a_file_by_name_and_by_hash() {
    let shop = Workshop::new();
    shop.run(&["compress", "--model", "tiny.onnx", "a", "-o", "1.umc"])
        .ok();
    assert!(shop.0.read("1.umc").len() < 2500);
    shop.run(&["model", "add", "tiny.onnx"]).ok();
    shop.run(&["compress", "--model", "tiny", "a", "-o", "2.umc"])
        .ok();
    let short = &hash()[..10];
    shop.run(&["compress", "--model", short, "a", "-o", "3.umc"])
        .ok();
    assert_eq!(shop.0.read("1.umc"), shop.0.read("2.umc"));
    assert_eq!(shop.0.read("1.umc"), shop.0.read("3.umc"));
    let alone = ["compress", "--plugin", "tier1-onnx", "--model", short];
    shop.run(&[&alone[..], &["a", "-o", "4.umc"]].concat()).ok();
    assert_ne!(shop.0.read("1.umc"), shop.0.read("4.umc"));
    for file in ["1.umc", "4.umc"] {
        for backend in ["auto", "fused", "tract", "reference"] {
            shop.run(&["decompress", "--backend", backend, file, "-fo", "b"])
                .ok();
            assert_eq!(shop.0.read("b"), shop.0.read("a"));
        }
    }
}

#[test]
fn a_missing_model_is_named_with_the_way_to_get_it() {
    let shop = Workshop::new();
    shop.run(&["compress", "--model", "./tiny.onnx", "a", "-o", "a.umc"])
        .ok();
    let said = shop
        .run(&["decompress", "a.umc", "-o", "b"])
        .fails(5, "`tiny`")
        .stderr();
    assert!(
        said.contains(&hash()) && said.contains("umoec model add"),
        "{said}"
    );
    assert!(!shop.0.names().contains(&"b".to_owned()));
    // In a folder of the search path it is found, whatever its file is called.
    shop.0.write("models/any name.onnx", &model());
    let folder = shop.0.path("models");
    shop.run_with(
        "UMOEC_MODEL_PATH",
        &folder,
        &["decompress", "a.umc", "-o", "b"],
    )
    .ok();
    assert_eq!(shop.0.read("b"), shop.0.read("a"));
    // A file that claims the hash by its name and has other bytes is not used.
    shop.0
        .write(&format!("wrong/tiny.{}.onnx", hash()), b"others");
    let folder = shop.0.path("wrong");
    shop.run_with("UMOEC_MODEL_PATH", &folder, &["test", "a.umc"])
        .fails(1, "damaged");
}

#[test]
fn an_embedded_model_decodes_anywhere() {
    let shop = Workshop::new();
    let args = [
        "compress",
        "--model",
        "tiny.onnx",
        "--embed-model",
        "a",
        "-o",
        "a.umc",
    ];
    shop.run(&args).ok();
    assert!(shop.0.read("a.umc").len() > model().len());
    shop.run(&["decompress", "a.umc", "-o", "b"]).ok();
    assert_eq!(shop.0.read("b"), shop.0.read("a"));
}

#[test]
fn models_are_added_listed_and_removed() {
    let shop = Workshop::new();
    let added = shop.run(&["model", "add", "tiny.onnx"]).ok().text();
    assert_eq!(added, format!("tiny {}\n", hash()));
    let listed = shop.run(&["model", "list"]).ok().text();
    assert!(
        listed.contains(&hash()) && listed.contains("tiny"),
        "{listed}"
    );
    let json = shop.run(&["model", "list", "--json"]).ok().text();
    assert!(json.contains(&hash()), "{json}");
    shop.run(&["model", "remove", "other"])
        .fails(1, "there is no model `other`");
    shop.run(&["model", "remove", "tiny"]).ok();
    let listed = shop.run(&["model", "list"]).ok().text();
    assert!(!listed.contains(&hash()), "{listed}");
}

#[test]
fn a_model_is_described_with_its_proof_and_its_cost() {
    let shop = Workshop::new();
    let proof = shop.run(&["model", "verify", "tiny.onnx"]).ok().text();
    for word in [&*hash(), "largest sum", "self-test", "fp32"] {
        assert!(proof.contains(word), "{word}: {proof}");
    }
    let cost = shop.run(&["model", "inspect", "tiny.onnx"]).ok().text();
    for word in [
        "MAC per byte",
        "parameters",
        "bytes per lane",
        "MatMul",
        "packed",
    ] {
        assert!(cost.contains(word), "{word}: {cost}");
    }
}

#[test]
fn what_is_no_exact_model_is_refused_everywhere() {
    let shop = Workshop::new();
    shop.0.write("text.onnx", b"not a model");
    let cut = &model()[..1000];
    shop.0.write("cut.onnx", cut);
    for file in ["text.onnx", "cut.onnx"] {
        for args in [
            &["model", "verify", file][..],
            &["model", "inspect", file],
            &["model", "add", file],
            &["compress", "--model", file, "a"],
        ] {
            shop.run(args).fails(3, file);
        }
    }
    shop.run(&["model", "verify", "gone.onnx"])
        .fails(2, "gone.onnx");
    shop.run(&["compress", "--model", "gone", "a"])
        .fails(1, "there is no model `gone`");
    assert!(!shop.0.names().iter().any(|name| name.ends_with(".umc")));
}

#[test]
fn onnx_runtime_is_used_where_it_is_and_said_to_be_missing_where_it_is_not() {
    let shop = Workshop::new();
    let library = onnxruntime();
    let compress = |backend, output| {
        [
            "compress",
            "--model",
            "tiny.onnx",
            "--backend",
            backend,
            "a",
            "-fo",
            output,
        ]
    };
    let there = shop.run_with("ORT_DYLIB_PATH", &library, &compress("ort", "1.umc"));
    there.ok();
    shop.run(&compress("tract", "2.umc")).ok();
    assert_eq!(shop.0.read("1.umc"), shop.0.read("2.umc"));
    let missing = shop.0.path("libonnxruntime.so");
    let gone = shop.run_with("ORT_DYLIB_PATH", &missing, &compress("ort", "3.umc"));
    gone.fails(1, "ORT_DYLIB_PATH");
    // Without a word from the user, the other backend is taken.
    let auto = shop.run_with("ORT_DYLIB_PATH", &missing, &compress("auto", "3.umc"));
    auto.ok();
    assert_eq!(shop.0.read("1.umc"), shop.0.read("3.umc"));
    let cuda = shop.run_with("ORT_DYLIB_PATH", &library, &compress("ort-cuda", "4.umc"));
    cuda.fails(1, "onnxruntime-gpu");
    let unknown = shop.run(&["compress", "--backend", "gpu", "a"]);
    assert_eq!(unknown.code(), Some(1));
    assert!(unknown.stderr().contains("ort-cuda"));
}

/// A library that says it is ONNX Runtime 1.17.
const OLD: &str = r#"
#[repr(C)]
pub struct Base {
    api: extern "C" fn(u32) -> *const u8,
    version: extern "C" fn() -> *const u8,
}
extern "C" fn api(_: u32) -> *const u8 {
    std::ptr::null()
}
extern "C" fn version() -> *const u8 {
    b"1.17.3\0".as_ptr()
}
static BASE: Base = Base { api, version };
#[unsafe(no_mangle)]
pub extern "C" fn OrtGetApiBase() -> *const Base {
    &BASE
}
"#;

#[test]
fn an_onnx_runtime_that_is_too_old_is_refused_with_its_version() {
    let shop = Workshop::new();
    let source = shop.0.write("old.rs", OLD.as_bytes());
    let library = shop.0.path("libold.so");
    let built = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
        .args([&library, &source])
        .status();
    assert!(built.unwrap().success());
    let args = ["compress", "--model", "tiny.onnx", "--backend", "ort", "a"];
    let said = shop
        .run_with("ORT_DYLIB_PATH", &library, &args)
        .fails(1, "1.17")
        .stderr();
    assert!(said.contains("too old") && said.contains("1.22"), "{said}");
}

#[test]
fn conformance_tells_what_it_ran() {
    let shop = Workshop::new();
    let args = ["conformance", "--backend", "tract", "tiny.onnx"];
    let said = shop.run(&args).ok().text();
    for word in ["tiny", "random-0", "tract", "every digest is the same"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("DIFFERENT"), "{said}");
}
