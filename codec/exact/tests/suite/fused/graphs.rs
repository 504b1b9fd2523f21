//! Graphs of all kinds.

use umoec_exact::random::{PARTS, model, model_of};

use super::check;
use crate::common::recurrent;

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
