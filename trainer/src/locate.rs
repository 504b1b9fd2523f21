//! Models by name: `nano` stands for a file `nano.onnx` in one of some folders.

use std::path::{Path, PathBuf};

use crate::error::TrainError;

/// Where a checkout of the repository keeps its models.
const CHECKOUT: &str = "plugins/predictor-onnx/models";

/// The file that `name` stands for: itself, where there is such a file; else, where it is a plain
/// word, `name.onnx` in `models`, beside the program, or in the repository that the current
/// folder is part of.
///
/// # Errors
///
/// That there is none, with the folders that were looked in.
pub fn locate(name: &Path, models: Option<&Path>) -> Result<PathBuf, TrainError> {
    if name.exists() || name.components().count() != 1 || name.extension().is_some() {
        return Ok(name.to_owned());
    }
    let mut folders: Vec<PathBuf> = models.iter().map(|&folder| folder.to_owned()).collect();
    let program = std::env::current_exe().ok();
    folders.extend(program.and_then(|path| path.parent().map(Path::to_owned)));
    let here = std::env::current_dir().unwrap_or_default();
    let checkout = here.ancestors().map(|folder| folder.join(CHECKOUT));
    folders.extend(checkout.filter(|folder| folder.is_dir()).take(1));
    let mut found = folders
        .iter()
        .map(|folder| folder.join(name).with_extension("onnx"));
    found.find(|path| path.is_file()).ok_or_else(|| {
        let looked: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
        TrainError::Missing(format!(
            "there is no file {0}, nor {0}.onnx in {1}",
            name.display(),
            looked.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_and_a_path_is_taken_as_it_is() {
        let models = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../")
            .join(CHECKOUT);
        let found = locate(Path::new("nano"), Some(&models)).unwrap();
        assert_eq!(found, models.join("nano.onnx"));
        let path = Path::new("no/such.onnx");
        assert_eq!(locate(path, Some(&models)).unwrap(), path);
        let error = locate(Path::new("nanu"), Some(&models)).unwrap_err();
        assert!(error.to_string().contains("nanu.onnx in"), "{error}");
    }
}
