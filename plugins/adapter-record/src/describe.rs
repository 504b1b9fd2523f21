//! Parameters in words.

use umoec_adapter_float::number::Number;

use crate::lattice::{Lattice, Stored};
use crate::params::{Change, Field, Kind, Params};
use crate::relation::{Formula, Relation};

/// Kinds of fields that are named.
const NAMED: usize = 6;

impl Params {
    /// For people: `100 records of 28 bytes from byte 80 on: 7 f32, 1 of them decimal 2`.
    pub(crate) fn describe(&self) -> String {
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for field in &self.fields {
            let told = tell(field);
            match kinds.iter_mut().find(|(known, _)| *known == told) {
                Some((_, count)) => *count += 1,
                None => kinds.push((told, 1)),
            }
        }
        let more = kinds.len().saturating_sub(NAMED);
        let mut kinds: Vec<String> = kinds
            .into_iter()
            .take(NAMED)
            .map(|(told, count)| format!("{count} {told}"))
            .collect();
        if more > 0 {
            kinds.push(format!("{more} other kinds"));
        }
        let mut text = format!("{} records of {} bytes", self.records, self.record());
        if self.head > 0 {
            text += &format!(" from byte {} on", self.head);
        }
        match self.sections.len() {
            0 => {}
            1 => text += ", field by field",
            sections => text += &format!(", field by field in {sections} sections"),
        }
        text += &format!(": {}", kinds.join(", "));
        if self.groups > 1 {
            text += &format!("; {} streams", self.groups);
        }
        text
    }
}

fn tell(field: &Field) -> String {
    let bits = 8 * field.width;
    let (letter, lattice) = match field.kind {
        Kind::Number(Number::Unsigned) => ('u', String::new()),
        Kind::Number(Number::Signed) => ('i', String::new()),
        Kind::Number(Number::Float) => ('f', String::new()),
        Kind::Stored(stored) => tell_stored(stored),
    };
    let order = match (field.width, field.big_endian) {
        (1, _) | (_, false) => "",
        (_, true) => " big-endian",
    };
    let change = match &field.change {
        Change::Nothing => String::new(),
        Change::Delta => " as differences".into(),
        Change::Relation(relation) => tell_relation(relation),
    };
    format!("{letter}{bits}{order}{lattice}{change}")
}

fn tell_stored(stored: Stored) -> (char, String) {
    let (letter, step) = match stored.lattice {
        Lattice::Decimal(digits) => ('f', format!(" in steps of 1e-{digits}")),
        Lattice::Binary(digits) => ('f', format!(" in steps of 2^-{digits}")),
        Lattice::Double { step, base } => ('f', format!(" in steps of {step} from {base}")),
        Lattice::Single { step, base } => ('f', format!(" in steps of {step} from {base} (f32)")),
        Lattice::Whole { signed: true } => ('i', String::new()),
        Lattice::Whole { signed: false } => ('u', String::new()),
    };
    (letter, format!("{step} in {} bytes", stored.bytes))
}

fn tell_relation(relation: &Relation) -> String {
    let operands: Vec<String> = relation
        .operands
        .iter()
        .map(|o| format!("{}{}", if o.negative { "-" } else { "" }, o.field))
        .collect();
    let one = if relation.one { "1 " } else { "" };
    let formula = match relation.formula {
        Formula::Sum => "sum",
        Formula::Squares => "squares",
        Formula::Root => "root of squares",
        Formula::Product => "product",
        Formula::Quotient => "quotient",
    };
    format!(" by {formula} of {one}{}", operands.join(" "))
}
