//! Chunks against the loop.

use super::*;
use crate::kernel::{scan_backward, scan_forward};
use crate::random::Random;

const BYTES: usize = 150;
const SCAN: ScanShape = ScanShape {
    states: 5,
    channels: 32,
};
const HEADS: usize = 4;

fn spread(gate: &[f32]) -> Vec<f32> {
    let each = |&gate| std::iter::repeat_n(gate, SCAN.channels / HEADS);
    gate.iter().flat_map(each).collect()
}

/// x, gate, b, c.
fn inputs(seed: u64) -> [Vec<f32>; 4] {
    let mut random = Random::new(seed, 0);
    let mut some = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<_>>();
    let (channels, states) = (SCAN.channels, SCAN.states);
    let [x, mut gate] = [some(BYTES * channels), some(BYTES * HEADS)];
    // From forgetting all but a thousandth to hardly anything.
    for gate in &mut gate {
        *gate = 0.999 / (1.0 + (2.0 - 3.0 * *gate).exp());
    }
    [x, gate, some(BYTES * states), some(BYTES * states)]
}

/// Nearer than a millionth of the greatest, some roundings of `f32`.
fn assert_close(what: &str, a: &[f32], b: &[f32]) {
    let greatest = a.iter().fold(0.0f32, |most, a| most.max(a.abs()));
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(
            (a - b).abs() <= 1e-5 * greatest,
            "{what} {at}: {a} {b} of {greatest}"
        );
    }
}

#[test]
fn chunks_are_the_loop() {
    for chunk in [1, 32, 64, 128, 256] {
        let shape = SsdShape {
            scan: SCAN,
            heads: HEADS,
            chunk,
        };
        let mut states = [vec![0.3; SCAN.state_len()], vec![0.3; SCAN.state_len()]];
        // The second stretch goes on where the first one ends.
        for (seed, begins) in [(1, &[37, 38, 64, 149][..]), (2, &[75])] {
            let starts: Vec<bool> = (0..BYTES).map(|t| begins.contains(&t)).collect();
            let [x, gate, b, c] = inputs(seed);
            let each = spread(&gate);
            let [a_state, b_state] = &mut states;
            let (mut a_y, mut b_y) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            let a_kept = scan_forward(SCAN, &starts, &x, &each, &b, &c, a_state, &mut a_y);
            let b_kept = ssd_forward(shape, &starts, &x, &gate, &b, &c, b_state, &mut b_y);
            assert_close("y", &a_y, &b_y);
            assert_close("state", a_state, b_state);

            let dy = &inputs(seed + 10)[0];
            let gradients = || [x.clone(), gate.clone(), b.clone(), c.clone()];
            let ([mut ax, mut ag, mut ab, mut ac], mut each_g) = (gradients(), each.clone());
            scan_backward(
                SCAN,
                &starts,
                &x,
                &each,
                &b,
                &c,
                &a_kept,
                dy,
                &mut ax,
                &mut each_g,
                &mut ab,
                &mut ac,
            );
            for (sum, each) in ag.iter_mut().zip(each_g.chunks(SCAN.channels / HEADS)) {
                *sum = each.iter().sum();
            }
            let [mut bx, mut bg, mut bb, mut bc] = gradients();
            ssd_backward(
                shape, &starts, &x, &gate, &b, &c, &b_kept, dy, &mut bx, &mut bg, &mut bb, &mut bc,
            );
            assert_close("dx", &ax, &bx);
            assert_close("db", &ab, &bb);
            assert_close("dc", &ac, &bc);
            // What a gate does through the decay is a difference of sums, over `1 - gate`: as
            // good as the logarithm of the decay, which the layer's slope turns it back into.
            let by_log = |dgate: &[f32]| -> Vec<f32> {
                dgate
                    .iter()
                    .zip(&gate)
                    .map(|(d, g)| d * (1.0 - g))
                    .collect()
            };
            assert_close("dgate", &by_log(&ag), &by_log(&bg));
        }
    }
}
