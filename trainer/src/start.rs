//! The network that a run begins with, from a checkpoint or a model.

use std::path::Path;

use crate::checkpoint::Trained;
use crate::config::Config;
use crate::error::TrainError;
use crate::import::import;
use crate::locate::locate;

/// Reads the network in the file `named`, or of the model of that name ([`locate`]). A checkpoint says itself what sizes it
/// has; a model has those of `config`.
///
/// # Errors
///
/// What cannot be read, or is a model of other sizes.
pub fn network(
    named: &Path,
    models: Option<&Path>,
    config: &Config,
) -> Result<Trained, TrainError> {
    let path = locate(named, models)?;
    let file = std::fs::read(&path).map_err(TrainError::file(&path))?;
    // A checkpoint begins with a line of JSON, an ONNX file with the tag of a number.
    let mut trained = match file.first() {
        Some(b'{') => Trained::parse(&file)?,
        _ => import(&file, config)?,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    trained.init = Some(format!("{name} (BLAKE3 {})", blake3::hash(&file).to_hex()));
    Ok(trained)
}
