//! A folder as training data, where the configuration names no sources: every file below it,
//! weighted by its size.

use std::fs;
use std::path::Path;

use super::source::members;
use crate::config::{Config, SourceConfig, SourceKind};
use crate::error::TrainError;

/// Bytes of a tar header up to the end of its magic number.
const TAR_HEAD: usize = 262;

/// Gives `config` the files below `folder` as sources, if it has none of its own.
///
/// Files are taken in the order of their paths. Names that begin with a dot, empty files and
/// symbolic links are passed over, and so are files kept for validation and those with what another predictor says. Archives (.tar) are one stream a member.
///
/// # Errors
///
/// A folder or file that cannot be read, a path that is not Unicode, no file at all.
pub fn fill_sources(config: &mut Config, folder: &Path) -> Result<(), TrainError> {
    if !config.sources.is_empty() {
        return Ok(());
    }
    if !folder.is_dir() {
        return Err(TrainError::Data(format!(
            "{} is no folder",
            folder.display()
        )));
    }
    let mut sources = Vec::new();
    let held = config.validation.iter().flat_map(|v| v.files.clone());
    walk(folder, "", &held.collect::<Vec<_>>(), &mut sources)?;
    if let Some(prior) = &config.prior {
        sources.retain(|source| !prior.is_opinions(Path::new(&source.path)));
    }
    if sources.is_empty() {
        return Err(TrainError::Data(format!(
            "{} holds no files",
            folder.display()
        )));
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    config.sources = sources;
    Ok(())
}

fn walk(
    folder: &Path,
    prefix: &str,
    held: &[String],
    sources: &mut Vec<SourceConfig>,
) -> Result<(), TrainError> {
    let failed = TrainError::file(folder);
    for entry in fs::read_dir(folder).map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(&failed)?);
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| {
            TrainError::Data(format!("the name of {} is not Unicode", path.display()))
        })?;
        if name.starts_with('.') {
            continue;
        }
        let below = format!("{prefix}{name}");
        if kind.is_dir() {
            walk(&path, &format!("{below}/"), held, sources)?;
        } else if kind.is_file() {
            let size = entry.metadata().map_err(TrainError::file(&path))?.len();
            if size > 0 && !held.contains(&below) {
                sources.push(SourceConfig {
                    kind: kind_of(&path)?,
                    weight: size as f64,
                    ..SourceConfig::of(below)
                });
            }
        }
    }
    Ok(())
}

/// An archive is one by its name and by what is in it.
fn kind_of(path: &Path) -> Result<SourceKind, TrainError> {
    if path.extension().is_none_or(|name| name != "tar") {
        return Ok(SourceKind::Bytes);
    }
    let bytes = fs::read(path).map_err(TrainError::file(path))?;
    let magic = bytes.get(TAR_HEAD - 5..TAR_HEAD) == Some(b"ustar");
    Ok(if magic && !members(&bytes).is_empty() {
        SourceKind::Tar
    } else {
        SourceKind::Bytes
    })
}
