//! Where records lie, and of what their columns are: what headers, schemas and searches tell.

use umoec_adapter_float::number::{Number, read};

/// A column of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// Bytes of a number, 1 to 8.
    pub(crate) width: usize,
    pub(crate) number: Number,
    pub(crate) big_endian: bool,
}

impl Column {
    /// A byte of anything.
    pub(crate) const BYTE: Self = Self {
        width: 1,
        number: Number::Unsigned,
        big_endian: false,
    };
}

/// Records in a content or a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Bytes before the first record.
    pub(crate) head: usize,
    pub(crate) records: usize,
    /// At least one.
    pub(crate) columns: Vec<Column>,
    /// Distance of the rows of a grid in bytes, if there are some.
    pub(crate) row: Option<usize>,
}

impl Geometry {
    /// Bytes of a record.
    pub(crate) fn record(&self) -> usize {
        self.columns.iter().map(|c| c.width).sum()
    }

    /// As many records as fit from `head` on, `most` at most.
    pub(crate) fn new(
        head: usize,
        most: usize,
        columns: Vec<Column>,
        row: Option<usize>,
        len: usize,
    ) -> Self {
        let record: usize = columns.iter().map(|c| c.width).sum();
        let head = head.min(len);
        Self {
            head,
            records: ((len - head) / record.max(1)).min(most),
            columns,
            row,
        }
    }

    /// The part of the records of a content that lies in its block of `len` bytes at `offset`.
    pub(crate) fn within(mut self, offset: u64, len: usize) -> Option<Self> {
        let record = self.record() as u64;
        let first = self.head as u64;
        let past = offset.saturating_sub(first).div_ceil(record);
        let start = first.checked_add(past.checked_mul(record)?)?;
        let left = (self.records as u64).checked_sub(past)?;
        let head = usize::try_from(start.checked_sub(offset)?).ok()?;
        let room = len.checked_sub(head)? as u64 / record;
        self.records = usize::try_from(left.min(room)).ok()?;
        self.head = head;
        (self.records > 0).then_some(self)
    }
}

impl Geometry {
    /// All numbers of a column.
    pub(crate) fn numbers<'a>(
        &self,
        data: &'a [u8],
        column: usize,
    ) -> impl Iterator<Item = u64> + Clone + use<'a> {
        let at: usize = self.columns[..column].iter().map(|c| c.width).sum();
        let Column {
            width, big_endian, ..
        } = self.columns[column];
        let record = self.record();
        let body = &data[self.head..self.head + record * self.records];
        let number = move |r: &'a [u8]| read(&r[at..at + width], big_endian);
        body.chunks_exact(record).map(number)
    }
}

/// Numbers of a column that are looked at.
const LOOKED_AT: usize = 2048;
/// Windows of neighbouring records in which these lie.
const WINDOWS: usize = 16;

/// The numbers of some records, column by column: `samples[c][i]` is of the same record for all c.
pub(crate) struct Sample {
    pub(crate) columns: Vec<Vec<u64>>,
}

impl Sample {
    pub(crate) fn of(data: &[u8], geometry: &Geometry) -> Self {
        let record = geometry.record();
        // Of very wide records fewer are enough for the same time.
        let most = (LOOKED_AT * 64 / geometry.columns.len().max(64)).max(4 * WINDOWS);
        let window = (most / WINDOWS).min(geometry.records / WINDOWS).max(1);
        let room = geometry.records.saturating_sub(window);
        let windows = WINDOWS.min(geometry.records);
        let numbers = (0..windows).flat_map(|w| {
            let first = room * w / (WINDOWS - 1);
            (first..first + window).map(|n| geometry.head + n * record)
        });
        let starts: Vec<usize> = numbers.collect();
        let mut at = 0;
        let columns = geometry.columns.iter().map(|column| {
            let from = at;
            at += column.width;
            let number = |&start: &usize| {
                let bytes = &data[start + from..start + from + column.width];
                read(bytes, column.big_endian)
            };
            starts.iter().map(number).collect()
        });
        Self {
            columns: columns.collect(),
        }
    }
}
