//! FITS 4.0: the first array of integers with two axes or more, of the primary or of an extension.

use super::rectangle;
use crate::params::Params;

const CARD: usize = 80;
const BLOCK: usize = 2880;
/// Most header and data units that are looked at.
const UNITS_MAX: usize = 64;

pub(super) fn read(head: &[u8]) -> Option<Params> {
    if !head.starts_with(b"SIMPLE  =") {
        return None;
    }
    let mut at = 0;
    for _ in 0..UNITS_MAX {
        let unit = Unit::read(head.get(at..)?)?;
        let skip = at.checked_add(unit.header)?;
        if unit.image
            && let Some(params) = unit.samples(skip as u64)
        {
            return Some(params);
        }
        at = skip.checked_add(unit.length()?)?;
    }
    None
}

/// A header and data unit.
struct Unit {
    /// Whether its data are an array, not a table.
    image: bool,
    /// Bytes of the header.
    header: usize,
    bits: i64,
    axes: Vec<u64>,
    /// Bytes of data for each element of the array, groups and parameters.
    groups: [u64; 2],
}

impl Unit {
    fn read(head: &[u8]) -> Option<Self> {
        let mut unit = Self {
            image: true,
            header: 0,
            bits: 0,
            axes: Vec::new(),
            groups: [0, 1],
        };
        for (number, card) in head.chunks_exact(CARD).enumerate() {
            let key = std::str::from_utf8(&card[..8]).ok()?.trim_end();
            let value = std::str::from_utf8(&card[8..]).unwrap_or("");
            let value = value.strip_prefix('=').unwrap_or("");
            let value = value.split('/').next().unwrap_or("").trim();
            match key {
                "END" => {
                    unit.header = (CARD * (number + 1)).next_multiple_of(BLOCK);
                    return Some(unit);
                }
                "XTENSION" => unit.image = value.starts_with("'IMAGE"),
                "BITPIX" => unit.bits = value.parse().ok()?,
                "PCOUNT" => unit.groups[0] = value.parse().ok()?,
                "GCOUNT" => unit.groups[1] = value.parse().ok()?,
                _ if key.len() > 5 && key.starts_with("NAXIS") => {
                    let axis: usize = key[5..].parse().ok()?;
                    if axis != unit.axes.len() + 1 {
                        return None;
                    }
                    unit.axes.push(value.parse().ok()?);
                }
                _ => {}
            }
        }
        None
    }

    /// Bytes of data, filled up to whole blocks.
    fn length(&self) -> Option<usize> {
        if self.axes.is_empty() {
            return Some(0);
        }
        let numbers = self.axes.iter().try_fold(1u64, |n, &a| n.checked_mul(a))?;
        let all = numbers.checked_add(self.groups[0])?;
        let bytes = all
            .checked_mul(self.groups[1])?
            .checked_mul(self.bits.unsigned_abs() / 8)?;
        usize::try_from(bytes).ok()?.checked_next_multiple_of(BLOCK)
    }

    fn samples(&self, skip: u64) -> Option<Params> {
        let width = match self.bits {
            8 => 1,
            16 => 2,
            32 => 4,
            _ => return None,
        };
        let (&columns, others) = self.axes.split_first()?;
        if others.is_empty() {
            return None;
        }
        let rows = others.iter().try_fold(1u64, |n, &a| n.checked_mul(a))?;
        Some(Params {
            big_endian: true,
            signed: width > 1,
            ..rectangle(width, 1, columns, rows, skip)?
        })
    }
}
