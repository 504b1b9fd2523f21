//! Lanes, states and conditions.

use std::sync::Arc;

use umoec_exact::random::model;
use umoec_exact::{Fused, Stepper};

use super::Group;
use crate::common::{load, recurrent};

#[test]
fn lanes_are_copied_and_reset() {
    for file in [recurrent(), model(3), model(4)] {
        let model = Arc::new(load(&file).unwrap());
        let mut group = Group::new(&model, 5);
        group.run(1, 4);
        group.each(|stepper| stepper.broadcast(3));
        group.run(2, 3);
        group.each(|stepper| stepper.reset());
        group.run(3, 3);
    }
}

#[test]
fn many_lanes() {
    for seed in [5, 6] {
        let model = Arc::new(load(&model(seed)).unwrap());
        Group::new(&model, 64).run(seed, 2);
    }
}

#[test]
fn wrong_sizes_are_refused_and_change_nothing() {
    let model = Arc::new(load(&recurrent()).unwrap());
    assert!(Fused::new(Arc::clone(&model), 0).is_err());
    let mut group = Group::new(&model, 2);
    for (_, fused) in &mut group.fused {
        assert!(fused.step(b"x", &mut [0; 512]).is_err());
        assert!(fused.step(b"xy", &mut [0; 256]).is_err());
        assert!(fused.set_condition(&[1]).is_err());
    }
    group.run(1, 3);
}

/// Lanes that move between steppers of one, two and three lanes go on as those that stay.
#[test]
fn lanes_move_from_stepper_to_stepper() {
    for file in [recurrent(), model(3), model(4), model(9)] {
        let model = Arc::new(load(&file).unwrap());
        let one = Fused::new(Arc::clone(&model), 1).unwrap();
        let mut stay = [one.start(), one.start()];
        let mut alone = [one.start(), one.start()];
        let mut two = Fused::new(Arc::clone(&model), 2).unwrap().start();
        let mut three = Fused::new(Arc::clone(&model), 3).unwrap().start();
        let mut logits = [[0; 256]; 2];
        let mut together = [0; 768];
        for step in 0..24u8 {
            let bytes = [step.wrapping_mul(37), 200 - step];
            for lane in 0..2 {
                stay[lane].step(&[bytes[lane]], &mut logits[lane]).unwrap();
            }
            let found = match step / 2 % 3 {
                0 => {
                    for lane in 0..2 {
                        let its = &mut together[lane * 256..][..256];
                        alone[lane].step(&[bytes[lane]], its).unwrap();
                    }
                    [&together[..256], &together[256..512]]
                }
                1 => {
                    for (lane, alone) in alone.iter().enumerate() {
                        two.copy_lane(lane, alone, 0);
                    }
                    two.step(&bytes, &mut together[..512]).unwrap();
                    for (lane, alone) in alone.iter_mut().enumerate() {
                        alone.copy_lane(0, &two, lane);
                    }
                    [&together[..256], &together[256..512]]
                }
                _ => {
                    // In another order, with a stranger between them.
                    three.copy_lane(2, &alone[0], 0);
                    three.copy_lane(0, &alone[1], 0);
                    three.step(&[bytes[1], 7, bytes[0]], &mut together).unwrap();
                    alone[0].copy_lane(0, &three, 2);
                    alone[1].copy_lane(0, &three, 0);
                    [&together[512..], &together[..256]]
                }
            };
            assert!(found == logits, "step {step}");
        }
    }
}

#[test]
#[should_panic = "one model"]
fn states_of_another_model_are_refused() {
    let started = |file: &[u8]| {
        Fused::new(Arc::new(load(file).unwrap()), 1)
            .unwrap()
            .start()
    };
    started(&recurrent()).copy_lane(0, &started(&recurrent()), 0);
}
