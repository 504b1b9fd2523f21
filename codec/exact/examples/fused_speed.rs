//! Bytes per second of the fused engine: `fused_speed FILE.onnx [ISA [LANES]]`. For each instruction
//! set of this machine (or the one named) and several numbers of lanes, on one thread, beside the most
//! products of bytes that the machine can form in a second.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use umoec_exact::fused::peak;
use umoec_exact::random::bytes;
use umoec_exact::{Fused, Isa, ModelLimits, StepModel, Stepper};

/// Each number is the best of so many short runs: the machine may be busy.
const RUNS: usize = 400;

/// Bytes of a run, in all lanes.
const BYTES: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = std::fs::read(arguments.next().ok_or("which file?")?)?;
    let isas: Vec<Isa> = match arguments.next() {
        Some(name) => vec![name.parse()?],
        None => Isa::here().collect(),
    };
    let only: Option<usize> = arguments.next().map(|lanes| lanes.parse()).transpose()?;
    let mut proof = Duration::MAX;
    for _ in 0..RUNS / 20 {
        let start = Instant::now();
        StepModel::load(&file, &ModelLimits::default())?;
        proof = proof.min(start.elapsed());
    }
    let model = Arc::new(StepModel::load(&file, &ModelLimits::default())?);
    println!("{proof:.1?} to open and prove");
    println!("isa     lanes   lower       step    bytes/s  GMAC/s  of peak");
    for isa in isas {
        let peak = peak(isa, Duration::from_millis(200));
        for lanes in [1, 2, 4, 16, 64] {
            if only.is_none_or(|only| only == lanes) {
                measure(&model, isa, lanes, peak)?;
            }
        }
    }
    Ok(())
}

fn measure(
    model: &Arc<StepModel>,
    isa: Isa,
    lanes: usize,
    peak: Option<f64>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let fused = Fused::with_isa(Arc::clone(model), lanes, isa)?;
    let lower = start.elapsed();
    let mut stepper = fused.start();
    let mut logits = vec![0; lanes * 256];
    let steps = BYTES.div_ceil(lanes);
    let bytes = bytes(1, steps * lanes);
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        for bytes in bytes.chunks_exact(lanes) {
            stepper.step(bytes, &mut logits)?;
        }
        best = best.min(start.elapsed());
    }
    let speed = (steps * lanes) as f64 / best.as_secs_f64();
    let step = best / steps as u32;
    let macs = speed * model.cost().macs_per_byte as f64;
    let share = peak.map_or("-".to_owned(), |peak| {
        format!("{:.0} %", macs / peak * 100.0)
    });
    println!(
        "{isa:<7} {lanes:>5} {lower:>9.1?} {step:>10.1?} {speed:>10.0} {:>7.1} {share:>8}",
        macs / 1e9
    );
    Ok(())
}
