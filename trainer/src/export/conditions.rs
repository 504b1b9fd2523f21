//! Nodes that bring the features of a stream into the graph: [`crate::conditions`] and [`crate::local`] as a graph.

use umoec_exact::condition::STATISTICS;
use umoec_exact::interface::StateRange;
use umoec_exact::onnx::data_type;

use super::Writer;
use crate::conditions::Conditions;
use crate::grid::FEATURE;
use crate::local::{COUNTS, KINDS, ONE, SHIFTS, TOLD, kind};

/// The features, [lanes, features], as integers of the [`FEATURE`] grid.
pub(super) fn features(writer: &mut Writer, conditions: Conditions) -> Option<String> {
    let mut parts = Vec::new();
    if conditions.global() {
        let range = StateRange::integers(0, 255);
        parts.push(writer.graph.condition_input(STATISTICS, range));
    }
    if conditions.local() {
        parts.push(local(writer));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let told = match parts[..] {
        [] => return None,
        [one] => one.to_owned(),
        _ => writer.graph.concat(&parts, 1),
    };
    Some(writer.plus(&told, FEATURE.low))
}

/// The counts after the byte just coded, [lanes, counts], 0 to 255.
fn local(writer: &mut Writer) -> String {
    let top = ONE - 1;
    let range = StateRange::integers(0, top as i32);
    let counts = writer.graph.state("local", &[COUNTS], range);

    let kinds: Vec<u8> = (0..=255).map(kind).collect();
    let kinds = writer.graph.initializer_u8("local.kinds", &[256], &kinds);
    let byte = writer.byte.clone();
    let found = writer.graph.look_up(&kinds, &byte, 0);
    let found = writer.graph.cast(&found, data_type::FLOAT);
    let mut of_count = |name: &str, value: &dyn Fn(usize) -> f32| {
        let values: Vec<f32> = (0..COUNTS).map(value).collect();
        writer.graph.initializer_f32(name, &[COUNTS], &values)
    };
    let rate = |at: usize| (-(SHIFTS[at / KINDS] as f32)).exp2();
    let owners = of_count("local.owners", &|at| (at % KINDS) as f32);
    let rates = of_count("local.rates", &rate);
    let gains = of_count("local.gains", &|at| ONE as f32 * rate(at));

    let lost = writer.graph.mul(&counts, &rates);
    let lost = writer.graph.floor(&lost);
    let kept = writer.graph.sub(&counts, &lost);
    let mine = writer.graph.equal(&found, &owners);
    let mine = writer.graph.cast(&mine, data_type::FLOAT);
    let gain = writer.graph.mul(&mine, &gains);
    let next = writer.graph.add(&kept, &gain);
    let next = writer.graph.clip(&next, 0.0, top as f32);
    writer.next_state("local", &next, &[COUNTS]);
    writer.shift(&next, TOLD as i32, 0.0, 255.0)
}
