//! ROOT files: the baskets of trees, where these are not compressed. R. Brun and F. Rademakers, *ROOT: an
//! object oriented data analysis framework*, 1997; <https://root.cern/doc/master/classTKey.html> (the key of
//! each record of a file) and `classTBasket.html` (what a basket adds to it).
//!
//! A basket holds the numbers of one branch in some events, big-endian. Branches of as many numbers in the same events
//! are columns of a table, the baskets of each span of events a section of it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use memchr::memmem;
use umoec_adapter_float::number::{Number, read};

use crate::geometry::Column;
use crate::note::Table;
use crate::params::SECTIONS_MAX;
use crate::table::kind;

/// The name of the class, with its length.
const CLASS: &[u8] = b"\x07TBasket";
/// Most baskets of a block.
const BASKETS_MAX: usize = 1 << 12;
/// Most columns of a table.
const COLUMNS_MAX: usize = 256;
/// Most bytes of an entry.
const ENTRY_MAX: usize = 256;
/// Numbers that tell of what kind all are.
const LOOKED_AT: usize = 512;

/// The tables in a block.
pub(crate) fn tables(block: &[u8]) -> Vec<Table> {
    let baskets: Vec<Basket<'_>> = memmem::find_iter(block, CLASS)
        .filter_map(|at| Basket::read(block, at))
        .take(BASKETS_MAX)
        .collect();
    let mut tables: Vec<(Vec<&Basket<'_>>, Table)> = Vec::new();
    for section in sections(&baskets) {
        let columns = |b: &Basket<'_>| b.columns(block);
        let known = tables.iter_mut().rev().find(|(first, table)| {
            let same = first.len() == section.len()
                && first.iter().zip(&section).all(|(a, b)| a.is_like(b));
            let end = table.ranges.last().map(|r| r.end);
            same && end <= section.first().map(|b| b.body.start)
                && table.sections.len() < SECTIONS_MAX
        });
        let records = section[0].body.len() / section[0].entry;
        let ranges = section.iter().map(|b| b.body.clone());
        match known {
            Some((_, table)) => {
                table.ranges.extend(ranges);
                table.sections.push(records);
            }
            None => {
                let table = Table {
                    ranges: ranges.collect(),
                    columns: section.iter().flat_map(|b| columns(b)).collect(),
                    sections: vec![records],
                    row: None,
                };
                tables.push((section, table));
            }
        }
    }
    let of_fields = |(first, mut table): (Vec<&Basket<'_>>, Table)| {
        // Entries of several numbers lie record by record.
        if first.len() < table.columns.len() {
            table.sections.clear();
        }
        table
    };
    tables.into_iter().map(of_fields).collect()
}

/// The baskets that are columns of one table in one span of events, each of one number an entry; or one alone.
fn sections<'a, 'b>(baskets: &'b [Basket<'a>]) -> Vec<Vec<&'b Basket<'a>>> {
    let mut sections: Vec<Vec<&Basket<'_>>> = Vec::new();
    // By what baskets of a span must agree in: where their section is.
    let mut open: HashMap<(usize, usize), usize> = HashMap::new();
    let mut seen: HashSet<&[u8]> = HashSet::new();
    for basket in baskets {
        // The second basket of a branch begins the next span.
        if !seen.insert(basket.branch) {
            seen.clear();
            seen.insert(basket.branch);
            open.clear();
        }
        let numbers = basket.body.len() / basket.entry;
        let known = match basket.width() {
            Some(_) => open.get(&(basket.events, numbers)).copied(),
            None => None,
        };
        match known.filter(|&n| sections[n].len() < COLUMNS_MAX) {
            Some(n) => sections[n].push(basket),
            None => {
                if basket.width().is_some() {
                    open.insert((basket.events, numbers), sections.len());
                }
                sections.push(vec![basket]);
            }
        }
    }
    sections
}

/// A basket that is not compressed.
struct Basket<'a> {
    branch: &'a [u8],
    /// Where its numbers are in the block.
    body: Range<usize>,
    events: usize,
    /// Bytes that all its entries are multiples of, not 0.
    entry: usize,
}

impl<'a> Basket<'a> {
    /// The basket whose class is at `at`; `None` where there is none, or nothing in it.
    fn read(block: &'a [u8], at: usize) -> Option<Self> {
        // Keys far into a file have addresses of 8 bytes.
        let long = at
            .checked_sub(34)
            .filter(|&start| number(block, start + 4, 2) > Some(1000));
        let start = long.or_else(|| at.checked_sub(26))?;
        let all = number(block, start, 4)?;
        let unpacked = number(block, start + 6, 4)?;
        let head = number(block, start + 14, 2)?;
        if all.checked_sub(head)? != unpacked {
            return None;
        }
        let mut rest = block
            .get(start..start.checked_add(all)?)?
            .get(at - start + CLASS.len()..head)?;
        let branch = text(&mut rest)?;
        text(&mut rest)?;
        // Version, size of the buffer, bytes of an event or events with places of their own, events, end.
        let size = number(rest, 6, 4)?;
        let events = number(rest, 10, 4)?;
        let end = number(rest, 14, 4)?;
        let length = end.checked_sub(head).filter(|&l| l <= unpacked)?;
        let places = &block[start + end..start + all];
        let entry = if places.is_empty() {
            size
        } else {
            divisor(places, end)
        };
        // Entries with places of their own that are odd are those of vectors, which have heads.
        let is_known = match entry {
            1 | 2 => places.is_empty(),
            _ => entry <= ENTRY_MAX && entry.is_multiple_of(4),
        };
        let fits = is_known && length > 0 && entry > 0 && length.is_multiple_of(entry);
        fits.then_some(Self {
            branch,
            body: start + head..start + end,
            events,
            entry,
        })
    }

    /// Bytes of its numbers, where each entry is one.
    fn width(&self) -> Option<usize> {
        matches!(self.entry, 1 | 2 | 4 | 8).then_some(self.entry)
    }

    fn is_like(&self, other: &Self) -> bool {
        self.branch == other.branch && self.entry == other.entry
    }

    /// What an entry consists of.
    fn columns(&self, block: &[u8]) -> Vec<Column> {
        let body = &block[self.body.clone()];
        let of_width = |width: usize| {
            let numbers = body.chunks_exact(width);
            let step = (numbers.len() / LOOKED_AT).max(1);
            kind(numbers.step_by(step).map(|b| read(b, true)), width)
        };
        let (width, number) = match self.entry {
            1 => (1, Number::Unsigned),
            2 => (2, Number::Signed),
            4 => (4, of_width(4)),
            8 => (8, of_width(8)),
            entry => {
                let wide = entry.is_multiple_of(8) && of_width(4) == Number::Signed;
                let width = if wide { 8 } else { 4 };
                (width, of_width(width))
            }
        };
        let column = Column {
            width,
            number,
            big_endian: true,
        };
        vec![column; self.entry / width]
    }
}

/// What all entries are multiples of: `places` has their number, then where each begins, behind it nothing.
fn divisor(places: &[u8], end: usize) -> usize {
    let count = number(places, 0, 4).unwrap_or(0);
    let starts = (1..count).map_while(|n| number(places, 4 * n, 4));
    let mut before = end;
    let mut all = 0;
    for start in starts.take_while(|&s| s > 0) {
        all = gcd(all, before.abs_diff(start));
        before = start;
    }
    all
}

fn gcd(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A number of `width` bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(read(bytes, true) as usize)
}

/// Takes a text with its length, which is in five bytes where it is long.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (&first, mut behind) = rest.split_first()?;
    let length = match first {
        255 => {
            let length = number(behind, 0, 4)?;
            behind = &behind[4..];
            length
        }
        short => usize::from(short),
    };
    let (text, left) = behind.split_at_checked(length)?;
    *rest = left;
    Some(text)
}
