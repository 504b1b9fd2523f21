//! What is at hand of a file: its first bytes and a block of it.

use umoec_codec::plugin::Place;

/// Bytes of a content by their place in a file that begins somewhere in it.
pub(super) struct Source<'a> {
    head: &'a [u8],
    block: &'a [u8],
    /// Where the block begins in the content.
    offset: u64,
    /// Where the file begins in the content.
    base: u64,
    /// Bytes of an address and of a length.
    sizes: [usize; 2],
}

impl<'a> Source<'a> {
    /// The file at byte `base` of the content.
    pub(super) fn new(block: &'a [u8], place: &Place<'a>, base: u64) -> Self {
        Self {
            head: place.head,
            block,
            offset: place.offset,
            base,
            sizes: [8; 2],
        }
    }

    /// Takes note of how wide addresses and lengths are: 4 or 8 bytes.
    pub(super) fn set_sizes(&mut self, address: u8, length: u8) -> Option<()> {
        let is_known = |size: u8| matches!(size, 4 | 8);
        self.sizes = [usize::from(address), usize::from(length)];
        (is_known(address) && is_known(length)).then_some(())
    }

    pub(super) fn sizes(&self) -> [usize; 2] {
        self.sizes
    }

    pub(super) fn block(&self) -> &'a [u8] {
        self.block
    }

    /// What address has the byte of the block at `at`; `None` before the file.
    pub(super) fn address_of(&self, at: usize) -> Option<u64> {
        (self.offset + at as u64).checked_sub(self.base)
    }

    /// `length` bytes of the file from `address` on, if they are at hand.
    pub(super) fn at(&self, address: u64, length: usize) -> Option<&'a [u8]> {
        let start = self.base.checked_add(address)?;
        let from = |bytes: &'a [u8], start: u64| {
            let start = usize::try_from(start).ok()?;
            bytes.get(start..start.checked_add(length)?)
        };
        let in_block = start.checked_sub(self.offset);
        let in_block = in_block.and_then(|start| from(self.block, start));
        in_block.or_else(|| from(self.head, start))
    }

    /// The address at `at`; `None` too where it is the one that says that there is none.
    pub(super) fn address(&self, at: u64) -> Option<u64> {
        self.reader(at, self.sizes[0])?.address()
    }

    /// A reader of `length` bytes.
    pub(super) fn reader(&self, at: u64, length: usize) -> Option<Reader<'a>> {
        Some(Reader {
            bytes: self.at(at, length)?,
            sizes: self.sizes,
        })
    }

    /// Which range of the block has these bytes of the file, as far as it has them, and how many of them are before it.
    pub(super) fn in_block(
        &self,
        address: u64,
        length: u64,
    ) -> Option<(std::ops::Range<usize>, u64)> {
        let start = self.base.checked_add(address)?;
        let end = start
            .checked_add(length)?
            .min(self.offset + self.block.len() as u64);
        let from = start.max(self.offset);
        let range = (from - self.offset) as usize..end.checked_sub(self.offset)? as usize;
        (range.start < range.end).then_some((range, from - start))
    }
}

/// Fields one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) sizes: [usize; 2],
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A number of 1 to 8 bytes.
    pub(super) fn number(&mut self, width: usize) -> Option<u64> {
        if !(1..=8).contains(&width) {
            return None;
        }
        Some(umoec_adapter_float::number::read(self.take(width)?, false))
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    pub(super) fn length(&mut self) -> Option<u64> {
        self.number(self.sizes[1])
    }

    /// An address; `None` too where it is the one that says that there is none.
    pub(super) fn address(&mut self) -> Option<u64> {
        let address = self.number(self.sizes[0])?;
        let none = u64::MAX >> (64 - 8 * self.sizes[0]);
        (address != none).then_some(address)
    }
}
