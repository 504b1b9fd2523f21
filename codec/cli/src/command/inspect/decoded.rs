//! What decoding a file shows beside its content.

use std::io::Read as _;
use std::sync::Arc;

use umoec_codec::Error;
use umoec_codec::pipeline::{DecodeOptions, Decoder, Inspection, StreamReport};
use umoec_codec::plugin::Registry;

use super::fields;
use crate::failure::{Failure, Outcome};
use crate::ledger::{Totals, change};
use crate::size;
use crate::source::Input;

/// Decodes the file, whose content goes nowhere, and adds to the report and to the totals what that showed.
pub(super) fn add(
    report: &mut Inspection,
    totals: &mut Totals,
    input: &Input,
    registry: &Arc<Registry>,
    options: DecodeOptions,
) -> Outcome {
    let costs = options.costs.clone().unwrap_or_default();
    let failed = |e| Failure::codec("cannot decode", e).at(input.name());
    let reader = input.open()?.reader;
    let mut decoder = Decoder::new(reader, Arc::clone(registry), options).map_err(failed)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = decoder.read(&mut buffer);
        // Taken again and again: the costs of a long file's bytes need not be there at once.
        for frame in costs.take() {
            report.add_costs(&frame);
            totals.add(&frame);
        }
        if read.map_err(|e| failed(Error::from_io(e)))? == 0 {
            return Ok(());
        }
    }
}

/// What decoding a stream showed, if it was decoded.
pub(super) fn describe(out: &mut String, stream: &StreamReport) {
    let Some(decoded) = &stream.decoded else {
        return;
    };
    for count in &decoded.counts {
        let text = counted(count.what, count.count, stream.length);
        fields(out, &[("", text)]);
    }
    for variant in &decoded.variants {
        let change = change(decoded.cost as f64, variant.cost as f64);
        let text = format!(
            "{}: {} bytes in place of {}, {change}",
            variant.name,
            size::grouped(variant.cost),
            size::grouped(decoded.cost)
        );
        fields(out, &[("", text)]);
    }
}

/// What decoding showed of all streams together, if there are several.
pub(super) fn sums(out: &mut String, totals: &Totals) {
    if totals.streams < 2 || (totals.counts.is_empty() && totals.variants.is_empty()) {
        return;
    }
    *out += "\nall streams together\n";
    for count in &totals.counts {
        let text = counted(count.what, count.count, count.of);
        fields(out, &[("", text)]);
    }
    for variant in &totals.variants {
        let bytes = |bits: f64| size::grouped((bits / 8.0).ceil() as u64);
        let text = format!(
            "{}: {} bytes in place of {}, {}",
            variant.name,
            bytes(variant.bits),
            bytes(variant.own),
            change(variant.own, variant.bits)
        );
        fields(out, &[("", text)]);
    }
}

fn counted(what: &str, count: u64, of: u64) -> String {
    format!(
        "{what}: {} ({:.1} %)",
        size::grouped(count),
        count as f64 * 100.0 / of.max(1) as f64
    )
}
