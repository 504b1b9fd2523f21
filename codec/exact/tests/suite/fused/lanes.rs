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
