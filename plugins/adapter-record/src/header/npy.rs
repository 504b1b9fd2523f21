//! Arrays of NumPy, versions 1 to 3: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use super::{columns_of, grid};
use crate::geometry::Geometry;

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

pub(super) fn read(head: &[u8]) -> Option<Geometry> {
    let rest = head.strip_prefix(MAGIC)?;
    let (start, length): (usize, usize) = match *rest.first()? {
        1 => (
            4,
            usize::from(u16::from_le_bytes(*rest.get(2..)?.first_chunk()?)),
        ),
        2 | 3 => (
            6,
            u32::from_le_bytes(*rest.get(2..)?.first_chunk()?) as usize,
        ),
        _ => return None,
    };
    let text = rest.get(start..start.checked_add(length)?)?;
    let text = std::str::from_utf8(text).ok()?;
    let mut columns = Vec::new();
    let descr = after(text, "'descr':")?;
    if let Some(list) = descr.strip_prefix('[') {
        // ('name', '<f4'), or ('name', '<f4', (3,)).
        let list = &list[..list.find(']')?];
        for item in list.split_inclusive("')").flat_map(|i| i.split("))")) {
            let quoted: Vec<&str> = item.split('\'').skip(1).step_by(2).collect();
            match quoted[..] {
                [] => {}
                [_, kind] if !item.ends_with(',') => columns.extend(columns_of(kind)?),
                // Arrays within records are rare: not read.
                _ => return None,
            }
        }
    } else {
        columns = columns_of(descr.strip_prefix('\'')?.split('\'').next()?)?;
    }
    let shape = after(text, "'shape':")?.strip_prefix('(')?;
    let shape = shape[..shape.find(')')?].split(',').map(str::trim);
    let shape: Vec<usize> = shape
        .filter(|n| !n.is_empty())
        .map(|n| n.parse().ok())
        .collect::<Option<_>>()?;
    let fortran = after(text, "'fortran_order':")?.starts_with("True");
    // The dimension that varies fastest: columns, if they are few; else it makes rows.
    let fastest = if fortran { shape.first() } else { shape.last() };
    let fastest = fastest.copied().filter(|_| shape.len() > 1).unwrap_or(1);
    let all = shape.iter().try_fold(1usize, |p, &n| p.checked_mul(n))?;
    let of_one = columns.len();
    let (columns, row) = grid(columns, fastest)?;
    let records = all.checked_mul(of_one)?.checked_div(columns.len())?;
    if columns.is_empty() || records == 0 {
        return None;
    }
    let head = MAGIC.len() + start + length;
    Some(Geometry {
        head,
        records,
        columns,
        row,
    })
}

/// What follows `key`, without spaces before it.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    Some(text[text.find(key)? + key.len()..].trim_start())
}
