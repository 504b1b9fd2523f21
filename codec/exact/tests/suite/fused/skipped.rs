//! Work that is left out: experts that are not chosen, networks that are switched off.

use std::sync::Arc;

use umoec_exact::Regions;
use umoec_exact::{Fused, Isa, StepModel, Stepper};

use super::Group;
use crate::common::load;
use crate::common::networks::{Experts, Patches, experts, patches};

fn patched(period: usize) -> Arc<StepModel> {
    let sizes = Patches {
        period,
        layers: 1,
        states: 4,
    };
    Arc::new(load(&patches(sizes)).unwrap())
}

#[test]
fn chosen_experts_are_the_ones_of_the_reference() {
    for (of, hidden, chosen) in [(7, 24, 1), (12, 20, 3)] {
        let sizes = Experts {
            layers: 1,
            experts: of,
            hidden,
            chosen,
        };
        let model = Arc::new(load(&experts(sizes)).unwrap());
        for lanes in [1, 4] {
            Group::new(&model, lanes).run(lanes as u64, 12);
        }
    }
}

/// Lanes come out of step where bytes are zero, and are put together and back again on the way.
#[test]
fn patches_of_all_phases_are_those_of_the_reference() {
    for period in [4, 16] {
        let model = patched(period);
        for lanes in [1, 3, 16] {
            let mut group = Group::new(&model, lanes);
            group.run(1, 37);
            group.each(|stepper| stepper.broadcast(lanes - 1));
            group.run(2, 33);
            group.each(|stepper| stepper.reset());
            group.run(3, 30);
        }
    }
}

#[test]
fn what_is_switched_off_is_not_run() {
    for period in [4, 16] {
        for lanes in [1, 3] {
            let fused = Fused::with_isa(patched(period), lanes, Isa::Scalar).unwrap();
            let mut stepper = fused.start();
            let mut logits = vec![0; lanes * 256];
            let mut seen = Vec::new();
            for _ in 0..3 * period {
                let before = stepper.regions();
                stepper.step(&vec![b'x'; lanes], &mut logits).unwrap();
                seen.push(stepper.regions().run > before.run);
            }
            let due: Vec<bool> = (1..=3 * period).map(|step| step % period == 0).collect();
            assert_eq!(seen, due, "patches of {period} bytes, {lanes} lanes");
            // One region, and once more for each state that is read before it is written.
            let Regions { run, skipped } = stepper.regions();
            assert_eq!(skipped, run * (period as u64 - 1));
        }
    }
}
