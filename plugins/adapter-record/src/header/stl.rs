//! Binary STL: 80 bytes, the count of triangles, then for each of them a normal, three corners and 16 bits.

use super::numbers;
use crate::geometry::Geometry;
use umoec_adapter_float::number::Number;

const HEAD: usize = 84;
const RECORD: usize = 50;

/// Triangles that are looked at.
const LOOKED_AT: usize = 16;

/// There is no magic: the first triangles must have normals of length 1, or none, and corners of
/// plausible size.
pub(super) fn read(head: &[u8]) -> Option<Geometry> {
    let count = u32::from_le_bytes(*head.get(80..)?.first_chunk()?) as usize;
    let triangles = head.get(HEAD..)?.chunks_exact(RECORD);
    let triangles = triangles.take(count.min(LOOKED_AT));
    if triangles.len() < 4 || !triangles.clone().all(is_triangle) {
        return None;
    }
    let mut columns = numbers(Number::Float, 4, false, 12);
    columns.extend(numbers(Number::Unsigned, 2, false, 1));
    Some(Geometry {
        head: HEAD,
        records: count,
        columns,
        row: None,
    })
}

fn is_triangle(record: &[u8]) -> bool {
    let floats = record.chunks_exact(4).filter_map(|b| b.first_chunk());
    let floats: Vec<f32> = floats.map(|&b| f32::from_le_bytes(b)).collect();
    let (normal, corners) = floats.split_at(3);
    let length: f32 = normal.iter().map(|x| x * x).sum();
    let is_normal = (length - 1.0).abs() < 0.01 || normal.iter().all(|x| *x == 0.0);
    let is_size = |x: &f32| *x == 0.0 || (1e-12..1e9).contains(&x.abs());
    is_normal && corners.iter().all(is_size)
}
