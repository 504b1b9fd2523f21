//! What the verifier accepts is exact: every value of every accepted graph is the same in the
//! integers of the reference and in floats that are treated as badly as a runtime may.

use std::collections::HashMap;
use std::sync::Arc;

use umoec_exact::random::{Random, model};
use umoec_exact::reference::Tensor;
use umoec_exact::{Certificate, Reference, StepModel};

use crate::common::load;
use crate::float::{Order, Rounding, Style, run};
use crate::wild::candidate;

/// Every way to compute.
fn styles(seed: u64, certificate: &Certificate) -> Vec<Style> {
    use Order::{Aligned, Forward, NegativeFirst, PositiveFirst, Shuffled, Tree};
    let mut styles = Vec::new();
    for order in [
        Forward,
        Shuffled,
        PositiveFirst,
        NegativeFirst,
        Tree,
        Aligned,
    ] {
        for (fused, reassociate) in [(false, false), (true, true), (false, true)] {
            styles.push(Style::new(
                seed ^ styles.len() as u64,
                order,
                fused,
                reassociate,
            ));
        }
    }
    let modes = certificate.modes;
    for (allowed, rounding) in [
        (modes.tf32, Rounding::Tf32),
        (modes.bf16, Rounding::Bf16),
        (modes.fp16, Rounding::Fp16),
    ] {
        if allowed {
            let style = Style::new(seed, Aligned, false, false);
            styles.push(Style { rounding, ..style });
        }
    }
    styles
}

/// A byte and states for one lane: extremes, zeros, anything in between.
fn inputs(model: &StepModel, random: &mut Random) -> (u8, HashMap<String, Vec<i64>>) {
    let byte = [0, 255, random.byte()][random.index(3)];
    let states = model.interface().states.iter().map(|state| {
        let (low, high) = (i64::from(state.range.low), i64::from(state.range.high));
        let kind = random.index(4);
        let numbers = (0..state.elements()).map(|_| match (kind, random.index(3)) {
            (0, _) | (1, 0) => low,
            (1, 1) | (2, _) => high,
            (1, _) if low <= 0 && high >= 0 => 0,
            _ => low + random.below((high - low + 1) as u64) as i64,
        });
        (state.name.clone(), numbers.collect())
    });
    (byte, states.collect())
}

/// Checks a model on one input, and says how many values were compared.
pub(crate) fn check(model: &Arc<StepModel>, random: &mut Random, widest: usize) -> usize {
    let (byte, states) = inputs(model, random);
    let mut reference = Reference::new(Arc::clone(model), 1).unwrap();
    let mut floats = HashMap::from([("byte".to_owned(), vec![f32::from(byte)])]);
    for state in &model.interface().states {
        let numbers = &states[&state.name];
        reference.set_state(&state.name, numbers).unwrap();
        // A zero may come back with either sign.
        let unit = f64::from(state.range.exponent).exp2();
        let held = numbers.iter().map(|&n| match (n, random.flag()) {
            (0, true) => -0.0,
            _ => (n as f64 * unit) as f32,
        });
        floats.insert(state.input(), held.collect());
    }
    let truth = reference.trace(&[byte]).unwrap();
    for fact in &model.certificate().tensors {
        within(
            fact.name.as_str(),
            &truth,
            fact.exponent,
            fact.low,
            fact.high,
        );
    }
    let mut compared = 0;
    for mut style in styles(random.word(), model.certificate()) {
        let computed = run(model.graph(), &floats, widest, &mut style);
        for (name, tensor) in &truth {
            let Some(computed) = computed.get(*name) else {
                assert!(tensor.numbers.len() > widest);
                continue;
            };
            assert_eq!(computed.len(), tensor.numbers.len());
            for (at, &x) in computed.iter().enumerate() {
                compared += 1;
                let exact = tensor.numbers[at] as f64 * f64::from(tensor.exponent).exp2();
                assert!(
                    f64::from(x) == exact,
                    "{name}[{at}] is {x}, not {exact}, {style:?}"
                );
            }
        }
    }
    compared
}

/// Checks that what was computed is within what was proved.
fn within(name: &str, truth: &HashMap<&str, Arc<Tensor>>, exponent: i32, low: i64, high: i64) {
    let Some(tensor) = truth.get(name) else {
        return;
    };
    for at in 0..tensor.numbers.len() {
        let n = tensor.get(at).in_unit(exponent);
        let n = n.unwrap_or_else(|| panic!("{name}[{at}] is no multiple of 2^{exponent}"));
        assert!(
            (low.into()..=high.into()).contains(&n),
            "{name}[{at}] is {n}"
        );
    }
}

#[test]
fn accepted_graphs_near_the_bounds_are_exact() {
    let seeds: u64 = std::env::var("UMOEC_FUZZ_SEEDS").map_or(6000, |n| n.parse().unwrap());
    let (mut accepted, mut near, mut compared) = (0, 0, 0);
    for seed in 0..seeds {
        let Ok(model) = load(&candidate(seed)) else {
            continue;
        };
        accepted += 1;
        let worst = model
            .certificate()
            .worst
            .as_ref()
            .map_or(0, |worst| worst.bound);
        near += u64::from(worst > 1 << 23);
        let (model, mut random) = (Arc::new(model), Random::new(seed));
        for _ in 0..3 {
            // All but the logits, which are always zero here.
            compared += check(&model, &mut random, 255);
        }
    }
    println!("{accepted} of {seeds} accepted, {near} near the bound, {compared} values");
    // Neither too strict to say anything nor blind.
    assert!(
        accepted * 4 > seeds && accepted < seeds * 9 / 10,
        "{accepted} of {seeds}"
    );
    assert!(near * 20 > seeds, "only {near} came near the bound");
    assert!(compared > 100_000);
}

#[test]
fn random_models_are_exact() {
    for seed in 0..12 {
        let model = Arc::new(load(&model(seed)).unwrap());
        let mut random = Random::new(seed);
        for _ in 0..2 {
            check(&model, &mut random, usize::MAX);
        }
    }
}
