//! What is done with the columns of known records (`spec.md`, section 6).

use umoec_adapter_float::number::{Number, ordered};

use crate::geometry::{Geometry, Sample};
use crate::lattice::Lattice;
use crate::params::{Change, Field, Kind, Params};
use crate::{relate, steps};

/// What differences must save to be used, in bits a number.
const DELTA_GAIN: f64 = 1.0;

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
    for (n, (field, numbers)) in fields.iter_mut().zip(&sample.columns).enumerate() {
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
        let all = geometry.numbers(data, n);
        if let Some(stored) = lattice.and_then(|l| steps::stored(numbers, all, l, width)) {
            field.kind = Kind::Stored(stored);
        }
    }
    let is_deep = fields.iter().any(|f| match f.kind {
        Kind::Stored(s) => !matches!(s.lattice, Lattice::Whole { .. }),
        Kind::Number(_) => f.change != Change::Nothing,
    });
    let params = Params {
        head: geometry.head,
        records: geometry.records,
        sections: Vec::new(),
        groups: 1,
        exceptions: true,
        fields,
    };
    let together = alike(params.clone(), geometry);
    let differences = with_differences(&together, &sample);
    let apart = by_width(&with_differences(&params, &sample).unwrap_or(params));
    Choice {
        ways: [Some(together), differences, apart]
            .into_iter()
            .flatten()
            .collect(),
        is_deep,
    }
}

/// The columns with differences where these seem to pay; `None` where they do nowhere.
fn with_differences(params: &Params, sample: &Sample) -> Option<Params> {
    let mut params = params.clone();
    let mut any = false;
    for (field, numbers) in params.fields.iter_mut().zip(&sample.columns) {
        if field.change != Change::Nothing || field.width == 1 || numbers.len() < 2 {
            continue;
        }
        let code = |&n: &u64| match field.kind {
            Kind::Number(kind) => ordered(n, kind, field.width),
            Kind::Stored(stored) => stored.code(n, field.width),
        };
        let codes: Vec<u64> = numbers.iter().map(code).collect();
        // Neighbours must be nearer to each other than numbers from anywhere.
        let far = codes.len() / 2;
        let bits = |apart: usize| -> f64 {
            let pairs = (0..codes.len()).map(|i| (codes[i], codes[(i + apart) % codes.len()]));
            pairs
                .map(|(a, b)| (a.abs_diff(b) as f64 + 1.0).log2())
                .sum()
        };
        if bits(1) + DELTA_GAIN * codes.len() as f64 <= bits(far) {
            field.change = Change::Delta;
            any = true;
        }
    }
    any.then_some(params)
}

/// If the numbers of a record were of one width they stay so: of the widest that is needed.
fn alike(mut params: Params, geometry: &Geometry) -> Params {
    let width = geometry.columns[0].width;
    if geometry.columns.iter().any(|c| c.width != width) {
        return params;
    }
    let most = params
        .fields
        .iter()
        .map(Field::stored)
        .max()
        .unwrap_or(width);
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
        field.group = widths
            .iter()
            .position(|w| *w == field.stored())
            .unwrap_or(0);
    }
    Some(params)
}
