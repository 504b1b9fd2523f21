//! What a model is: its proof and its cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use umoec_codec::packed::pack;
use umoec_codec::plugin::hex;
use umoec_exact::{State, StateRange};
use umoec_predictor_onnx::Backend;

use super::Proved;
use crate::failure::Outcome;
use crate::{command, size};

// A String never fails to be written to: the results of `writeln` below say nothing.

/// Prints the certificate, once the model's self-test has passed on a backend.
pub(super) fn verify(proved: &Proved, backend: Option<Backend>) -> Outcome {
    let model = proved.loaded.model();
    let backend = backend.unwrap_or(Backend::Tract);
    proved
        .loaded
        .prepare(backend, 1)
        .map_err(|e| super::backend(&e))?;
    let mut out = String::new();
    let _ = writeln!(out, "{} {}", model.name(), model.metadata().version);
    let _ = writeln!(out, "hash         {}", hex(&proved.source.hash()));
    let test = match model.self_test() {
        Some(test) => format!("{} steps, the same with {backend}", test.bytes.len()),
        None => format!("none; compared with the reference, the same with {backend}"),
    };
    let _ = writeln!(out, "self-test    {test}");
    let _ = writeln!(out, "exact        {}", model.certificate());
    command::print(out.as_bytes())
}

/// Prints what the model costs and what it says of itself.
pub(super) fn inspect(proved: &Proved) -> Outcome {
    let model = proved.loaded.model();
    let (cost, metadata) = (model.cost(), model.metadata());
    let interface = model.interface();
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<12} {value}");
    };
    row("name", format!("{} {}", metadata.name, metadata.version));
    row("hash", hex(&proved.source.hash()));
    row("licence", metadata.licence.clone());
    row("trained on", metadata.training.clone());
    let context = match metadata.context {
        0 => "without bound".into(),
        n => format!("{} bytes", size::grouped(n)),
    };
    row("context", context);
    let packed = pack(proved.source.bytes()).len() as u64;
    let [file, packed] = [cost.file_bytes, packed].map(size::grouped);
    row("file", format!("{file} bytes, packed {packed}"));
    row("parameters", size::grouped(cost.parameters));
    let macs = size::grouped(cost.macs_per_byte);
    row("cost", format!("{macs} MAC per byte, patches of 1 byte"));
    let bytes = size::grouped(cost.state_bytes);
    row("state", format!("{bytes} bytes per lane"));
    for state in &interface.states {
        row("", self::state(state));
    }
    if let Some(condition) = &interface.condition {
        let range = range(condition.range);
        row("condition", format!("{} of {range}", condition.size));
    }
    let memory = proved.loaded.memory(1, 0);
    row("memory", format!("{} with one lane", size::binary(memory)));
    row("nodes", operators(proved));
    command::print(out.as_bytes())
}

fn state(state: &State) -> String {
    format!("{} {:?} of {}", state.name, state.dims, range(state.range))
}

fn range(range: StateRange) -> String {
    format!("{}..={} * 2^{}", range.low, range.high, range.exponent)
}

/// How many nodes there are of each operator.
fn operators(proved: &Proved) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let nodes = &proved.loaded.model().graph().nodes;
    for node in nodes {
        *counts.entry(node.op.name()).or_default() += 1;
    }
    let list: Vec<String> = counts.iter().map(|(op, n)| format!("{n} {op}")).collect();
    format!("{}: {}", nodes.len(), list.join(", "))
}
