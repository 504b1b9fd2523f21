//! Where the bytes of a data set are: layout messages (section IV.A.2.i) and what they lead to (sections III.A, VII).

use super::source::{Reader, Source};
use super::{Budget, tree};

/// Where a data set is.
pub(super) struct Layout {
    /// Addresses of its pieces, in the order in which they were found.
    pub(super) pieces: Vec<u64>,
    /// Bytes of each.
    pub(super) length: u64,
    /// The shape of a piece, where that is not that of the whole set.
    pub(super) shape: Option<Vec<u64>>,
}

impl Layout {
    /// `filters` is the number of filters that chunks went through: such chunks are left out.
    pub(super) fn read(
        source: &Source<'_>,
        mut body: Reader<'_>,
        filters: u32,
        budget: &mut Budget,
    ) -> Option<Self> {
        let (version, class) = (body.u8()?, body.u8()?);
        match (version, class) {
            (3 | 4, 1) => Some(Self {
                pieces: vec![body.address()?],
                length: body.length()?,
                shape: None,
            }),
            (3, 2) => {
                let rank = usize::from(body.u8()?);
                let tree = body.address()?;
                let dims = (0..rank).map(|_| body.number(4));
                let mut layout = Self::chunked(dims.collect::<Option<_>>()?)?;
                layout.by_tree(source, tree, rank, filters, budget);
                Some(layout)
            }
            (4, 2) => {
                let (flags, rank, width) = (body.u8()?, body.u8()?, body.u8()?);
                let dims = (0..rank).map(|_| body.number(usize::from(width)));
                let mut layout = Self::chunked(dims.collect::<Option<_>>()?)?;
                let index = body.u8()?;
                if filters > 0 {
                    return None;
                }
                match index {
                    // A single chunk: with fields of its own where it is filtered.
                    1 if flags & 2 == 0 => layout.pieces.push(body.address()?),
                    3 => {
                        body.u8()?;
                        layout.by_array(source, body.address()?, budget)?;
                    }
                    _ => return None,
                }
                Some(layout)
            }
            _ => None,
        }
    }

    /// The last of the dimensions is the size of an element.
    fn chunked(mut dims: Vec<u64>) -> Option<Self> {
        let all = dims.iter().try_fold(1u64, |p, &d| p.checked_mul(d))?;
        dims.pop()?;
        (all > 0).then_some(Self {
            pieces: Vec::new(),
            length: all,
            shape: Some(dims),
        })
    }

    /// Chunks in a B-tree of version 1: keys have the size of the chunk, its mask of filters that were left out, and where it
    /// is in the set.
    fn by_tree(
        &mut self,
        source: &Source<'_>,
        tree: u64,
        rank: usize,
        filters: u32,
        budget: &mut Budget,
    ) {
        let all = 1u64.checked_shl(filters).map_or(u64::MAX, |f| f - 1);
        let (pieces, length) = (&mut self.pieces, self.length);
        tree::nodes(source, tree, 1, 8 + 8 * rank, budget, |key, child| {
            let mut key = Reader {
                bytes: key,
                sizes: source.sizes(),
            };
            let (size, mask) = (key.number(4), key.number(4));
            if size == Some(length) && mask.is_some_and(|m| m & all == all) {
                pieces.push(child);
            }
        });
    }

    /// Chunks in a fixed array that has no pages.
    fn by_array(&mut self, source: &Source<'_>, at: u64, budget: &mut Budget) -> Option<()> {
        let [address, length] = source.sizes();
        let mut head = source.reader(at, 8 + length + address)?;
        if head.take(4)? != b"FAHD" {
            return None;
        }
        // Version, client, size of an element.
        head.take(3)?;
        let page = head.u8()?;
        let count = head.length()?;
        if count > 1u64.checked_shl(u32::from(page))? {
            return None;
        }
        let data = head.address()?;
        if source.at(data, 4)? != b"FADB" {
            return None;
        }
        let first = data.checked_add(6 + address as u64)?;
        for n in 0..count {
            budget.spend()?;
            let at = first.checked_add(n * address as u64)?;
            self.pieces.extend(source.address(at));
        }
        Some(())
    }
}
