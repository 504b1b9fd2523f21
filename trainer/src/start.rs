//! The network that a run begins with, from a checkpoint or a model.

use std::path::Path;

use crate::checkpoint::Trained;
use crate::config::Config;
use crate::error::TrainError;
use crate::import::import;
use crate::locate::locate;

/// Reads the network in the file `named`, or of the model of that name ([`locate`]).
///
/// # Errors
///
/// What cannot be read, or is no network of `config`'s sizes.
pub fn network(
    named: &Path,
    models: Option<&Path>,
    config: &Config,
) -> Result<Trained, TrainError> {
    let path = locate(named, models)?;
    let file = std::fs::read(&path).map_err(TrainError::file(&path))?;
    // A checkpoint begins with a line of JSON, an ONNX file with the tag of a number.
    if file.first() == Some(&b'{') {
        Trained::parse(&file)
    } else {
        import(&file, config)
    }
}
