//! Time of the state-space recurrence at `nano`'s sizes on one thread: the loop over bytes beside the
//! chunked matrix form.

use std::time::{Duration, Instant};

use umoec_trainer::kernel::{
    ScanShape, SsdShape, scan_backward, scan_forward, ssd_backward, ssd_forward,
};
use umoec_trainer::random::Random;

const BYTES: usize = 512;
const HEADS: usize = 8;
const SCAN: ScanShape = ScanShape {
    states: 32,
    channels: 128,
};
/// Each number is the best of so many runs: the machine may be busy.
const RUNS: usize = 400;

/// Nanoseconds of one byte in the best run.
fn best(mut run: impl FnMut()) -> usize {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.min().unwrap_or(Duration::ZERO).as_nanos() as usize / BYTES
}

fn main() {
    let (channels, states) = (SCAN.channels, SCAN.states);
    let starts = [false; BYTES];
    let mut random = Random::new(1, 1);
    let mut some = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<_>>();
    let [x, dy] = [some(BYTES * channels), some(BYTES * channels)];
    let [b, c] = [some(BYTES * states), some(BYTES * states)];
    let gate: Vec<f32> = some(BYTES * HEADS)
        .iter()
        .map(|g| 0.1 / (1.0 + g.exp()))
        .collect();
    let each: Vec<f32> = gate
        .iter()
        .flat_map(|&gate| std::iter::repeat_n(gate, channels / HEADS))
        .collect();
    let (mut state, mut y) = (vec![0.0; SCAN.state_len()], vec![0.0; x.len()]);
    let [mut dx, mut dgate, mut db, mut dc] =
        [x.len(), each.len(), b.len(), c.len()].map(|n| vec![0.0; n]);

    println!("ns/byte      forward backward");
    let mut kept = Vec::new();
    let forward = best(|| {
        kept = scan_forward(SCAN, &starts, &x, &each, &b, &c, &mut state, &mut y);
    });
    let backward = best(|| {
        scan_backward(
            SCAN, &starts, &x, &each, &b, &c, &kept, &dy, &mut dx, &mut dgate, &mut db, &mut dc,
        );
    });
    println!("loop         {forward:7} {backward:8}");
    dgate.truncate(gate.len());
    for chunk in [16, 32, 64, 128] {
        let shape = SsdShape {
            scan: SCAN,
            heads: HEADS,
            chunk,
        };
        let forward = best(|| {
            kept = ssd_forward(shape, &starts, &x, &gate, &b, &c, &mut state, &mut y);
        });
        let backward = best(|| {
            ssd_backward(
                shape, &starts, &x, &gate, &b, &c, &kept, &dy, &mut dx, &mut dgate, &mut db,
                &mut dc,
            );
        });
        println!("chunks {chunk:<5} {forward:7} {backward:8}");
    }
}
