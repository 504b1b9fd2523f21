//! Memories of which each step changes one place.

use umoec_exact::StateRange;
use umoec_exact::build::{GraphBuilder, ModelCard};
use umoec_exact::onnx::data_type;

use super::check;

/// A memory of `slots` whose entries count half units, written behind the place of the byte before and read behind that of
/// the byte at hand; read as a whole too, if so asked.
fn model(slots: usize, whole: bool) -> Vec<u8> {
    let mut b = GraphBuilder::new(&ModelCard::named("memory", "1"));
    let byte = b.byte_input();
    let range = StateRange {
        low: 0,
        high: 1021,
        exponent: -1,
        initial: 3,
    };
    let memory = b.state("memory", &[slots], range);
    let top = slots as i32 - 1;
    let place = b.state("place", &[1], StateRange::integers(0, top));
    let index = b.cast(&place, data_type::INT64);
    let held = b.gather_elements(&memory, &index, 1);
    let half = b.scalar(0.5);
    let held = b.mul(&held, &half);
    let held = b.floor(&held);
    let entry = b.add(&held, &byte);
    let one = b.scalar(0.5);
    let entry = b.add(&entry, &one);
    let entry = b.clip(&entry, 0.0, 510.5);
    let places: Vec<f32> = (0..slots).map(|i| i as f32).collect();
    let places = b.initializer_f32("places", &[slots], &places);
    let here = b.equal(&place, &places);
    let next = b.select(&here, &entry, &memory);
    b.next_state("memory", &next, &[slots]);

    let now = b.clip(&byte, 0.0, top as f32);
    b.next_state("place", &now, &[1]);
    let index = b.cast(&now, data_type::INT64);
    let mut seen = b.gather_elements(&next, &index, 1);
    if whole {
        let all = b.reduce_sum(&next, &[1], true);
        seen = b.add(&seen, &all);
    }
    let weights: Vec<f32> = (0..256).map(|i| (i % 5) as f32).collect();
    let weights = b.initializer_f32("weights", &[256], &weights);
    let logits = b.mul(&seen, &weights);
    let logits = b.floor(&logits);
    let logits = b.clip(&logits, -4096.0, 4095.0);
    b.output("logits", &logits, &[256]);
    b.finish()
}

#[test]
fn one_place_changes_and_the_others_stay() {
    for slots in [2, 16, 100] {
        for whole in [false, true] {
            check(&model(slots, whole), 150);
        }
    }
}
