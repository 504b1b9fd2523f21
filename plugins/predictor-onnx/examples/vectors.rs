//! Prints `vectors/conformance.tsv` as the reference interpreter has it: for the embedded models, those in the files named,
//! and the generated graphs.

use std::path::PathBuf;

use umoec_codec::plugin::Model;
use umoec_predictor_onnx::conformance::{Case, RANDOM, embedded, random, write_vectors};

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
    for number in 0..RANDOM {
        cases.push(random(number)?);
    }
    print!("{}", write_vectors(&cases)?);
    Ok(())
}
