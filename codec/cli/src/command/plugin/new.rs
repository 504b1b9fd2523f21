//! `umoec plugin new`: a project that builds, and passes its test.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome, shown};

use super::KindName;

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the plugin: lower-case letters, digits and `-`. The project's folder is named so, too
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is to be
    #[arg(long, value_enum)]
    kind: KindName,
    /// Identity, from which the plugin's id follows: a reversed domain name or an URL of yours
    /// [default: example.invalid.NAME, to be changed before anybody else gets it]
    #[arg(long, value_name = "IDENTITY")]
    identity: Option<String>,
    /// Folder of the package umoec-codec, if it is not to come from the registry
    #[arg(long, value_name = "PATH")]
    codec: Option<PathBuf>,
}

const MANIFEST: &str = include_str!("template/Cargo.toml.in");
const README: &str = include_str!("template/README.md.in");
const TEST: &str = include_str!("template/loads.rs.in");

/// Writes the project.
pub(crate) fn run(args: &Args) -> Outcome {
    let well_named = args.name.starts_with(|c: char| c.is_ascii_lowercase())
        && (args.name.bytes()).all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
        && args.name.len() <= 64;
    if !well_named {
        return Err(Failure::usage(
            format!("`{}` cannot be a plugin's name", args.name.escape_debug()),
            "use lower-case letters, digits and `-`, a letter first, such as my-adapter",
        ));
    }
    let default = format!("example.invalid.{}", args.name);
    let identity = args.identity.as_deref().unwrap_or(&default);
    super::identity(identity)?;
    let codec = match &args.codec {
        None => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        Some(path) => format!("path = {}", quoted(path)?),
    };
    let source = match args.kind {
        KindName::Adapter => include_str!("template/adapter.rs.in"),
        KindName::Predictor => include_str!("template/predictor.rs.in"),
        KindName::Coder => include_str!("template/coder.rs.in"),
    };
    let kind = umoec_codec::plugin::Kind::from(args.kind).to_string();
    let fill = |text: &str| {
        text.replace("{{name}}", &args.name)
            .replace("{{crate}}", &args.name.replace('-', "_"))
            .replace("{{identity}}", identity)
            .replace("{{codec}}", &codec)
            .replace("{{kind}}", &kind)
    };
    let folder = Path::new(&args.name);
    write(folder, "Cargo.toml", &fill(MANIFEST), true)?;
    write(folder, "README.md", &fill(README), false)?;
    write(&folder.join("src"), "lib.rs", &fill(source), true)?;
    write(&folder.join("tests"), "loads.rs", &fill(TEST), true)?;
    super::super::print(
        format!(
            "{}: {kind} with the identity {identity}\n  next: cd {} && cargo test --release\n",
            args.name, args.name
        )
        .as_bytes(),
    )
}

/// A path as TOML writes it, from the root on: the project stands in another folder.
fn quoted(path: &Path) -> Outcome<String> {
    let whole = fs::canonicalize(path)
        .map_err(|e| Failure::io("cannot find the package umoec-codec", &e).at(shown(path)))?;
    Ok(toml::Value::String(whole.display().to_string()).to_string())
}

/// Writes a file that must not be there yet. The first file of a folder makes the folder, which
/// must not be there either.
fn write(folder: &Path, name: &str, text: &str, first: bool) -> Outcome {
    if first {
        fs::create_dir(folder)
            .map_err(|e| Failure::io("cannot make the folder", &e).at(shown(folder)))?;
    }
    let path = folder.join(name);
    fs::write(&path, text).map_err(|e| Failure::io("cannot write", &e).at(shown(&path)))
}
