//! Files of records within a block: in archives, in containers, one behind the other.

use memchr::memmem;
use umoec_codec::plugin::{Place, Region};

use crate::geometry::Geometry;
use crate::hdf5;
use crate::header::{self, MAGICS, fits};
use crate::note::Table;
use crate::root;

/// Smaller files gain too little.
const LEAST: usize = 16 << 10;
/// Archives put files at multiples of that; STL has no magic to search for.
const ALIGNED: usize = 512;
/// Most files of several tables in a block.
const FILES_MAX: usize = 16;
/// Most regions of a block.
const REGIONS_MAX: usize = 1024;

/// The files in `block`, but for the one that it begins with; and the tables in files that have several.
pub(crate) fn find(block: &[u8], place: &Place<'_>) -> Vec<Region> {
    let mut tables = tables(block, place);
    tables.retain(|t| t.length() >= LEAST);
    let mut regions: Vec<Region> = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        if regions.len() + table.ranges.len() <= REGIONS_MAX {
            regions.extend(table.regions(number));
        }
    }
    regions.extend(files(block));
    regions
}

/// The table that the whole block is, but for less than a region.
pub(crate) fn whole(block: &[u8], place: &Place<'_>) -> Option<Geometry> {
    let mut tables = tables(block, place);
    // Of a small block, nearly all of it.
    let around = LEAST.min(block.len() / 8);
    let most = tables
        .iter()
        .position(|t| t.length() + around > block.len())?;
    let table = tables.swap_remove(most);
    let [range] = &table.ranges[..] else {
        return None;
    };
    let by_record = table.sections.is_empty();
    by_record.then(|| Geometry::new(range.start, usize::MAX, table.columns, table.row, range.end))
}

/// The tables of files of several, which may begin in earlier blocks.
fn tables(block: &[u8], place: &Place<'_>) -> Vec<Table> {
    let mut starts: Vec<u64> = memmem::find_iter(block, hdf5::MAGIC)
        .map(|at| place.offset + at as u64)
        .take(FILES_MAX)
        .collect();
    if place.offset > 0 && place.head.starts_with(hdf5::MAGIC) {
        starts.push(0);
    }
    let tables = starts
        .iter()
        .flat_map(|&start| hdf5::tables(block, place, start));
    tables
        .chain(root::tables(block))
        .chain(fits::extensions(block))
        .collect()
}

/// The files that have their numbers one behind the other, but for the one that the block begins with.
fn files(block: &[u8]) -> Vec<Region> {
    let mut starts: Vec<usize> = MAGICS
        .iter()
        .flat_map(|magic| memmem::find_iter(block, magic))
        .collect();
    let tail = block.len().saturating_sub(LEAST);
    starts.extend(
        (ALIGNED..tail)
            .step_by(ALIGNED)
            .filter(|&at| looks_like_stl(block, at)),
    );
    starts.sort_unstable();
    let mut regions: Vec<Region> = Vec::new();
    let mut end = 0;
    for start in starts {
        // Within the file before, or the block itself.
        if start < end.max(1) || regions.len() == REGIONS_MAX {
            continue;
        }
        let head = &block[start..block.len().min(start + Place::HEAD)];
        let file = header::read(head).and_then(|g| header::end(&g));
        let Some(length) = file else { continue };
        // The last file of a block may be cut.
        let file = start..block.len().min(start.saturating_add(length));
        if file.len() >= LEAST {
            end = file.end;
            regions.push(Region {
                range: file,
                score: 90,
                joins: false,
                note: Vec::new(),
            });
        }
    }
    regions
}

/// Whether the count of triangles fits a file of a plausible size.
fn looks_like_stl(block: &[u8], at: usize) -> bool {
    let Some(count) = block.get(at + 80..).and_then(|b| b.first_chunk()) else {
        return false;
    };
    let length = u64::from(u32::from_le_bytes(*count)) * 50 + 84;
    (LEAST as u64..=(block.len() - at) as u64).contains(&length)
}
