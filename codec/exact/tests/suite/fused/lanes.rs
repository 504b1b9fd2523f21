//! Lanes, states and conditions.

use std::sync::Arc;

use umoec_exact::random::model;
use umoec_exact::{Fused, Isa, Stepper};

use super::Pair;
use crate::common::{load, recurrent};

#[test]
fn lanes_are_copied_and_reset() {
    for file in [recurrent(), model(3), model(4)] {
        let model = Arc::new(load(&file).unwrap());
        for isa in Isa::here() {
            let mut pair = Pair::new(&model, 5, isa);
            pair.run(1, 4);
            pair.fused.broadcast(3);
            pair.reference.broadcast(3);
            pair.run(2, 3);
            pair.fused.reset();
            pair.reference.reset();
            pair.run(3, 3);
        }
    }
}

#[test]
fn many_lanes() {
    for seed in [5, 6] {
        let model = Arc::new(load(&model(seed)).unwrap());
        for isa in Isa::here() {
            Pair::new(&model, 64, isa).run(seed, 2);
        }
    }
}

#[test]
fn wrong_sizes_are_refused_and_change_nothing() {
    let model = Arc::new(load(&recurrent()).unwrap());
    assert!(Fused::new(Arc::clone(&model), 0).is_err());
    let mut pair = Pair::new(&model, 2, Isa::Scalar);
    assert!(pair.fused.step(b"x", &mut [0; 512]).is_err());
    assert!(pair.fused.step(b"xy", &mut [0; 256]).is_err());
    assert!(pair.fused.set_condition(&[1]).is_err());
    pair.run(1, 3);
}
