//! The tables of the page: what the parts of the predictors are worth, kinds of byte, regions.

use std::fmt::Write as _;

use super::account::{Account, Compared};
use super::shown::escaped;
use crate::ledger::{Totals, change};
use crate::size;

// A String never fails to be written to: the results of `write` and `writeln` below say nothing.

/// What streams would have cost otherwise, and what predictors counted.
pub(super) fn parts(out: &mut String, totals: &Totals) {
    if totals.counts.is_empty() && totals.variants.is_empty() {
        return;
    }
    *out += "<h2>What the parts of the predictors are worth</h2>\n";
    if !totals.variants.is_empty() {
        *out += "<p>Each stream that has several parts was coded again, otherwise.</p>\n\
                 <table><tr><th>otherwise</th><th>bytes of streams</th><th>coded, as they are</th>\
                 <th>coded, otherwise</th><th>change</th></tr>\n";
    }
    for variant in &totals.variants {
        let coded = |bits: f64| size::grouped((bits / 8.0).round() as u64);
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(variant.name),
            size::grouped(variant.of),
            coded(variant.own),
            coded(variant.bits),
            change(variant.own, variant.bits),
        );
    }
    if !totals.variants.is_empty() {
        *out += "</table>\n";
    }
    for count in &totals.counts {
        let share = count.count as f64 / count.of.max(1) as f64 * 100.0;
        let _ = writeln!(
            out,
            "<p>{}: {} of {}, {share:.1} %</p>",
            escaped(count.what),
            size::grouped(count.count),
            size::grouped(count.of),
        );
    }
}

/// By kind of byte.
pub(super) fn classes(out: &mut String, account: &Account) {
    let all: f64 = account.classes.iter().map(|class| class.bits).sum();
    if all == 0.0 {
        return;
    }
    *out += "<h2>By kind of byte</h2>\n<table><tr><th>kind</th><th>bytes</th><th>bits each</th>\
             <th>bytes coded</th><th>share of all</th>";
    heads(out, &account.totals);
    let mut sorted: Vec<_> = account.classes.iter().collect();
    sorted.sort_by(|a, b| b.bits.total_cmp(&a.bits));
    for class in sorted {
        let share = class.bits / all * 100.0;
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{:.3}</td><td>{}</td>\
             <td><i style=\"width:{share:.1}%\"></i>{share:.1} %</td>",
            class.name,
            size::grouped(class.bytes),
            class.bits / class.bytes as f64,
            size::grouped((class.bits / 8.0).round() as u64),
        );
        changes(out, &class.variants);
    }
    *out += "</table>\n";
}

/// By place in the content.
pub(super) fn regions(out: &mut String, account: &Account) {
    let all: f64 = account.regions.iter().map(|region| region.bits).sum();
    if all == 0.0 {
        return;
    }
    *out += "<h2>By region</h2>\n<table><tr><th>from byte</th><th>bytes</th><th>bits each</th>\
             <th>bytes coded</th><th>share of all</th>";
    heads(out, &account.totals);
    for region in &account.regions {
        let share = region.bits / all * 100.0;
        let each = match region.bytes {
            0 => "-".to_owned(),
            bytes => format!("{:.3}", region.bits / bytes as f64),
        };
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{each}</td><td>{}</td>\
             <td><i style=\"width:{share:.1}%\"></i>{share:.1} %</td>",
            size::grouped(region.range.start as u64),
            size::grouped(region.range.len() as u64),
            size::grouped((region.bits / 8.0).round() as u64),
        );
        changes(out, &region.variants);
    }
    *out += "</table>\n";
}

/// The heads of the variants' columns, at the end of a row.
fn heads(out: &mut String, totals: &Totals) {
    for variant in &totals.variants {
        let _ = write!(out, "<th>{}</th>", escaped(variant.name));
    }
    *out += "</tr>\n";
}

/// How much more each variant would have cost, at the end of a row.
fn changes(out: &mut String, variants: &[Compared]) {
    for compared in variants {
        let _ = write!(out, "<td>{}</td>", change(compared.own, compared.then));
    }
    *out += "</tr>\n";
}
