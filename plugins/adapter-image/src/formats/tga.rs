//! Truevision TGA, true colour and grey, not compressed. The format has no magic: everything in the
//! header that could be wrong has to be right.

use super::{little, rectangle};
use crate::params::Params;

/// Fewer columns or rows are more likely chance.
const LEAST: u16 = 16;

pub(super) fn read(head: &[u8]) -> Option<Params> {
    let file = little(head);
    let &[name, map, kind, ref map_of @ ..] = head.first_chunk::<8>()?;
    let (columns, rows) = (file.u16(12)?, file.u16(14)?);
    let (bits, descriptor) = (*head.get(16)?, *head.get(17)?);
    let alpha = descriptor & 15;
    let fits = match kind {
        2 => bits == 24 && alpha == 0 || bits == 32 && matches!(alpha, 0 | 8),
        3 => bits == 8 && alpha == 0,
        _ => false,
    };
    let plain = map == 0 && map_of == &[0; 5] && descriptor >> 6 == 0 && file.u16(8)? == 0;
    if !fits || !plain || columns < LEAST || rows < LEAST {
        return None;
    }
    let skip = 18 + u64::from(name);
    rectangle(1, usize::from(bits / 8), columns.into(), rows.into(), skip)
}
