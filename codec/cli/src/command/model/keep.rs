//! The user's own models.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;
use umoec_codec::plugin::{Model, hex};
use umoec_predictor_onnx::{Loaded, folders};

use crate::failure::{Failure, Outcome, shown};
use crate::{command, setup, size};

/// Checks a model and copies it, under its own name and hash.
pub(super) fn add(file: &Path) -> Outcome {
    let model = setup::read_model(file)?;
    let loaded = Loaded::new(model.clone()).map_err(|e| setup::refused(&e).at(shown(file)))?;
    let folder = own_folder()?;
    let name = loaded.model().name().to_owned();
    let hash = hex(&model.hash());
    let path = folder.join(format!("{name}.{hash}.onnx"));
    write(&folder, &path, model.bytes())
        .map_err(|e| Failure::io("cannot write", &e).at(shown(&path)))?;
    command::print(format!("{name} {hash}\n").as_bytes())
}

/// The file appears whole or not at all.
fn write(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut part = NamedTempFile::new_in(folder)?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    part.persist(path)?;
    Ok(())
}

fn own_folder() -> Outcome<PathBuf> {
    folders::models().ok_or_else(|| {
        Failure::usage(
            "there is no folder for models: HOME is not set",
            "name one in XDG_DATA_HOME, or name the model by its path with --model",
        )
    })
}

#[derive(Serialize)]
struct Row {
    name: String,
    hash: String,
    bytes: u64,
    /// `None`: linked into the program.
    path: Option<PathBuf>,
}

impl Row {
    fn new(model: &Model) -> Self {
        Self {
            name: model.name().to_owned(),
            hash: hex(&model.hash()),
            bytes: model.bytes().len() as u64,
            path: model.path().map(Path::to_owned),
        }
    }
}

/// Lists every model, in the order in which a name is looked up.
pub(super) fn list(json: bool) -> Outcome {
    let registry = setup::registry()?;
    let models = registry.models().list();
    let models = models.map_err(|e| Failure::codec("cannot read", e))?;
    let rows: Vec<Row> = models.iter().map(|model| Row::new(model)).collect();
    if json {
        return command::print_json(&rows);
    }
    let mut out = format!("{:<20} {:<64} {:>12}  WHERE\n", "NAME", "HASH", "BYTES");
    for row in &rows {
        let place = match &row.path {
            Some(path) => shown(path),
            None => "in the program".into(),
        };
        let bytes = size::grouped(row.bytes);
        out += &format!("{:<20} {} {bytes:>12}  {place}\n", row.name, row.hash);
    }
    command::print(out.as_bytes())
}

/// Removes a model from the user's folder.
pub(super) fn remove(wanted: &str) -> Outcome {
    let folder = own_folder()?;
    let mut own = umoec_codec::plugin::Models::default();
    own.add_folder(&folder);
    let model = own.find(wanted).map_err(|e| {
        Failure {
            hint: Some("only what `umoec model add` has added can be removed".into()),
            ..Failure::codec("cannot read", e)
        }
        .at(shown(&folder))
    })?;
    if let Some(path) = model.path() {
        fs::remove_file(path).map_err(|e| Failure::io("cannot remove", &e).at(shown(path)))?;
    }
    command::print(format!("{} {}\n", model.name(), hex(&model.hash())).as_bytes())
}
