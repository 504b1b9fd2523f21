//! Small parts: arithmetic, comparisons, tables, layout.

use crate::onnx::data_type;

use super::{Generator, LARGEST, Part, WIDTH};

/// The parts of this file.
pub(super) const ALL: [Part; 9] = [
    linear,
    gate,
    sums,
    extremes,
    choice,
    logic,
    unary_table,
    arrangement,
    broadcast,
];

/// A matrix, a bias, and one requantisation per channel.
pub(super) fn linear(g: &mut Generator) -> String {
    let x = g.any();
    let weights = g.weights(&[WIDTH, WIDTH]);
    let bias = g.floats(&[WIDTH], 1000);
    let product = g.b.matmul(&x, &weights);
    let sum = g.b.add(&product, &bias);
    let scales: Vec<f32> = (0..WIDTH)
        .map(|_| 0.5f32.powi(5 + g.random.below(6) as i32))
        .collect();
    let scales = g.b.initializer_f32("scales", &[WIDTH], &scales);
    let round = g.random.flag();
    g.b.requantise_by(&sum, &scales, round, -LARGEST, LARGEST)
}

/// A product of two values.
fn gate(g: &mut Generator) -> String {
    let (x, y) = (g.any(), g.any());
    let product = g.b.mul(&x, &y);
    g.tidy(&product, 6)
}

/// Sums and differences at different scales.
fn sums(g: &mut Generator) -> String {
    let (x, y, z) = (g.any(), g.any(), g.any());
    let eighth = g.b.scalar(0.125);
    let y = g.b.mul(&y, &eighth);
    let sum = g.b.add(&x, &y);
    let difference = g.b.sub(&sum, &z);
    let negative = g.b.neg(&difference);
    g.tidy(&negative, 1)
}

/// Magnitudes and extremes.
fn extremes(g: &mut Generator) -> String {
    let (x, y, z) = (g.any(), g.any(), g.any());
    let magnitude = g.b.abs(&x);
    let positive = g.b.relu(&y);
    let most = g.b.max(&[&magnitude, &positive, &z]);
    let least = g.b.min(&[&most, &x]);
    let mean = g.b.reduce_sum(&least, &[1], true);
    let peak = g.b.reduce_max(&most, &[-1], true);
    let both = g.b.sub(&peak, &mean);
    let spread = g.b.add(&both, &x);
    g.tidy(&spread, 3)
}

/// A comparison that chooses.
fn choice(g: &mut Generator) -> String {
    let (x, y) = (g.any(), g.any());
    let zero = g.b.scalar(0.0);
    let above = g.b.greater(&x, &y);
    let same = g.b.equal(&x, &y);
    let either = g.b.or(&above, &same);
    let alternative = g.b.sub(&zero, &y);
    g.b.select(&either, &x, &alternative)
}

/// Truth values as numbers.
fn logic(g: &mut Generator) -> String {
    let (x, y) = (g.any(), g.any());
    let bound = g.floats(&[WIDTH], 60);
    let less = g.b.less(&x, &bound);
    let at_least = g.b.greater_or_equal(&y, &bound);
    let at_most = g.b.less_or_equal(&x, &y);
    let none = g.b.not(&less);
    let both = g.b.and(&none, &at_least);
    let any = g.b.or(&both, &at_most);
    let number = g.b.cast(&any, data_type::FLOAT);
    let weight = g.floats(&[1, 1], 100);
    g.b.mul(&number, &weight)
}

/// A table over the quantised value, one for all channels.
fn unary_table(g: &mut Generator) -> String {
    let x = g.any();
    let offset = g.b.scalar(128.0);
    let place = g.b.add(&x, &offset);
    let table = g.floats(&[256], 127);
    let index = if g.random.flag() {
        data_type::INT32
    } else {
        data_type::INT64
    };
    let index = g.b.cast(&place, index);
    g.b.gather(&table, &index, 0)
}

/// Elements moved about.
fn arrangement(g: &mut Generator) -> String {
    let (x, y) = (g.any(), g.any());
    let half = WIDTH as i64 / 2;
    let parts = g.b.split(&x, &[half, half], 1);
    let ends = g.b.slice(&y, &[1], &[i64::MAX], &[1]);
    let odd = g.b.slice(&ends, &[0], &[WIDTH as i64 - 1], &[-1]);
    let joined = g.b.concat(&[&parts[1], &odd, &parts[0]], 1);
    let picked = g.b.slice(&joined, &[2], &[2 + WIDTH as i64], &[1]);
    let square = g.b.reshape(&picked, &[0, 2, -1]);
    let turned = g.b.transpose(&square, &[0, 2, 1]);
    let flat = g.b.reshape(&turned, &[-1, WIDTH as i64]);
    g.b.identity(&flat)
}

/// Axes repeated, added and removed.
fn broadcast(g: &mut Generator) -> String {
    let (x, y) = (g.any(), g.any());
    let one = g.b.slice(&x, &[3], &[4], &[1]);
    let wide = g.b.expand(&one, &[1, WIDTH as i64]);
    let column = g.b.unsqueeze(&wide, &[2]);
    let row = g.b.unsqueeze(&y, &[1]);
    let outer = g.b.add(&column, &row);
    let sums = g.b.reduce_sum(&outer, &[2], false);
    let shift = g.b.constant_f32(&[1], &[3.0]);
    let shifted = g.b.add(&sums, &shift);
    g.tidy(&shifted, 4)
}
