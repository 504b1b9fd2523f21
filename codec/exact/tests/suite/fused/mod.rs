//! The fused engine gives the reference's bits, with every instruction set of this machine.

mod graphs;
mod lanes;
mod memories;
mod skipped;

use std::sync::Arc;

use umoec_exact::fused::FusedStepper;
use umoec_exact::random::bytes;
use umoec_exact::{Condition, Fused, Isa, Reference, StepModel, Stepper};

use crate::common::load;

/// The engine with every instruction set of this machine and the reference side by side.
struct Group {
    fused: Vec<(Isa, FusedStepper)>,
    reference: Reference,
    condition: Option<Condition>,
    steps: usize,
}

impl Group {
    fn new(model: &Arc<StepModel>, lanes: usize) -> Self {
        let start = |isa| {
            let fused = Fused::with_isa(Arc::clone(model), lanes, isa).unwrap();
            (isa, fused.start())
        };
        Self {
            fused: Isa::here().map(start).collect(),
            reference: Reference::new(Arc::clone(model), lanes).unwrap(),
            condition: model.interface().condition.clone(),
            steps: 0,
        }
    }

    /// Tells all lanes of all something else than before, if they can be told.
    fn tell(&mut self, bytes: &[u8]) {
        let Some(Condition { size, range }) = self.condition.clone() else {
            return;
        };
        let span = range.high - range.low + 1;
        let at = |i: usize| i32::from(bytes[i % bytes.len()]) + (i / bytes.len()) as i32;
        let told = (0..bytes.len() * size).map(|i| range.low + at(i) % span);
        let told: Vec<i32> = told.collect();
        self.each(|stepper| stepper.set_condition(&told).unwrap());
    }

    /// Feeds all with different bytes in all lanes.
    fn run(&mut self, seed: u64, steps: usize) {
        let lanes = self.reference.lanes();
        let mut expected = vec![1; lanes * 256];
        for bytes in bytes(seed, steps * lanes).chunks_exact(lanes) {
            self.tell(bytes);
            self.reference.step(bytes, &mut expected).unwrap();
            for (isa, fused) in &mut self.fused {
                let mut logits = vec![0; lanes * 256];
                fused.step(bytes, &mut logits).unwrap();
                assert!(
                    logits == expected,
                    "{isa} with {lanes} lanes differs at step {}, at logit {:?}",
                    self.steps,
                    (0..lanes * 256).find(|&at| logits[at] != expected[at])
                );
            }
            self.steps += 1;
        }
    }

    fn each(&mut self, change: impl Fn(&mut dyn Stepper)) {
        change(&mut self.reference);
        for (_, fused) in &mut self.fused {
            change(fused);
        }
    }
}

/// A few steps of a model in every way.
fn check(file: &[u8], steps: usize) {
    let model = Arc::new(load(file).unwrap());
    for lanes in [1, 3, 7] {
        Group::new(&model, lanes).run(lanes as u64, steps);
    }
}
