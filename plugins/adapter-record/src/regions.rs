//! Files of records within a block: in archives, in containers, one behind the other.

use memchr::memmem;
use umoec_codec::plugin::{Place, Region};

use crate::header::{self, MAGICS};

/// Smaller files gain too little.
const LEAST: usize = 16 << 10;
/// Archives put files at multiples of that; STL has no magic to search for.
const ALIGNED: usize = 512;
/// Most regions of a block.
const REGIONS_MAX: usize = 1024;

/// The files in `block`, but for the one that it begins with.
pub(crate) fn find(block: &[u8]) -> Vec<Region> {
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
