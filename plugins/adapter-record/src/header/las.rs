//! LAS point clouds: *LAS Specification 1.4 - R15*, ASPRS, sections 2.4 and 2.6.

use super::numbers;
use crate::geometry::{Column, Geometry};
use umoec_adapter_float::number::Number;

pub(super) const MAGIC: &[u8] = b"LASF";

pub(super) fn read(head: &[u8]) -> Option<Geometry> {
    if !head.starts_with(MAGIC) {
        return None;
    }
    let u32_at = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?) as usize);
    let minor = *head.get(25)?;
    let (start, format) = (u32_at(96)?, *head.get(104)?);
    let length = usize::from(u16::from_le_bytes(*head.get(105..)?.first_chunk()?));
    let mut records = u32_at(107)?;
    if minor >= 4 && records == 0 {
        records = usize::try_from(u64::from_le_bytes(*head.get(247..)?.first_chunk()?)).ok()?;
    }
    let mut columns = point(format)?;
    let known: usize = columns.iter().map(|c| c.width).sum();
    // What a producer adds are bytes of its own.
    let extra = length.checked_sub(known).filter(|&e| e <= 256)?;
    columns.extend(vec![Column::BYTE; extra]);
    (start >= 227 && records > 0).then_some(Geometry {
        head: start,
        records,
        columns,
        row: None,
    })
}

/// The columns of a point format. A format with its top bit set is compressed (LAZ).
fn point(format: u8) -> Option<Vec<Column>> {
    let signed = |width, count| numbers(Number::Signed, width, false, count);
    let unsigned = |width, count| numbers(Number::Unsigned, width, false, count);
    let float = |width, count| numbers(Number::Float, width, false, count);
    let time = float(8, 1);
    let colour = unsigned(2, 3);
    let wave = [unsigned(1, 1), unsigned(8, 1), unsigned(4, 1), float(4, 4)].concat();
    let old = [signed(4, 3), unsigned(2, 1), unsigned(1, 4), unsigned(2, 1)].concat();
    let new = [
        signed(4, 3),
        unsigned(2, 1),
        unsigned(1, 4),
        signed(2, 1),
        unsigned(2, 1),
        time.clone(),
    ]
    .concat();
    let parts = match format {
        0 => vec![old],
        1 => vec![old, time],
        2 => vec![old, colour],
        3 => vec![old, time, colour],
        4 => vec![old, time, wave],
        5 => vec![old, time, colour, wave],
        6 => vec![new],
        7 => vec![new, colour],
        8 => vec![new, colour, unsigned(2, 1)],
        9 => vec![new, wave],
        10 => vec![new, colour, unsigned(2, 1), wave],
        _ => return None,
    };
    Some(parts.concat())
}
