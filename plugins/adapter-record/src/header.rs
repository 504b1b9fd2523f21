//! Headers of files of records: npy, FITS, STL and LAS (`spec.md`, section 6).

use umoec_adapter_float::number::Number;

use crate::geometry::{Column, Geometry};
use crate::params::FIELDS_MAX;
use crate::schema::{COLUMNS_MAX, columns_of};

pub(crate) mod fits;
mod las;
mod npy;
mod stl;

/// The records of a file that begins with `head`, as it claims.
pub(crate) fn read(head: &[u8]) -> Option<Geometry> {
    npy::read(head)
        .or_else(|| fits::read(head))
        .or_else(|| las::read(head))
        .or_else(|| stl::read(head))
}

/// What files begin with, but for STL.
pub(crate) const MAGICS: [&[u8]; 3] = [npy::MAGIC, fits::MAGIC, las::MAGIC];

/// Where the records of a file end.
pub(crate) fn end(geometry: &Geometry) -> Option<usize> {
    let body = geometry.record().checked_mul(geometry.records)?;
    geometry.head.checked_add(body)
}

/// The columns of a record, and the distance of rows in bytes, of an array in which `fastest` elements of these columns
/// are a row: few of them are a record, more are a row of a grid.
pub(crate) fn grid(columns: Vec<Column>, fastest: usize) -> Option<(Vec<Column>, Option<usize>)> {
    let many = fastest.checked_mul(columns.len())?;
    if (2..=COLUMNS_MAX).contains(&fastest) && many <= FIELDS_MAX {
        return Some((columns.repeat(fastest), None));
    }
    let element: usize = columns.iter().map(|c| c.width).sum();
    let row = fastest.checked_mul(element)?;
    Some((columns, (fastest > 1).then_some(row)))
}

fn numbers(kind: Number, width: usize, big_endian: bool, count: usize) -> Vec<Column> {
    let column = Column {
        width,
        number: kind,
        big_endian,
    };
    vec![column; count]
}
