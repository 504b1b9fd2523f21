//! Larger parts: what real models are made of.

use crate::interface::StateRange;
use crate::onnx::data_type;
use crate::softmax::TABLE;

use super::{Generator, LARGEST, Part, WIDTH};

/// The parts of this file.
pub(super) const ALL: [Part; 5] = [decay, attention, experts, hashed, ranking];

const W: i64 = WIDTH as i64;

/// A gated recurrence with decay from a table and more bits in the state than outside.
fn decay(g: &mut Generator) -> String {
    let (x, y) = (g.any(), g.any());
    let (name, state) = g.state(&[WIDTH], StateRange::integers(-65_000, 65_000));
    let offset = g.b.scalar(LARGEST);
    let place = g.b.add(&y, &offset);
    let curve: Vec<f32> = (0..255).map(|i| (i as f32 / 2.0).floor()).collect();
    let curve = g.b.initializer_f32("decays", &[255], &curve);
    let factor = g.b.look_up(&curve, &place, 0);
    let kept = g.b.mul(&state, &factor);
    let kept = g.b.requantise(&kept, 7, false, -65_000.0, 65_000.0);
    let gain = g.b.scalar(16.0);
    let added = g.b.mul(&x, &gain);
    let sum = g.b.add(&kept, &added);
    let next = g.b.clip(&sum, -65_000.0, 65_000.0);
    g.b.next_state(&name, &next, &[WIDTH]);
    g.tidy(&next, 8)
}

/// Attention over a cache of the last values: integer scores, an exp table, a reciprocal table.
pub(super) fn attention(g: &mut Generator) -> String {
    const PAST: usize = 5;
    let (x, query) = (g.any(), g.any());
    let (name, cache) = g.state(&[PAST, WIDTH], StateRange::integers(-127, 127));
    let newest = g.b.unsqueeze(&x, &[1]);
    let older = g.b.slice(&cache, &[1], &[PAST as i64], &[1]);
    let cache = g.b.concat(&[&older, &newest], 1);
    g.b.next_state(&name, &cache, &[PAST, WIDTH]);
    let keys = g.b.transpose(&cache, &[0, 2, 1]);
    let query = g.b.unsqueeze(&query, &[1]);
    let scores = g.b.matmul(&query, &keys);
    let peak = g.b.reduce_max(&scores, &[2], true);
    let below = g.b.sub(&peak, &scores);
    let below = g.b.requantise(&below, 8, false, 0.0, 31.0);
    // 127 * 2^(-i/8), rounded down, from the table of the softmax: no float decides it.
    let power = |i: usize| (127 * u64::from(TABLE[i * 8 % 64])) >> (30 + i / 8);
    let exp: Vec<f32> = (0..32).map(|i| power(i) as f32).collect();
    let exp = g.b.initializer_f32("exp", &[32], &exp);
    let weights = g.b.look_up(&exp, &below, 0);
    let total = g.b.reduce_sum(&weights, &[2], true);
    let whole = g.b.requantise(&total, 3, false, 1.0, 127.0);
    let inverse: Vec<f32> = (0..128)
        .map(|i| (2048 / i.max(1)).min(255) as f32)
        .collect();
    let inverse = g.b.initializer_f32("inverse", &[128], &inverse);
    let scale = g.b.look_up(&inverse, &whole, 0);
    let mixed = g.b.matmul(&weights, &cache);
    let mixed = g.b.requantise(&mixed, 4, true, -8000.0, 8000.0);
    let mixed = g.b.mul(&mixed, &scale);
    let mixed = g.b.squeeze(&mixed, &[1]);
    g.tidy(&mixed, 11)
}

/// The best two of four experts, mixed by their scores.
pub(super) fn experts(g: &mut Generator) -> String {
    const EXPERTS: usize = 4;
    let x = g.any();
    let router = g.weights(&[WIDTH, EXPERTS]);
    let scores = g.b.matmul(&x, &router);
    let scores = g.b.requantise(&scores, 8, false, -500.0, 500.0);
    // Four times the score and a rank: no two are equal, and none is a negative zero.
    let four = g.b.scalar(4.0);
    let scores = g.b.mul(&scores, &four);
    let ranks =
        g.b.initializer_f32("ranks", &[EXPERTS], &[4.0, 3.0, 2.0, 1.0]);
    let keys = g.b.add(&scores, &ranks);
    let (values, picked) = g.b.top_k(&keys, 2, 1);
    let data = g.signed(EXPERTS * WIDTH * WIDTH);
    let matrices =
        g.b.initializer_i8("experts", &[EXPERTS, WIDTH, WIDTH], &data);
    let matrices = g.b.gather(&matrices, &picked, 0);
    let matrices = g.b.cast(&matrices, data_type::FLOAT);
    let row = g.b.reshape(&x, &[0, 1, 1, W]);
    let outputs = g.b.matmul(&row, &matrices);
    let outputs = g.b.squeeze(&outputs, &[2]);
    let outputs = g.b.requantise(&outputs, 6, true, -2000.0, 2000.0);
    let gates = g.b.requantise(&values, 5, false, 0.0, 63.0);
    let gates = g.b.unsqueeze(&gates, &[2]);
    let weighted = g.b.mul(&outputs, &gates);
    let mixed = g.b.reduce_sum(&weighted, &[1], false);
    g.tidy(&mixed, 9)
}

/// A table of four-bit numbers, two to a byte, under a hash of the last bytes.
fn hashed(g: &mut Generator) -> String {
    const ROWS: usize = 64;
    let (name, history) = g.state(&[3], StateRange::integers(0, 255));
    let older = g.b.slice(&history, &[1], &[3], &[1]);
    let history = g.b.concat(&[&older, "byte"], 1);
    g.b.next_state(&name, &history, &[3]);
    let factors =
        g.b.initializer_f32("factors", &[3, 1], &[10_007.0, 5_003.0, 2_011.0]);
    let hash = g.b.matmul(&history, &factors);
    let [rows, inverse] = [ROWS as f32, 1.0 / ROWS as f32].map(|x| g.b.scalar(x));
    let turns = g.b.mul(&hash, &inverse);
    let turns = g.b.floor(&turns);
    let turns = g.b.mul(&turns, &rows);
    let place = g.b.sub(&hash, &turns);
    // The verifier does not know a remainder when it sees one.
    let place = g.b.clip(&place, 0.0, ROWS as f32 - 1.0);
    let bytes: Vec<u8> = (0..ROWS * WIDTH / 2).map(|_| g.random.byte()).collect();
    let table = g.b.initializer_u8("nibbles", &[ROWS, WIDTH / 2], &bytes);
    let row = g.b.look_up(&table, &place, 0);
    let row = g.b.cast(&row, data_type::FLOAT);
    let row = g.b.squeeze(&row, &[1]);
    let [sixteen, sixteenth, eight] = [16.0, 0.0625, 8.0].map(|x| g.b.scalar(x));
    let high = g.b.mul(&row, &sixteenth);
    let high = g.b.floor(&high);
    let shifted = g.b.mul(&high, &sixteen);
    let low = g.b.sub(&row, &shifted);
    let low = g.b.clip(&low, 0.0, 15.0);
    let nibbles = g.b.concat(&[&high, &low], 1);
    let signed = g.b.sub(&nibbles, &eight);
    g.b.mul(&signed, &eight)
}

/// The channels in the order of their values, and the places they came from.
fn ranking(g: &mut Generator) -> String {
    let (x, y) = (g.any(), g.any());
    // 257 is odd and above all: no key is a zero.
    let above = g.b.scalar(257.0);
    let keys = g.b.add(&x, &above);
    let (values, order) = g.b.top_k(&keys, WIDTH, -1);
    let moved = g.b.gather_elements(&y, &order, 1);
    let places = g.b.cast(&order, data_type::FLOAT);
    let values = g.b.sub(&values, &above);
    let sum = g.b.add(&moved, &places);
    let sum = g.b.add(&sum, &values);
    g.tidy(&sum, 1)
}
