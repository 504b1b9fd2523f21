//! PNG images: chunks, and rows with and without their filters (`spec.md`, section 3).

/// What an image's header says about its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Bytes from a sample to the one that it is filtered by, at least 1.
    pub(crate) pixel: usize,
    /// Bytes of a row without its filter.
    pub(crate) row: usize,
    /// Whether samples have two bytes.
    pub(crate) wide: bool,
}

impl Rows {
    /// From the body of an IHDR chunk. `None`: interlaced, or nothing that is known.
    pub(crate) fn of(header: &[u8]) -> Option<Self> {
        let width = u32::from_be_bytes(*header.first_chunk()?);
        let &[depth, colour, 0, 0, 0] = header.get(8..13)? else {
            return None;
        };
        let samples = match colour {
            0 | 3 => 1,
            2 => 3,
            4 => 2,
            6 => 4,
            _ => return None,
        };
        let bits = u64::from(depth) * samples;
        let row = (u64::from(width) * bits).div_ceil(8);
        Some(Self {
            pixel: (bits as usize).div_ceil(8).max(1),
            row: usize::try_from(row)
                .ok()
                .filter(|row| (1..=1 << 24).contains(row))?,
            wide: depth == 16,
        })
    }
}

/// Chunks of an image.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// Offsets of the IDAT chunks' bodies.
    pub(crate) starts: Vec<usize>,
    /// Bytes of their bodies, of the last as many as there are.
    pub(crate) lengths: Vec<usize>,
    /// Their bodies.
    pub(crate) joined: Vec<u8>,
    pub(crate) rows: Option<Rows>,
    /// Whether the block ends before the last IDAT chunk and its check do.
    pub(crate) cut: bool,
}

/// The chunks of the image whose signature is at `at`, if their checks are right.
pub(crate) fn chunks(block: &[u8], at: usize) -> Option<Chunks> {
    let mut place = at + 8;
    let mut chunks = Chunks::default();
    while let Some((kind, body, check)) = chunk(block, place) {
        match kind {
            b"IHDR" => chunks.rows = Rows::of(body),
            b"IDAT" => {
                chunks.starts.push(place + 8);
                chunks.lengths.push(body.len());
                chunks.joined.extend(body);
                match check {
                    None => {
                        chunks.cut = true;
                        return Some(chunks);
                    }
                    Some(check) if check != idat_check(body).to_be_bytes() => return None,
                    Some(_) => {}
                }
            }
            _ if !chunks.starts.is_empty() => return Some(chunks),
            _ => {}
        }
        place += 12 + body.len();
    }
    (!chunks.starts.is_empty()).then_some(chunks)
}

/// Name, body and check of a chunk. Without its check: the block ends first.
type Chunk<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>);

fn chunk(block: &[u8], at: usize) -> Option<Chunk<'_>> {
    let (head, rest) = block.get(at..)?.split_at_checked(8)?;
    let (length, kind) = head.split_first_chunk()?;
    let length = u32::from_be_bytes(*length) as usize;
    Some(match rest.split_at_checked(length) {
        Some((body, rest)) => (kind, body, rest.get(..4)),
        None => (kind, rest, None),
    })
}

/// The check of an IDAT chunk.
pub(crate) fn idat_check(body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(b"IDAT");
    hasher.update(body);
    hasher.finalize()
}

/// Filters and samples of the rows that `filtered` is made of, the last perhaps shorter. `None` where it is
/// not.
pub(crate) fn unfilter(filtered: &[u8], rows: Rows) -> Option<(Vec<u8>, Vec<u8>)> {
    let lines = filtered.chunks(rows.row + 1);
    let mut filters = Vec::with_capacity(lines.len());
    let mut samples: Vec<u8> = Vec::with_capacity(filtered.len());
    for line in lines {
        let (&filter, line) = line.split_first()?;
        // A filter alone would be forgotten: rows are counted by their samples.
        if filter > 4 || line.is_empty() {
            return None;
        }
        filters.push(filter);
        let start = samples.len();
        for (x, &residual) in line.iter().enumerate() {
            let said = predicted(filter, &samples, start, x, rows);
            samples.push(residual.wrapping_add(said));
        }
    }
    Some((filters, samples))
}

/// Rows with their filters. There are as many filters as rows, none more than 4.
pub(crate) fn filter(samples: &[u8], filters: &[u8], rows: Rows) -> Vec<u8> {
    let mut out = Vec::with_capacity(samples.len() + filters.len());
    for (y, (&filter, line)) in filters.iter().zip(samples.chunks(rows.row)).enumerate() {
        out.push(filter);
        let start = y * rows.row;
        for (x, &sample) in line.iter().enumerate() {
            let said = predicted(filter, samples, start, x, rows);
            out.push(sample.wrapping_sub(said));
        }
    }
    out
}

/// What a filter expects at byte `x` of the row that begins at `start` (PNG, section 9).
#[inline]
fn predicted(filter: u8, samples: &[u8], start: usize, x: usize, rows: Rows) -> u8 {
    let at = start + x;
    let left = if x >= rows.pixel {
        samples[at - rows.pixel]
    } else {
        0
    };
    let above = || if start > 0 { samples[at - rows.row] } else { 0 };
    match filter {
        0 => 0,
        1 => left,
        2 => above(),
        3 => ((u16::from(left) + u16::from(above())) / 2) as u8,
        _ => {
            let corner = if start > 0 && x >= rows.pixel {
                samples[at - rows.row - rows.pixel]
            } else {
                0
            };
            paeth(left, above(), corner)
        }
    }
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, above, corner].map(i16::from);
    let (da, db, dc) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        above
    } else {
        corner
    }
}
