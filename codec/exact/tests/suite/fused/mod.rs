//! The fused engine gives the reference's bits, with every instruction set of this machine.

mod graphs;
mod lanes;
mod skipped;

use std::sync::Arc;

use umoec_exact::fused::FusedStepper;
use umoec_exact::random::bytes;
use umoec_exact::{Fused, Isa, Reference, StepModel, Stepper};

use crate::common::load;

/// The engine and the reference side by side.
struct Pair {
    isa: Isa,
    fused: FusedStepper,
    reference: Reference,
    steps: usize,
}

impl Pair {
    fn new(model: &Arc<StepModel>, lanes: usize, isa: Isa) -> Self {
        let fused = Fused::with_isa(Arc::clone(model), lanes, isa).unwrap();
        Self {
            isa,
            fused: fused.start(),
            reference: Reference::new(Arc::clone(model), lanes).unwrap(),
            steps: 0,
        }
    }

    /// Feeds both with different bytes in all lanes.
    fn run(&mut self, seed: u64, steps: usize) {
        let lanes = self.fused.lanes();
        let mut logits = [vec![0; lanes * 256], vec![1; lanes * 256]];
        for bytes in bytes(seed, steps * lanes).chunks_exact(lanes) {
            self.fused.step(bytes, &mut logits[0]).unwrap();
            self.reference.step(bytes, &mut logits[1]).unwrap();
            assert!(
                logits[0] == logits[1],
                "{} with {lanes} lanes differs at step {}, at logit {:?}",
                self.isa,
                self.steps,
                (0..lanes * 256).find(|&at| logits[0][at] != logits[1][at])
            );
            self.steps += 1;
        }
    }
}

/// A few steps of a model in every way.
fn check(file: &[u8], steps: usize) {
    let model = Arc::new(load(file).unwrap());
    for isa in Isa::here() {
        for lanes in [1, 3, 7] {
            Pair::new(&model, lanes, isa).run(lanes as u64, steps);
        }
    }
}
