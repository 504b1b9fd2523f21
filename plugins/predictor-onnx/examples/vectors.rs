//! Prints `vectors/conformance.tsv` as the reference interpreter has it.

use umoec_predictor_onnx::conformance::{RANDOM, embedded, random, write_vectors};

fn main() -> Result<(), umoec_exact::ExactError> {
    let mut cases = embedded()?;
    for number in 0..RANDOM {
        cases.push(random(number)?);
    }
    print!("{}", write_vectors(&cases)?);
    Ok(())
}
