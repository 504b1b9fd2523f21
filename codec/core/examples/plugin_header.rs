//! Makes `include/umoec_plugin.h` of `src/plugin/abi.rs`:
//! `cargo run -p umoec-codec --example plugin_header`.

use std::error::Error;
use std::path::Path;
use std::{fs, process};

/// Where the header is, in the package.
pub(crate) const HEADER: &str = "include/umoec_plugin.h";

const ABOUT: &str = "\
/* The interface between umoec and plugins in dynamic libraries: spec/plugin-abi.md says what
 * it means. Made of codec/core/src/plugin/abi.rs; do not edit.
 *
 * A library exports one function, umoec_plugins_v1, that returns its table.
 */";

const HELPERS: &str = "\
#if defined(_WIN32)
#define UMOEC_EXPORT __declspec(dllexport)
#else
#define UMOEC_EXPORT __attribute__((visibility(\"default\")))
#endif

/* The one symbol of a library. */
#ifdef __cplusplus
extern \"C\"
#endif
UMOEC_EXPORT const UmoecTable *umoec_plugins_v1(void);

/* A text literal as UmoecBytes, in initialisers. */
#define UMOEC_TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/* Leaves a message and returns the status: return umoec_fail(report, UMOEC_CONFIG, \"...\"); */
static inline int32_t umoec_fail(UmoecReport *report, int32_t status, const char *message)
{
    size_t len = strlen(message);
    if (len > report->capacity)
        len = report->capacity;
    memcpy(report->message, message, len);
    report->len = len;
    return status;
}

/* Refuses every setting, for plugins that have none. */
static inline int32_t umoec_no_settings(const UmoecSettings *settings, UmoecReport *report)
{
    if (settings->count > 0)
        return umoec_fail(report, UMOEC_CONFIG, \"there are no settings\");
    return UMOEC_OK;
}";

/// The header's text.
///
/// # Errors
/// What the generator does not understand.
pub(crate) fn generate(package: &Path) -> Result<String, Box<dyn Error>> {
    let config = cbindgen::Config {
        language: cbindgen::Language::C,
        cpp_compat: true,
        include_guard: Some("UMOEC_PLUGIN_H".into()),
        sys_includes: ["stddef.h", "stdint.h", "string.h"]
            .map(String::from)
            .into(),
        no_includes: true,
        header: Some(ABOUT.into()),
        trailer: Some(HELPERS.into()),
        line_length: 100,
        tab_width: 4,
        documentation_style: cbindgen::DocumentationStyle::C99,
        usize_is_size_t: true,
        style: cbindgen::Style::Both,
        export: cbindgen::ExportConfig {
            include: [
                "UmoecTable",
                "UmoecAdapter",
                "UmoecPredictor",
                "UmoecCoder",
                "UmoecDecisions",
            ]
            .map(String::from)
            .into(),
            exclude: vec!["UmoecPluginsV1".into()],
            ..Default::default()
        },
        ..Default::default()
    };
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(package.join("src/plugin/abi.rs"))
        .generate()?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Ok(String::from_utf8(text)?)
}

fn main() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let written = generate(package).and_then(|text| Ok(fs::write(package.join(HEADER), text)?));
    if let Err(error) = written {
        eprintln!("the header cannot be made: {error}");
        process::exit(1);
    }
}
