//! Windows bitmaps, not compressed.

use super::{little, rectangle};
use crate::params::Params;

pub(super) fn read(head: &[u8]) -> Option<Params> {
    let file = little(head);
    // The size of the second header tells its kind: from 40 on its fields are these.
    let known = head.get(..2)? == b"BM" && (40..=256).contains(&file.u32(14)?);
    let (planes, bits, compression) = (file.u16(26)?, file.u16(28)?, file.u32(30)?);
    // 3 says which bits of a pixel are which colour, mostly the usual.
    let plain = compression == 0 || compression == 3 && bits == 32;
    if !known || planes != 1 || !plain || !matches!(bits, 8 | 24 | 32) {
        return None;
    }
    let columns = i32::try_from(file.u32(18)?).ok()?;
    // Negative for rows from the top down.
    let rows = (file.u32(22)? as i32).unsigned_abs();
    let skip = file.u32(10)?;
    if skip < 54 {
        return None;
    }
    let params = rectangle(
        1,
        usize::from(bits / 8),
        columns as u64,
        rows.into(),
        skip.into(),
    )?;
    let pad = params.row.next_multiple_of(4) - params.row;
    Some(Params { pad, ..params })
}
