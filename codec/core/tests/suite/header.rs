//! The C header is that of the interface as it is now.

use std::fs;
use std::path::Path;

#[path = "../../examples/plugin_header.rs"]
#[allow(dead_code, reason = "its `main` is the example's")]
mod plugin_header;

#[test]
fn the_header_is_current() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = plugin_header::generate(package).unwrap();
    let kept = fs::read_to_string(package.join(plugin_header::HEADER)).unwrap();
    assert!(
        made == kept,
        "make it anew: cargo run -p umoec-codec --example plugin_header"
    );
    for name in [
        "UMOEC_MAGIC",
        "UmoecTable",
        "UmoecDecisions",
        "umoec_plugins_v1",
    ] {
        assert!(kept.contains(name), "{name}");
    }
}
