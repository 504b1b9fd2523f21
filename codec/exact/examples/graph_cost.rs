//! What a model costs to open and to run in the reference: `graph_cost FILE.onnx [STEPS]`, or without a
//! file for a random graph.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use umoec_exact::random::{bytes, model};
use umoec_exact::{ModelLimits, Reference, StepModel, Stepper};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments
        .next()
        .map_or_else(|| Ok(model(0)), std::fs::read)?;
    let steps = arguments.next().map_or(Ok(100), |steps| steps.parse())?;

    let start = Instant::now();
    let model = Arc::new(StepModel::load(&file, &ModelLimits::default())?);
    println!(
        "{:?}, {:?} to open and prove",
        model.cost(),
        start.elapsed()
    );
    println!("{}", model.certificate().summary());

    let start = Instant::now();
    let mut reference = Reference::new(Arc::clone(&model), 1)?;
    println!("{:?} to set up the reference", start.elapsed());
    let start = Instant::now();
    let mut logits = vec![0; 256];
    for byte in bytes(0, steps) {
        reference.step(&[byte], &mut logits)?;
    }
    println!("{:?} per byte", start.elapsed() / steps.max(1) as u32);
    Ok(())
}
