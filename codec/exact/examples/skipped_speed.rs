//! Time of a step of networks that leave work out: `skipped_speed [ISA]`. A layer of a mixture of
//! experts, and a network that runs once for each patch, on one thread with 1 and 4 lanes.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use umoec_exact::random::bytes;
use umoec_exact::{Fused, Isa, ModelLimits, StepModel, Stepper};

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/suite/common/networks.rs"]
mod networks;

use networks::{Experts, Patches, experts, patches};

/// Each number is the best of so many short runs: the machine may be busy.
const RUNS: usize = 60;

/// Steps of a run.
const STEPS: usize = 256;

/// Layers of a mixture that are measured together.
const LAYERS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let isa = match std::env::args().nth(1) {
        Some(name) => name.parse()?,
        None => Isa::chosen()?,
    };
    println!("{isa}: nanoseconds of a step, all lanes together");
    for lanes in [1, 4] {
        for (of, hidden, chosen) in [(16, 192, 1), (64, 48, 4)] {
            let sizes = |layers| Experts {
                layers,
                experts: of,
                hidden,
                chosen,
            };
            let all = step(&experts(sizes(LAYERS)), isa, lanes)?;
            let rest = step(&experts(sizes(0)), isa, lanes)?;
            let layer = all.saturating_sub(rest) / LAYERS as u32;
            println!(
                "{lanes} lanes, a layer of {chosen} of {of} experts of {hidden}: {}",
                layer.as_nanos()
            );
        }
        for period in [1, 4, 16] {
            let sizes = |layers| Patches {
                period,
                layers,
                states: 16,
            };
            let all = step(&patches(sizes(4)), isa, lanes)?;
            let rest = step(&patches(sizes(0)), isa, lanes)?;
            println!(
                "{lanes} lanes, 4 layers for each patch of {period}: {}, without them {}",
                all.as_nanos(),
                rest.as_nanos()
            );
        }
    }
    Ok(())
}

/// The mean time of a step in the best run.
fn step(file: &[u8], isa: Isa, lanes: usize) -> Result<Duration, Box<dyn Error>> {
    let model = Arc::new(StepModel::load(file, &ModelLimits::default())?);
    let mut stepper = Fused::with_isa(model, lanes, isa)?.start();
    let mut logits = vec![0; lanes * 256];
    // No zeros: they would begin patches in some lanes.
    let bytes: Vec<u8> = bytes(1, STEPS * lanes)
        .into_iter()
        .map(|byte| byte.max(1))
        .collect();
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        for bytes in bytes.chunks_exact(lanes) {
            stepper.step(bytes, &mut logits)?;
        }
        best = best.min(start.elapsed());
    }
    Ok(best / STEPS as u32)
}
