//! What is done with the columns of known records (`spec.md`, section 6).

use umoec_adapter_float::number::Number;

use crate::geometry::{Geometry, Sample};
use crate::lattice::Lattice;
use crate::params::{Change, Field, Kind, Params};
use crate::{relate, steps};

/// Ways to take records, and whether they do more than to put numbers in order.
pub(crate) struct Choice {
    pub(crate) ways: Vec<Params>,
    pub(crate) is_deep: bool,
}

/// All columns in one stream, numbers of equal width if they can be, and each width in a stream of
/// its own.
pub(crate) fn choose(data: &[u8], geometry: &Geometry) -> Choice {
    let sample = Sample::of(data, geometry);
    let mut fields: Vec<Field> = plain(geometry);
    relate::find(&mut fields, &sample);
    for (field, numbers) in fields.iter_mut().zip(&sample.columns) {
        if field.change != Change::Nothing {
            continue;
        }
        let width = field.width;
        let lattice = match field.kind {
            Kind::Number(Number::Float) if matches!(width, 4 | 8) => steps::find(numbers, width),
            Kind::Number(Number::Signed) if width > 1 => Some(Lattice::Whole { signed: true }),
            Kind::Number(Number::Unsigned) if width > 1 => Some(Lattice::Whole { signed: false }),
            _ => None,
        };
        if let Some(stored) = lattice.and_then(|l| steps::stored(numbers, l, width)) {
            let is_float = field.kind == Kind::Number(Number::Float);
            if is_float || stored.bytes < width {
                field.kind = Kind::Stored(stored);
            }
        }
    }
    let is_deep = fields.iter().any(|f| match f.kind {
        Kind::Stored(s) => !matches!(s.lattice, Lattice::Whole { .. }),
        Kind::Number(_) => f.change != Change::Nothing,
    });
    let params = Params {
        head: geometry.head,
        records: geometry.records,
        groups: 1,
        exceptions: true,
        fields,
    };
    let apart = by_width(&params);
    Choice {
        ways: [Some(alike(params, geometry)), apart].into_iter().flatten().collect(),
        is_deep,
    }
}

/// If the numbers of a record were of one width they stay so: of the widest that is needed.
fn alike(mut params: Params, geometry: &Geometry) -> Params {
    let width = geometry.columns[0].width;
    if geometry.columns.iter().any(|c| c.width != width) {
        return params;
    }
    let most = params.fields.iter().map(Field::stored).max().unwrap_or(width);
    for field in &mut params.fields {
        if let Kind::Stored(stored) = &mut field.kind {
            stored.bytes = most;
        }
    }
    params
}

/// The columns as numbers in their order.
pub(crate) fn plain(geometry: &Geometry) -> Vec<Field> {
    let fields = geometry.columns.iter().map(|c| Field {
        width: c.width,
        big_endian: c.big_endian,
        kind: Kind::Number(c.number),
        change: Change::Nothing,
        group: 0,
    });
    fields.collect()
}

/// The same with numbers of each width in a stream of their own; `None` where they are all alike.
fn by_width(params: &Params) -> Option<Params> {
    let mut widths: Vec<usize> = params.fields.iter().map(Field::stored).collect();
    widths.sort_unstable_by(|a, b| b.cmp(a));
    widths.dedup();
    if widths.len() < 2 {
        return None;
    }
    let mut params = params.clone();
    params.groups = widths.len();
    for field in &mut params.fields {
        field.group = widths.iter().position(|w| *w == field.stored()).unwrap_or(0);
    }
    Some(params)
}
