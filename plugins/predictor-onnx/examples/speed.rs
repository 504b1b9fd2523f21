//! Bytes per second of each backend: `cargo run --release --example speed [MODEL.onnx]`.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use umoec_codec::plugin::Model;
use umoec_predictor_onnx::sample::{Size, sample};
use umoec_predictor_onnx::{Backend, Loaded};

/// Seconds of each measurement.
const SECONDS: f64 = 1.0;

fn main() -> Result<(), Box<dyn Error>> {
    let file = match std::env::args().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => sample("sample-nano", Size::NANO, 1)?,
    };
    let started = Instant::now();
    let loaded = Loaded::new(Model::new("", file))?;
    let cost = loaded.model().cost();
    println!(
        "{}: {} MAC/byte, {} bytes, proved in {:.0} ms",
        loaded.model().name(),
        cost.macs_per_byte,
        cost.file_bytes,
        started.elapsed().as_secs_f64() * 1e3
    );
    println!("backend    threads  lanes  open ms    bytes/s  us/step  GMAC/s");
    for backend in Backend::ALL {
        if let Err(missing) = backend.check() {
            println!("{backend}: {missing}");
            continue;
        }
        for threads in [1, 2] {
            for lanes in [1, 4, 16, 64, 256] {
                if backend == Backend::Reference && lanes * threads > 1 {
                    continue;
                }
                measure(&loaded, backend, threads, lanes)?;
            }
        }
    }
    Ok(())
}

fn measure(
    loaded: &Loaded,
    backend: Backend,
    threads: usize,
    lanes: usize,
) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let prepared = loaded.prepare(backend, lanes)?;
    let open = started.elapsed().as_secs_f64();
    let one = || -> Result<usize, umoec_exact::ExactError> {
        let mut stepper = Arc::clone(&prepared).start()?;
        let (mut bytes, mut logits) = (vec![0; lanes], vec![0; lanes * 256]);
        let (mut steps, started) = (0usize, Instant::now());
        while started.elapsed().as_secs_f64() < SECONDS {
            for _ in 0..8 {
                for (lane, byte) in bytes.iter_mut().enumerate() {
                    *byte = (steps * 7 + lane * 13) as u8;
                }
                stepper.step(&bytes, &mut logits)?;
                steps += 1;
            }
        }
        Ok(steps)
    };
    let started = Instant::now();
    let steps: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|steps| steps.map_or(Ok(0), |steps| steps))
            .sum::<Result<usize, _>>()
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let speed = (steps * lanes) as f64 / seconds;
    println!(
        "{:<10} {threads:>7} {lanes:>6} {:>8.1} {speed:>10.0} {:>8.1} {:>7.2}",
        backend.name(),
        open * 1e3,
        seconds * 1e6 * threads as f64 / steps as f64,
        speed * loaded.model().cost().macs_per_byte as f64 / 1e9
    );
    Ok(())
}
