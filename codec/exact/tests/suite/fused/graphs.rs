//! Graphs of all kinds.

use std::collections::HashSet;
use std::sync::Arc;

use umoec_exact::random::{PARTS, model, model_of};
use umoec_exact::{Fused, Isa, Stepper};

use super::{Pair, check};
use crate::common::{load, recurrent};
use crate::wild::observed;

#[test]
fn every_part_alone() {
    for part in 0..PARTS {
        check(&model_of(1, &[part]), 6);
    }
}

#[test]
fn random_graphs() {
    for seed in 0..40 {
        check(&model(seed), 6);
    }
}

#[test]
fn a_recurrent_model() {
    check(&recurrent(), 12);
}

/// Units far apart, numbers near the bounds: what needs more than 32 bits on the way.
#[test]
fn graphs_near_the_bounds() {
    let (mut accepted, mut seen) = (0, HashSet::new());
    for seed in 0..900 {
        let Ok(model) = load(&observed(seed)) else {
            continue;
        };
        accepted += 1;
        let model = Arc::new(model);
        for isa in Isa::here() {
            Pair::new(&model, 2, isa).run(seed, 2);
        }
        let mut logits = vec![0; 256];
        let mut one = Fused::with_isa(model, 1, Isa::Scalar).unwrap().start();
        one.step(b"x", &mut logits).unwrap();
        seen.insert(logits);
    }
    assert!(accepted > 300, "{accepted} accepted");
    assert!(seen.len() > 240, "{} different results", seen.len());
}
