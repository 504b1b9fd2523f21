//! Prints `vectors/conformance.tsv` as the reference interpreter has it: for the embedded models, those in the files named,
//! and the generated graphs.

use std::path::PathBuf;

use umoec_codec::plugin::Model;
use umoec_predictor_onnx::conformance::{Case, embedded, generated, write_vectors};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut cases = embedded()?;
    for file in std::env::args_os().skip(1).map(PathBuf::from) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let name = name.into_owned();
        cases.push(Case::new(
            name.clone(),
            Model::new(name, std::fs::read(&file)?),
        )?);
    }
    cases.extend(generated()?);
    print!("{}", write_vectors(&cases)?);
    Ok(())
}
