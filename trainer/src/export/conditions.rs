//! Nodes that bring what the network is told into the graph: the features of a stream, [`crate::conditions`] and
//! [`crate::local`] as a graph, and how hasty it is to be.

use umoec_exact::condition::STATISTICS;
use umoec_exact::interface::StateRange;
use umoec_exact::onnx::data_type;

use super::Writer;
use crate::conditions::Conditions;
use crate::grid::FEATURE;
use crate::local::{COUNTS, KINDS, ONE, SHIFTS, TOLD, kind};

/// What the network is told besides its bytes.
pub(super) struct Told {
    /// The features, [lanes, features], as integers of the [`FEATURE`] grid.
    pub(super) features: Option<String>,
    /// How hasty it is to be, [lanes, 1], 0 to 255.
    pub(super) haste: Option<String>,
}

/// What the network is told under these conditions, its haste if it is `hasty`.
pub(super) fn told(writer: &mut Writer, conditions: Conditions, hasty: bool) -> Told {
    let statistics = usize::from(conditions.global()) * STATISTICS;
    let values = statistics + usize::from(hasty);
    let input = (values > 0).then(|| {
        let range = StateRange::integers(0, 255);
        writer.graph.condition_input(values, range)
    });
    let mut part = |first: usize, end: usize| {
        let input = input.as_ref().filter(|_| first < end)?;
        Some(if end - first == values {
            input.clone()
        } else {
            let (first, end) = (first as i64, end as i64);
            writer.graph.slice(input, &[first], &[end], &[1])
        })
    };
    let (global, haste) = (part(0, statistics), part(statistics, values));
    let features = features(writer, global, conditions);
    Told { features, haste }
}

/// The features, with the statistics of the whole stream that are told.
fn features(writer: &mut Writer, global: Option<String>, conditions: Conditions) -> Option<String> {
    let mut parts = Vec::from_iter(global);
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
