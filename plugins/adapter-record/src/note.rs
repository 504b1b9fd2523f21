//! What is known of the records in a region, from where it was found to where it is proposed.

use umoec_codec::plugin::{Proposal, Region};

use crate::geometry::{Column, Geometry};
use crate::params::{Kind, Params};
use crate::{choose, planes};

/// Bytes before the parameters: row, number.
const HEAD: usize = 16;

/// Columns from which on a sample of a table that lies field by field says little.
const COLUMNS: usize = 3;

/// Records that lie in several ranges of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// In order, one behind the other.
    pub(crate) ranges: Vec<std::ops::Range<usize>>,
    pub(crate) columns: Vec<Column>,
    /// Where the records lie field by field: how many are in each section; else none.
    pub(crate) sections: Vec<usize>,
    /// Distance of the rows of a grid in bytes.
    pub(crate) row: Option<usize>,
}

impl Table {
    /// Bytes of it.
    pub(crate) fn length(&self) -> usize {
        self.ranges.iter().map(ExactSizeIterator::len).sum()
    }

    /// Its regions, which join. Tables of a block have different numbers.
    pub(crate) fn regions(&self, number: usize) -> impl Iterator<Item = Region> {
        let geometry = self.geometry(self.length());
        let params = Params {
            head: 0,
            records: geometry.records,
            sections: self.sections.clone(),
            groups: 1,
            exceptions: false,
            fields: choose::plain(&geometry),
        };
        let mut note = Vec::new();
        note.extend((self.row.unwrap_or(0) as u64).to_le_bytes());
        note.extend((number as u64).to_le_bytes());
        note.extend(params.write());
        self.ranges.iter().map(move |range| Region {
            range: range.clone(),
            score: 95,
            joins: true,
            note: note.clone(),
        })
    }

    fn geometry(&self, length: usize) -> Geometry {
        Geometry::new(0, usize::MAX, self.columns.clone(), self.row, length)
    }
}

/// What may be made of the bytes of regions with this note; `None` where there are not all of them.
pub(crate) fn propose(input: &[u8], note: &[u8]) -> Option<Vec<Proposal>> {
    let (head, params) = note.split_at_checked(HEAD)?;
    let row = u64::from_le_bytes(*head.first_chunk()?) as usize;
    let params = Params::read(params).ok()?;
    let columns = params.fields.iter().map(|f| Column {
        width: f.width,
        number: match f.kind {
            Kind::Number(number) => number,
            Kind::Stored(_) => Column::BYTE.number,
        },
        big_endian: f.big_endian,
    });
    let geometry = Geometry::new(
        0,
        usize::MAX,
        columns.collect(),
        (row > 0).then_some(row),
        input.len(),
    );
    if geometry.records != params.records || geometry.records == 0 {
        return None;
    }
    let mut by_record = input.to_vec();
    let body = &mut by_record[..params.records * params.record()];
    planes::to_records(body, &params.sections, &params.widths());
    let mut choice = choose::choose(&by_record, &geometry);
    for way in &mut choice.ways {
        way.sections.clone_from(&params.sections);
    }
    // A sample of many columns one behind the other would show few of them.
    let score = if params.sections.is_empty() || params.fields.len() < COLUMNS {
        99
    } else {
        100
    };
    Some(crate::proposals_of(&by_record, &choice, &geometry, score))
}
