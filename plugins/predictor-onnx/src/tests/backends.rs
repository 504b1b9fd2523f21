//! A backend against the reference, step by step.

use std::sync::Arc;

use umoec_exact::{Reference, Stepper};

use super::{step_model, tiny};
use crate::backend::Prepared;
use crate::{Backend, Loaded};

fn pair(lanes: usize) -> (Box<dyn Stepper>, Reference) {
    let model = tiny();
    let loaded = Loaded::new(Arc::clone(&model)).unwrap();
    let prepared = loaded.prepare(Backend::Tract, lanes).unwrap();
    let reference = Reference::new(step_model(&model), lanes).unwrap();
    (prepared.start().unwrap(), reference)
}

fn both(one: &mut dyn Stepper, other: &mut dyn Stepper, bytes: &[u8]) {
    let mut logits = [vec![0; bytes.len() * 256], vec![0; bytes.len() * 256]];
    one.step(bytes, &mut logits[0]).unwrap();
    other.step(bytes, &mut logits[1]).unwrap();
    assert_eq!(logits[0], logits[1]);
}

#[test]
fn steps_resets_and_copies_of_lanes_are_those_of_the_reference() {
    for lanes in [1, 3, 16] {
        let (mut tract, mut reference) = pair(lanes);
        assert_eq!(tract.lanes(), lanes);
        let bytes = |step: usize| -> Vec<u8> {
            (0..lanes)
                .map(|lane| (step * 91 + lane * 57) as u8)
                .collect()
        };
        for step in 0..10 {
            both(&mut *tract, &mut reference, &bytes(step));
        }
        tract.broadcast(lanes - 1);
        reference.broadcast(lanes - 1);
        for step in 10..15 {
            both(&mut *tract, &mut reference, &bytes(step));
        }
        tract.reset();
        reference.reset();
        both(&mut *tract, &mut reference, &bytes(0));
    }
}

#[test]
fn slices_that_do_not_fit_are_refused_and_change_nothing() {
    let (mut tract, mut reference) = pair(2);
    assert!(tract.step(b"abc", &mut [0; 512]).is_err());
    assert!(tract.step(b"ab", &mut [0; 511]).is_err());
    assert!(tract.set_condition(&[1]).is_err());
    both(&mut *tract, &mut reference, b"ab");
}

#[test]
fn what_is_prepared_once_is_prepared() {
    let loaded = Loaded::new(tiny()).unwrap();
    let one = loaded.prepare(Backend::Tract, 2).unwrap();
    let again = loaded.prepare(Backend::Tract, 2).unwrap();
    assert!(Arc::ptr_eq(&one, &again));
    assert!(!Arc::ptr_eq(
        &one,
        &loaded.prepare(Backend::Tract, 3).unwrap()
    ));
}

/// Gives the reference's logits, but for one of them.
struct Wrong(Reference);

impl Stepper for Wrong {
    fn lanes(&self) -> usize {
        self.0.lanes()
    }

    fn step(&mut self, bytes: &[u8], logits: &mut [i32]) -> umoec_exact::Result<()> {
        self.0.step(bytes, logits)?;
        if let Some(last) = logits.last_mut() {
            *last += 1;
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.0.reset();
    }

    fn broadcast(&mut self, from_lane: usize) {
        self.0.broadcast(from_lane);
    }
}

struct PrepareWrong;

impl Prepared for PrepareWrong {
    fn start(&self) -> umoec_exact::Result<Box<dyn Stepper>> {
        Ok(Box::new(Wrong(Reference::new(step_model(&tiny()), 3)?)))
    }
}

#[test]
fn a_backend_that_differs_in_one_logit_of_one_lane_is_refused() {
    let model = step_model(&tiny());
    assert!(model.self_test().is_some());
    let error = crate::selftest::run(&model, Backend::Tract, &PrepareWrong).unwrap_err();
    assert!(error.to_string().contains("differ"), "{error}");
    // A model without a vector is compared with the reference.
    let plain = umoec_codec::plugin::Model::new("plain", umoec_exact::random::model(1));
    assert!(step_model(&plain).self_test().is_none());
    Loaded::new(plain)
        .unwrap()
        .prepare(Backend::Tract, 2)
        .unwrap();
}

#[test]
fn generated_graphs_and_their_vectors() {
    use crate::conformance::{Case, LANES, Setting, digest, generated, read_vectors};
    let vectors = read_vectors();
    let cases = generated().unwrap();
    let told = |case: &Case| case.loaded.model().interface().condition.is_some();
    assert!(cases.iter().any(told), "no early exit of a haste");
    for case in cases {
        let vector = vectors.iter().find(|v| v.name == case.name).unwrap();
        let model = umoec_codec::plugin::hex(&case.loaded.model().hash());
        assert_eq!(
            vector.model, model,
            "{}: the generator has changed",
            case.name
        );
        let backends = [Backend::Fused, Backend::Tract, Backend::Reference];
        let settings = backends.map(|backend| {
            let isas = Setting::isas(backend).into_iter();
            isas.map(move |isa| (backend, isa))
        });
        for (backend, isa) in settings.into_iter().flatten() {
            for lanes in LANES {
                if backend == Backend::Reference && lanes == LANES[2] {
                    continue;
                }
                let setting = Setting {
                    backend,
                    lanes,
                    threads: 1 + lanes % 2,
                    isa,
                };
                let digest = digest(&case, setting).unwrap();
                let digest = umoec_codec::plugin::hex(&digest);
                assert_eq!(digest, vector.digest, "{} {setting:?}", case.name);
            }
        }
    }
}
