//! The data sets of a file as tables in a block.

use std::ops::Range;

use umoec_codec::plugin::Place;

use super::chunks::Layout;
use super::datatype::Type;
use super::messages::Message;
use super::source::{Reader, Source};
use super::{Budget, Superblock, WORK, tree};
use crate::header::grid;
use crate::note::Table;
use crate::params::SECTIONS_MAX;
use crate::schema::COLUMNS_MAX;

const DATASPACE: u8 = 1;
const DATATYPE: u8 = 3;
const LAYOUT: u8 = 8;
const FILTERS: u8 = 11;

/// Most sets of a file.
const SETS_MAX: usize = 1 << 12;
/// Most columns of sets that are one table.
const TOGETHER: usize = 256;

/// The tables of the file at byte `base` of a content, as far as they are in this block.
pub(crate) fn tables(block: &[u8], place: &Place<'_>, base: u64) -> Vec<Table> {
    let mut source = Source::new(block, place, base);
    let Some(superblock) = Superblock::read(&mut source) else {
        return Vec::new();
    };
    let mut budget = Budget(WORK);
    let mut sets = Vec::new();
    tree::walk(&source, &superblock, &mut budget, |messages, budget| {
        if sets.len() < SETS_MAX {
            sets.extend(set(&source, &messages, budget));
        }
    });
    sets.sort_by_key(|set| set.table.ranges.first().map(|r| r.start));
    together(sets)
}

/// A data set.
struct Set {
    table: Table,
    /// Its elements, if it has one axis, they are numbers, and all of it is here.
    elements: Option<usize>,
}

/// The set with these messages; `None` where nothing of it is here or it is none.
fn set(source: &Source<'_>, messages: &[Message<'_>], budget: &mut Budget) -> Option<Set> {
    let body = |kind| messages.iter().find(|m| m.kind == kind).map(|m| m.body);
    let kind = Type::read(&mut body(DATATYPE)?)?;
    if !kind.is_numeric {
        return None;
    }
    let shape = shape(body(DATASPACE)?)?;
    let filters = match body(FILTERS) {
        None => 0,
        Some(mut body) => u32::from(body.take(2)?[1]),
    };
    let layout = Layout::read(source, body(LAYOUT)?, filters, budget)?;
    let piece = layout.shape.as_ref().unwrap_or(&shape);
    let size = kind.size();
    let volume = piece
        .iter()
        .try_fold(size as u64, |p, &d| p.checked_mul(d))?;
    if volume == 0 || volume > layout.length {
        return None;
    }
    let mut pieces = layout.pieces;
    let here = |at: &u64| source.in_block(*at, volume);
    let is_whole = |at| here(at).is_some_and(|(range, _)| range.len() as u64 == volume);
    let is_whole = pieces.iter().all(is_whole);
    let in_order = pieces.is_sorted_by(|a, b| a < b);
    let numbers = usize::try_from(volume).ok()? / size;
    if is_whole && in_order && matches!(piece[..], [_, .., 1]) && kind.columns.len() == 1 {
        // Chunks of one column of several, one behind the other.
        let columns = shape.last().and_then(|&c| usize::try_from(c).ok())?;
        let sections = pieces.len() / columns.max(1);
        if (2..=COLUMNS_MAX).contains(&columns)
            && (1..=SECTIONS_MAX).contains(&sections)
            && pieces.len() == sections * columns
        {
            return Some(Set {
                table: Table {
                    ranges: ranges(source, &pieces, volume, size as u64),
                    columns: kind.columns.repeat(columns),
                    sections: vec![numbers; sections],
                    row: None,
                },
                elements: None,
            });
        }
    }
    let fastest = piece.last().filter(|_| piece.len() > 1).copied();
    let (columns, row) = grid(kind.columns, usize::try_from(fastest.unwrap_or(1)).ok()?)?;
    let record: usize = columns.iter().map(|c| c.width).sum();
    pieces.sort_unstable();
    pieces.dedup();
    let is_column = is_whole && piece.len() <= 1 && columns.len() == 1;
    let ranges = ranges(source, &pieces, volume, record as u64);
    Some(Set {
        elements: is_column.then_some(numbers * pieces.len()),
        table: Table {
            ranges: (!ranges.is_empty()).then_some(ranges)?,
            columns,
            sections: Vec::new(),
            row,
        },
    })
}

/// The lengths of the axes (section IV.A.2.b).
fn shape(mut body: Reader<'_>) -> Option<Vec<u64>> {
    let (version, rank) = (body.u8()?, body.u8()?);
    body.take(match version {
        1 => 6,
        2 => 2,
        _ => return None,
    })?;
    (0..rank).map(|_| body.length()).collect()
}

/// The whole records of all pieces that are in the block.
fn ranges(source: &Source<'_>, pieces: &[u64], volume: u64, record: u64) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for &piece in pieces {
        let Some((range, before)) = source.in_block(piece, volume) else {
            continue;
        };
        let start = range.start as u64 + before.next_multiple_of(record) - before;
        let length = (range.end as u64).saturating_sub(start) / record * record;
        if length == 0 {
            continue;
        }
        push(&mut ranges, start as usize..(start + length) as usize);
    }
    ranges
}

/// Sets of as many elements, one behind the other, are the columns of a table.
fn together(sets: Vec<Set>) -> Vec<Table> {
    let mut tables: Vec<(Table, Option<usize>)> = Vec::new();
    for Set { table, elements } in sets {
        let start = table.ranges.first().map(|r| r.start);
        let joins = |(known, count): &(Table, Option<usize>)| {
            let is_behind = known.ranges.last().map(|r| r.end) <= start;
            elements.is_some() && *count == elements && is_behind && known.columns.len() < TOGETHER
        };
        let with = tables.iter().rposition(joins);
        match with.map(|n| &mut tables[n]) {
            Some((known, _)) => {
                known.sections = elements.into_iter().collect();
                known.columns.extend(table.columns);
                for range in table.ranges {
                    push(&mut known.ranges, range);
                }
            }
            None => tables.push((table, elements)),
        }
    }
    tables.into_iter().map(|(table, _)| table).collect()
}

/// Neighbours are one.
fn push(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        // Pieces overlap only in files that lie.
        Some(last) if last.end > range.start => {}
        _ => ranges.push(range),
    }
}
