//! Binary STL: 80 bytes, the count of triangles, then for each of them a normal, three corners and 16 bits.

use super::numbers;
use crate::geometry::Geometry;
use umoec_adapter_float::number::Number;

const HEAD: usize = 84;
const RECORD: usize = 50;

/// There is no magic: the first normals must be normal.
pub(super) fn read(head: &[u8]) -> Option<Geometry> {
    let count = u32::from_le_bytes(*head.get(80..)?.first_chunk()?) as usize;
    let triangles = head.get(HEAD..)?.chunks_exact(RECORD).take(count.min(16));
    let mut seen = 0;
    for triangle in triangles {
        let mut floats = triangle
            .chunks_exact(4)
            .filter_map(|b| Some(f32::from_le_bytes(*b.first_chunk()?)));
        let length: f32 = floats.by_ref().take(3).map(|x| x * x).sum();
        let is_normal = length == 0.0 || (length - 1.0).abs() < 0.01;
        if !is_normal || floats.any(|x| !(x.abs() < 1e9)) {
            return None;
        }
        seen += 1;
    }
    if seen < 4 {
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
