//! FITS: an image or a binary table, big-endian. *The FITS Standard*, version 4.0, sections 4.4, 7.1 and 7.3.

use std::iter;

use memchr::memmem;

use super::numbers;
use crate::geometry::{Column, Geometry};
use crate::note::Table;
use crate::params::FIELDS_MAX;
use umoec_adapter_float::number::Number;

pub(super) const MAGIC: &[u8] = b"SIMPLE  =                    T";
/// What extensions begin with.
const EXTENSION: &[u8] = b"XTENSION= '";

/// Headers and data are padded to that.
const BLOCK: usize = 2880;
const CARD: usize = 80;
/// Most cards of a header.
const CARDS_MAX: usize = 1 << 14;
/// Most extensions of a block.
const EXTENSIONS_MAX: usize = 256;

/// The first header of a file with data that lies within the first bytes.
pub(super) fn read(head: &[u8]) -> Option<Geometry> {
    if !head.starts_with(MAGIC) {
        return None;
    }
    let mut start = 0;
    loop {
        let cards = Cards::read(head.get(start..)?)?;
        let data = start + cards.length;
        let length = cards.data_length()?;
        if length > 0 {
            return cards.geometry(data);
        }
        start = data;
    }
}

/// The tables and images of extensions in a block: only the first of a file is told by its beginning.
pub(crate) fn extensions(block: &[u8]) -> Vec<Table> {
    let table = |at: usize| {
        let cards = Cards::read(&block[at..])?;
        let geometry = cards.geometry(at + cards.length)?;
        let body = geometry.record().checked_mul(geometry.records)?;
        let end = geometry.head.saturating_add(body).min(block.len());
        let whole = end.checked_sub(geometry.head)? / geometry.record() * geometry.record();
        (whole > 0).then_some(Table {
            ranges: iter::once(geometry.head..geometry.head + whole).collect(),
            columns: geometry.columns,
            sections: Vec::new(),
            row: geometry.row,
        })
    };
    let starts = memmem::find_iter(block, EXTENSION);
    starts.filter_map(table).take(EXTENSIONS_MAX).collect()
}

/// The cards of a header.
struct Cards<'a> {
    cards: Vec<&'a [u8]>,
    /// Of the header, padded.
    length: usize,
}

impl<'a> Cards<'a> {
    fn read(head: &'a [u8]) -> Option<Self> {
        let cards = head.chunks_exact(CARD).take(CARDS_MAX);
        let cards: Vec<&[u8]> = cards.collect();
        let count = cards.iter().position(|c| c.starts_with(b"END     "))? + 1;
        let length = (count * CARD).next_multiple_of(BLOCK);
        Some(Self {
            cards: cards[..count].to_vec(),
            length,
        })
    }

    /// The value of a key, without quotes and comment; empty where there is none.
    fn text(&self, key: &str) -> Option<&'a str> {
        let is_it = |card: &&&[u8]| card[..8].trim_ascii_end() == key.as_bytes();
        let Some(card) = self.cards.iter().find(is_it) else {
            return Some("");
        };
        let value = std::str::from_utf8(&card[10..]).ok()?.trim();
        Some(match value.strip_prefix('\'') {
            Some(quoted) => quoted.split('\'').next()?.trim(),
            None => value.split('/').next()?.trim(),
        })
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    fn axis(&self, n: i64) -> Option<usize> {
        usize::try_from(self.number(&format!("NAXIS{n}"))?).ok()
    }

    /// Numbers of all axes.
    fn volume(&self) -> Option<usize> {
        let axes = self.number("NAXIS")?;
        if axes == 0 {
            return Some(0);
        }
        (1..=axes.min(999)).try_fold(1usize, |p, n| p.checked_mul(self.axis(n)?))
    }

    fn data_length(&self) -> Option<usize> {
        let width = (self.number("BITPIX")?.unsigned_abs() / 8) as usize;
        self.volume()?.checked_mul(width)
    }

    /// What follows the header, at `data`.
    fn geometry(&self, data: usize) -> Option<Geometry> {
        let geometry = if self.text("XTENSION")? == "BINTABLE" {
            self.table(data)
        } else {
            self.image(data)
        };
        geometry.filter(|g| g.records > 0 && g.record() > 0)
    }

    fn image(&self, head: usize) -> Option<Geometry> {
        let (number, width) = match self.number("BITPIX")? {
            8 => (Number::Unsigned, 1),
            16 => (Number::Signed, 2),
            32 => (Number::Signed, 4),
            64 => (Number::Signed, 8),
            -32 => (Number::Float, 4),
            -64 => (Number::Float, 8),
            _ => return None,
        };
        let row = self.axis(1)?.checked_mul(width)?;
        Some(Geometry {
            head,
            records: self.volume()?,
            columns: numbers(number, width, true, 1),
            row: (row > width).then_some(row),
        })
    }

    fn table(&self, head: usize) -> Option<Geometry> {
        let (record, records) = (self.axis(1)?, self.axis(2)?);
        let fields = usize::try_from(self.number("TFIELDS")?).ok()?;
        let mut columns = Vec::new();
        for n in 1..=fields.min(999) {
            columns.extend(form(self.text(&format!("TFORM{n}"))?)?);
            if columns.len() > FIELDS_MAX {
                return None;
            }
        }
        let sum: usize = columns.iter().map(|c| c.width).sum();
        (sum == record).then_some(Geometry {
            head,
            records,
            columns,
            row: None,
        })
    }
}

/// The columns of a form such as `3E`.
fn form(form: &str) -> Option<Vec<Column>> {
    let digits = form.bytes().take_while(u8::is_ascii_digit).count();
    let count = match &form[..digits] {
        "" => 1,
        count => count.parse().ok().filter(|&c: &usize| c <= FIELDS_MAX)?,
    };
    let (number, width, times) = match form.as_bytes().get(digits)? {
        b'L' | b'A' | b'B' => (Number::Unsigned, 1, 1),
        b'I' => (Number::Signed, 2, 1),
        b'J' => (Number::Signed, 4, 1),
        b'K' => (Number::Signed, 8, 1),
        b'E' => (Number::Float, 4, 1),
        b'D' => (Number::Float, 8, 1),
        b'C' => (Number::Float, 4, 2),
        b'M' => (Number::Float, 8, 2),
        b'P' => (Number::Signed, 4, 2),
        b'Q' => (Number::Signed, 8, 2),
        b'X' => return Some(vec![Column::BYTE; count.div_ceil(8)]),
        _ => return None,
    };
    Some(numbers(number, width, true, count * times))
}
