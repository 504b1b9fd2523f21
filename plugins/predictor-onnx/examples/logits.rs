//! The logits of a model along a file, one lane: `logits MODEL.onnx FILE OUT`. Each byte of the
//! file gives 256 values of 16 bits, little-endian, that stood before it. For tuning a mix
//! without running the network again.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;

use umoec_codec::plugin::Model;
use umoec_predictor_onnx::Loaded;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: logits MODEL.onnx FILE OUT";
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or(usage);
    let (model, file, out) = (next()?, next()?, next()?);
    let loaded = Loaded::new(Model::new("", std::fs::read(model)?))?;
    let prepared = loaded.prepare_chosen(1)?;
    let mut stepper = Arc::clone(&prepared).start()?;
    let mut out = BufWriter::new(File::create(out)?);
    let mut logits = [0; 256];
    let mut byte = loaded.model().interface().start;
    for next in std::fs::read(file)? {
        stepper.step(&[byte], &mut logits)?;
        for logit in logits {
            out.write_all(&(logit as i16).to_le_bytes())?;
        }
        byte = next;
    }
    out.flush()?;
    Ok(())
}
