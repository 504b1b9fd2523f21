//! What models leave to later ones: memory that the system need not clear again, page by page, and take from all processors. Where
//! many short files are compressed, or many models code one, that would be a large part of the time. It is at most 20 MiB, beside what
//! models declare.

use std::sync::{Mutex, MutexGuard, PoisonError};

use memmap2::MmapMut;

use crate::simd::Line;

/// Vectors of lines: as many as mixers are at work at a time.
const MOST: usize = 4;
/// Bytes of lines above which memory goes back to the system.
const LARGE: usize = 4 << 20;
/// Bytes of maps, about those of two models of a short stream.
const MAPS: usize = 4 << 20;

struct Spare {
    lines: Vec<Vec<Line>>,
    maps: Vec<MmapMut>,
    /// Bytes of `maps`.
    bytes: usize,
}

static SPARE: Mutex<Spare> = Mutex::new(Spare {
    lines: Vec::new(),
    maps: Vec::new(),
    bytes: 0,
});

fn spare() -> MutexGuard<'static, Spare> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No lines yet, with room for `most`.
pub(crate) fn lines(most: usize) -> Vec<Line> {
    let mut spare = spare();
    let enough = |lines: &Vec<Line>| lines.capacity() >= most;
    match spare.lines.iter().position(enough) {
        Some(at) => spare.lines.swap_remove(at),
        None => Vec::with_capacity(most),
    }
}

/// Leaves the room of these lines to others.
pub(crate) fn leave_lines(mut lines: Vec<Line>) {
    if lines.capacity() * size_of::<Line>() > LARGE {
        return;
    }
    lines.clear();
    let mut spare = spare();
    if spare.lines.len() < MOST {
        spare.lines.push(lines);
    } else if let Some(least) = spare.lines.iter_mut().min_by_key(|l| l.capacity())
        && least.capacity() < lines.capacity()
    {
        *least = lines;
    }
}

/// So many bytes that somebody left, as they were left.
pub(crate) fn bytes(len: usize) -> Option<MmapMut> {
    let mut spare = spare();
    let at = spare.maps.iter().rposition(|map| map.len() == len)?;
    spare.bytes -= len;
    Some(spare.maps.swap_remove(at))
}

/// Leaves these bytes to others.
pub(crate) fn leave_bytes(map: MmapMut) {
    let mut spare = spare();
    if spare.bytes + map.len() <= MAPS {
        spare.bytes += map.len();
        spare.maps.push(map);
    }
}
