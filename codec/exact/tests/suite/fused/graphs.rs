//! Graphs of all kinds.

use std::collections::HashSet;
use std::sync::Arc;

use umoec_exact::random::{PARTS, model, model_of, switched_model};
use umoec_exact::{Fused, Isa, Stepper};

use super::{Group, check};
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

/// Experts that are not chosen, networks that are switched off.
#[test]
fn random_graphs_that_leave_work_out() {
    let (mut run, mut skipped) = (0, 0);
    for seed in 0..60 {
        let model = Arc::new(load(&switched_model(seed)).unwrap());
        for lanes in [1, 2, 5] {
            let mut group = Group::new(&model, lanes);
            group.run(seed, 9);
            group.each(|stepper| stepper.broadcast(lanes / 2));
            group.run(!seed, 6);
            group.each(|stepper| stepper.reset());
            group.run(seed, 3);
            for (_, fused) in &group.fused {
                run += fused.regions().run;
                skipped += fused.regions().skipped;
            }
        }
    }
    assert!(run > 2000 && skipped > 2000, "{run} run, {skipped} skipped");
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
        Group::new(&model, 2).run(seed, 2);
        let mut logits = vec![0; 256];
        let mut one = Fused::with_isa(model, 1, Isa::Scalar).unwrap().start();
        one.step(b"x", &mut logits).unwrap();
        seen.insert(logits);
    }
    assert!(accepted > 300, "{accepted} accepted");
    assert!(seen.len() > 240, "{} different results", seen.len());
}
