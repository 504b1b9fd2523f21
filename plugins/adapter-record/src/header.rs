//! Headers of files of records: npy, FITS, STL and LAS (`spec.md`, section 6).

use umoec_adapter_float::number::Number;

use crate::geometry::{Column, Geometry};
use crate::schema::columns_of;

mod fits;
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

fn numbers(kind: Number, width: usize, big_endian: bool, count: usize) -> Vec<Column> {
    let column = Column {
        width,
        number: kind,
        big_endian,
    };
    vec![column; count]
}
