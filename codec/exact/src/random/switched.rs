//! Parts that leave work out: experts that are not chosen, and what a condition switches off.

use crate::interface::StateRange;
use crate::onnx::data_type;

use super::{Generator, LARGEST, Part, WIDTH, networks, parts};

/// The parts of this file.
pub(super) const ALL: [Part; 4] = [mixture, switched, patches, early];

const W: i64 = WIDTH as i64;

/// A layer of a mixture of experts: both matrices and the bias between them are the chosen ones'.
fn mixture(g: &mut Generator) -> String {
    const HIDDEN: usize = 12;
    let x = g.any();
    let experts = 2 + g.random.index(6);
    let chosen = 1 + g.random.index(experts.min(3));
    let router = g.weights(&[WIDTH, experts]);
    let scores = g.b.matmul(&x, &router);
    // Not zero, so that no sum is a negative zero.
    let balance: Vec<f32> = (0..experts)
        .map(|_| g.random.below(999) as f32 + 0.25)
        .collect();
    let balance = g.b.initializer_f32("balance", &[experts], &balance);
    let scores = g.b.add(&scores, &balance);
    let (values, picked) = g.b.top_k(&scores, chosen, 1);

    let up = g.weights(&[experts, WIDTH, HIDDEN]);
    let up = g.b.gather(&up, &picked, 0);
    let row = g.b.reshape(&x, &[0, 1, 1, W]);
    let hidden = g.b.matmul(&row, &up);
    let bias = g.floats(&[experts, 1, HIDDEN], 500);
    let bias = g.b.gather(&bias, &picked, 0);
    let hidden = g.b.add(&hidden, &bias);
    let hidden = g.b.requantise(&hidden, 8, true, 0.0, 31.0);
    let hidden = g.b.mul(&hidden, &hidden);
    let hidden = g.b.requantise(&hidden, 2, true, 0.0, 255.0);
    // Now and then the matrices lie the other way round.
    let down = if g.random.flag() {
        let down = g.weights(&[experts, WIDTH, HIDDEN]);
        let down = g.b.gather(&down, &picked, 0);
        g.b.transpose(&down, &[0, 1, 3, 2])
    } else {
        let down = g.weights(&[experts, HIDDEN, WIDTH]);
        g.b.gather(&down, &picked, 0)
    };
    let mut outputs = g.b.matmul(&hidden, &down);
    if g.random.flag() {
        // Something else that reads the matrices.
        let columns = g.b.reduce_sum(&down, &[2], true);
        outputs = g.b.add(&outputs, &columns);
    }
    let outputs = g.b.squeeze(&outputs, &[2]);
    let outputs = g.b.requantise(&outputs, 6, true, -2000.0, 2000.0);
    let gates = g.b.requantise(&values, 8, false, 0.0, 63.0);
    let gates = g.b.unsqueeze(&gates, &[2]);
    let weighted = g.b.mul(&outputs, &gates);
    let mixed = g.b.reduce_sum(&weighted, &[1], false);
    g.tidy(&mixed, 9)
}

/// Another part whose result is taken where a condition holds, and something else where it does
/// not.
fn switched(g: &mut Generator) -> String {
    let x = g.any();
    let condition = condition(g);
    let known = g.values.len();
    let inner: [Part; 5] = [
        parts::linear,
        networks::attention,
        networks::experts,
        mixture,
        if g.depth < 2 { switched } else { patches },
    ];
    let inner = inner[g.random.index(inner.len())];
    g.depth += 1;
    let y = inner(g);
    g.values.truncate(known);
    g.values.push(y);
    let y = parts::linear(g);
    g.values.truncate(known);
    g.depth -= 1;
    match g.random.index(4) {
        0 => {
            let sum = g.b.add(&x, &y);
            let sum = g.b.clip(&sum, -LARGEST, LARGEST);
            g.b.select(&condition, &sum, &x)
        }
        1 => {
            let not = g.b.not(&condition);
            g.b.select(&not, &x, &y)
        }
        2 => {
            let square = |g: &mut Generator, x: &str| g.b.reshape(x, &[0, 2, -1]);
            let (first, second) = (square(g, &x), square(g, &y));
            let condition = g.b.unsqueeze(&condition, &[2]);
            let all = g.b.select(&condition, &second, &first);
            g.b.reshape(&all, &[0, W])
        }
        _ => kept(g, &condition, &y),
    }
}

/// What a value was when the condition last held; sometimes what it was the time before.
fn kept(g: &mut Generator, condition: &str, x: &str) -> String {
    let initial = g.random.below(9) as i32 - 4;
    let range = StateRange {
        initial,
        ..StateRange::integers(-127, 127)
    };
    let (name, state) = g.state(&[WIDTH], range);
    let next = if g.random.flag() {
        g.b.select(condition, x, &state)
    } else {
        let not = g.b.not(condition);
        g.b.select(&not, &state, x)
    };
    g.b.next_state(&name, &next, &[WIDTH]);
    match g.random.index(3) {
        0 => next,
        1 => state,
        _ => {
            let sum = g.b.add(&next, &state);
            g.tidy(&sum, 1)
        }
    }
}

/// A recurrent network that runs once for each patch of bytes.
fn patches(g: &mut Generator) -> String {
    let x = g.any();
    let condition = condition(g);
    let (name, state, new) = recurrence(g, &x);
    let next = g.b.select(&condition, &new, &state);
    g.b.next_state(&name, &next, &[WIDTH]);
    let read = if g.random.flag() { &new } else { &next };
    let out = read_back(g, read);
    kept(g, &condition, &out)
}

/// A network that ends early where a condition holds, and else where another one does; states behind an end are kept there.
fn early(g: &mut Generator) -> String {
    let first = g.any();
    let outer = if g.told {
        condition(g)
    } else {
        hastily(g, &first)
    };
    let (name, state, new) = recurrence(g, &first);
    let next = g.b.select(&outer, &state, &new);
    g.b.next_state(&name, &next, &[WIDTH]);
    let second = read_back(g, &new);

    let known = g.values.len();
    g.values.push(second.clone());
    let inner = condition(g);
    g.values.truncate(known);
    let (name, state, new) = recurrence(g, &second);
    let going_on = g.b.not(&inner);
    let next = g.b.select(&going_on, &new, &state);
    // What the outer condition chooses is sometimes read elsewhere, too.
    let third = match g.random.index(3) {
        0 => read_back(g, &next),
        _ => read_back(g, &new),
    };
    let next = g.b.select(&outer, &state, &next);
    g.b.next_state(&name, &next, &[WIDTH]);
    let later = g.b.select(&inner, &second, &third);
    g.b.select(&outer, &first, &later)
}

/// Where no more channels are near the greatest one than the graph is told.
fn hastily(g: &mut Generator, x: &str) -> String {
    g.told = true;
    let haste = g.b.condition_input(1, StateRange::integers(0, 8));
    let greatest = g.b.reduce_max(x, &[1], true);
    let lead = g.b.scalar(30.0);
    let bound = g.b.sub(&greatest, &lead);
    let near = g.b.greater(x, &bound);
    let near = g.b.cast(&near, data_type::FLOAT);
    let near = g.b.reduce_sum(&near, &[1], true);
    g.b.less_or_equal(&near, &haste)
}

/// A state that follows a value: its name, what it was and what it becomes.
fn recurrence(g: &mut Generator, x: &str) -> (String, String, String) {
    let (name, state) = g.state(&[WIDTH], StateRange::integers(-65_000, 65_000));
    let weights = g.weights(&[WIDTH, WIDTH]);
    let seven = g.b.scalar(7.0);
    let change = g.b.matmul(x, &weights);
    let change = g.b.requantise(&change, 4, true, -9000.0, 9000.0);
    let old = g.b.mul(&state, &seven);
    let old = g.b.requantise(&old, 3, false, -65_000.0, 65_000.0);
    let sum = g.b.add(&old, &change);
    let new = g.b.clip(&sum, -65_000.0, 65_000.0);
    (name, state, new)
}

/// What a layer makes of a state.
fn read_back(g: &mut Generator, state: &str) -> String {
    let read = g.tidy(state, 9);
    let weights = g.weights(&[WIDTH, WIDTH]);
    let out = g.b.matmul(&read, &weights);
    g.tidy(&out, 8)
}

/// One truth value for each lane: the end of a period, a kind of byte, or the sign of a channel.
fn condition(g: &mut Generator) -> String {
    let [zero, one] = [0.0, 1.0].map(|n| g.b.scalar(n));
    match g.random.index(4) {
        0 => {
            let bound = g.b.scalar(100.0);
            g.b.greater("byte", &bound)
        }
        1 => {
            let x = g.any();
            let channel = g.b.slice(&x, &[2], &[3], &[1]);
            g.b.greater_or_equal(&channel, &zero)
        }
        _ => {
            let last = 1 + g.random.below(4) as i32;
            let (name, phase) = g.state(&[1], StateRange::integers(0, last));
            let end = g.b.scalar(last as f32);
            let due = g.b.equal(&phase, &end);
            let next = g.b.add(&phase, &one);
            let next = g.b.select(&due, &zero, &next);
            let next = g.b.clip(&next, 0.0, last as f32);
            g.b.next_state(&name, &next, &[1]);
            due
        }
    }
}
