//! What is found in small graphs.

use crate::build::{GraphBuilder, ModelCard};
use crate::{ModelLimits, StateRange, StepModel};

use super::*;

/// A graph with a condition and a product of matrices, and what is planned for it.
fn planned(part: impl FnOnce(&mut GraphBuilder, &str, &str)) -> (StepModel, Plan) {
    let mut b = GraphBuilder::new(&ModelCard::named("plan", "1"));
    let byte = b.byte_input();
    let bound = b.scalar(99.0);
    let condition = b.greater(&byte, &bound);
    let weights = b.weights_i8("weights", &[1, 256], &[1; 256]);
    let product = b.matmul(&byte, &weights);
    part(&mut b, &condition, &product);
    let model = StepModel::load(&b.finish(), &ModelLimits::default()).unwrap();
    let facts = &model.certificate().tensors;
    let scale = |name: &str| facts.iter().find(|fact| fact.name == name).map(Scale::of);
    let values = model.graph().values.iter();
    let scales: Vec<_> = values.map(|value| scale(&value.name)).collect();
    let plan = Plan::new(model.graph(), model.interface(), &scales);
    (model, plan)
}

/// The operators that are in a region and depend on an input, in order.
fn inside((model, plan): &(StepModel, Plan)) -> Vec<&'static str> {
    let nodes = plan.nodes.iter().zip(&plan.places);
    let varies = |node: &Node| model.graph().values[node.outputs[0]].shape.has_lanes();
    let nodes = nodes.filter(|(node, place)| **place != ALWAYS && varies(node));
    nodes.map(|(node, _)| node.op.name()).collect()
}

#[test]
fn products_that_are_only_chosen_are_in_a_region() {
    let all = planned(|b, condition, product| {
        let two = b.scalar(2.0);
        let twice = b.mul(product, &two);
        let twice = b.clip(&twice, 0.0, 255.0);
        let logits = b.select(condition, &twice, "byte");
        b.output("logits", &logits, &[256]);
    });
    assert_eq!(inside(&all), ["MatMul", "Mul", "Clip"]);
}

#[test]
fn what_something_else_reads_is_not() {
    let all = planned(|b, condition, product| {
        let chosen = b.select(condition, product, "byte");
        let logits = b.add(&chosen, product);
        b.output("logits", &logits, &[256]);
    });
    assert_eq!(inside(&all), [""; 0]);
    // Then the order is the graph's.
    let names = |nodes: &[Node]| -> Vec<String> { nodes.iter().map(|n| n.name.clone()).collect() };
    assert_eq!(names(&all.1.nodes), names(&all.0.graph().nodes));
}

#[test]
fn a_region_without_products_is_not_worth_it() {
    let all = planned(|b, condition, product| {
        let negative = b.neg(product);
        let chosen = b.select(condition, &negative, "byte");
        let logits = b.add(&chosen, product);
        b.output("logits", &logits, &[256]);
    });
    assert_eq!(inside(&all), [""; 0]);
}

#[test]
fn a_state_that_is_kept_is_carried() {
    let all = planned(|b, condition, product| {
        let state = b.state("s", &[16, 16], StateRange::integers(0, 255));
        let flat = b.reshape(&state, &[0, 256]);
        let waits = b.not(condition);
        let next = b.select(&waits, &flat, product);
        let square = b.reshape(&next, &[0, 16, 16]);
        b.next_state("s", &square, &[16, 16]);
        b.output("logits", &next, &[256]);
    });
    assert_eq!(inside(&all), ["MatMul", "Where"]);
    let [carried] = all.1.carried[..] else {
        panic!("{:?}", all.1.carried)
    };
    assert_eq!(carried.state, 0);
    assert!(all.1.regions.key(carried.region).truth);
}

#[test]
fn a_state_behind_several_conditions_is_carried_where_all_hold() {
    let depth = |read_between: bool| {
        let (_, plan) = planned(|b, condition, product| {
            let state = b.state("s", &[256], StateRange::integers(0, 255));
            let weights = b.weights_i8("more", &[256, 256], &[1; 1 << 16]);
            let sums = b.matmul(product, &weights);
            let sums = b.clip(&sums, 0.0, 255.0);
            let bound = b.scalar(3.0);
            let first = b.slice(&sums, &[0], &[1], &[1]);
            let second = b.greater(&first, &bound);
            let weights = b.weights_i8("last", &[256, 256], &[1; 1 << 16]);
            let sums = b.matmul(&sums, &weights);
            let sums = b.clip(&sums, 0.0, 255.0);
            let inner = b.select(&second, &sums, &state);
            let next = b.select(condition, &inner, &state);
            b.next_state("s", &next, &[256]);
            let logits = b.select(&second, &sums, product);
            let read = if read_between { &inner } else { &logits };
            let logits = b.select(condition, read, "byte");
            b.output("logits", &logits, &[256]);
        });
        let [carried] = plan.carried[..] else {
            panic!("{:?}", plan.carried)
        };
        plan.regions.path(carried.region).count()
    };
    assert_eq!(depth(false), 2);
    // What is read where the inner condition does not hold has to be there.
    assert_eq!(depth(true), 1);
}

#[test]
fn within_a_region_the_choice_is_known() {
    let all = planned(|b, condition, product| {
        let state = b.state("s", &[256], StateRange::integers(0, 255));
        let next = b.select(condition, product, &state);
        b.next_state("s", &next, &[256]);
        // It reads the product, not what is chosen.
        let more = b.abs(&next);
        let logits = b.select(condition, &more, "byte");
        b.output("logits", &logits, &[256]);
    });
    assert_eq!(inside(&all), ["MatMul", "Where", "Abs"]);
    let nodes = &all.1.nodes;
    let node = |name: &str| nodes.iter().find(|node| node.op.name() == name).unwrap();
    assert_eq!(node("Abs").inputs, node("MatMul").outputs);
}
