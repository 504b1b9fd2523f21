//! Packs the models that are linked into the program.

use std::path::Path;

#[path = "../../codec/core/src/packed.rs"]
#[allow(unreachable_pub)]
mod packed;

/// Files in `models/`, without their ends.
const LINKED: [&str; 1] = ["nano"];

fn main() {
    let folder = std::env::var("OUT_DIR").expect("Cargo names a folder");
    println!("cargo:rerun-if-changed=../../codec/core/src/packed.rs");
    for name in LINKED {
        let file = format!("models/{name}.onnx");
        println!("cargo:rerun-if-changed={file}");
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let packed = packed::pack(&bytes);
        assert!(
            packed::unpack(&packed, bytes.len()).as_ref() == Ok(&bytes),
            "{file}"
        );
        // The length stands in front.
        let content = [&(bytes.len() as u64).to_le_bytes()[..], &packed].concat();
        let path = Path::new(&folder).join(name).with_extension("packed");
        std::fs::write(&path, content)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
