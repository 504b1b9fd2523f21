//! What is done with the columns of known records (`spec.md`, section 6).

use umoec_adapter_float::number::Number;

use crate::geometry::{Geometry, Sample};
use crate::params::{Change, Field, Kind, Params};
use crate::{relate, steps};

/// What the bits of a column's numbers are worth, and whether streams are apart.
pub(crate) struct Choice {
    pub(crate) params: Params,
    /// Whether some columns are more than reordered.
    pub(crate) is_deep: bool,
}

/// All columns in one stream, each as it suits its numbers.
pub(crate) fn choose(data: &[u8], geometry: &Geometry) -> Choice {
    let sample = Sample::of(data, geometry);
    let mut fields: Vec<Field> = plain(geometry);
    for (field, numbers) in fields.iter_mut().zip(&sample.columns) {
        let is_float = field.kind == Kind::Number(Number::Float);
        if is_float
            && matches!(field.width, 4 | 8)
            && let Some(lattice) = steps::find(numbers, field.width)
        {
            field.kind = Kind::Lattice(lattice);
        }
    }
    relate::find(&mut fields, &sample);
    let is_deep = fields
        .iter()
        .any(|f| matches!(f.kind, Kind::Lattice(_)) || f.change != Change::Nothing);
    Choice {
        params: Params {
            head: geometry.head,
            records: geometry.records,
            groups: 1,
            fields,
        },
        is_deep,
    }
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
pub(crate) fn by_width(params: &Params) -> Option<Params> {
    let mut widths: Vec<usize> = params.fields.iter().map(|f| f.width).collect();
    widths.sort_unstable_by(|a, b| b.cmp(a));
    widths.dedup();
    if widths.len() < 2 {
        return None;
    }
    let mut params = params.clone();
    params.groups = widths.len();
    for field in &mut params.fields {
        field.group = widths.iter().position(|w| *w == field.width).unwrap_or(0);
    }
    Some(params)
}
