//! Bits, the least significant of a byte first.

/// Appends bits to bytes.
#[derive(Debug)]
pub(crate) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Bytes after which nothing more is appended.
    end: usize,
    held: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    /// Begins with a whole byte behind `out`. Where more than `most` bytes come, some are appended, not all.
    pub(crate) fn new(out: &'a mut Vec<u8>, most: usize) -> Self {
        let end = out.len().saturating_add(most);
        Self {
            out,
            end,
            held: 0,
            count: 0,
        }
    }

    /// The low `count` bits of `value`, at most 32; the others are 0.
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        self.held |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            if self.out.len() <= self.end {
                self.out.extend((self.held as u32).to_le_bytes());
            }
            self.held >>= 32;
            self.count -= 32;
        }
    }

    /// Fills the last byte up with 0, and bytes follow.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.flush(0);
        self.out.extend(bytes);
    }

    /// Fills the last byte up with the low bits of `tail`.
    pub(crate) fn flush(&mut self, tail: u8) {
        self.held |= u64::from(tail) << self.count;
        let bytes = self.count.div_ceil(8) as usize;
        self.out.extend(&self.held.to_le_bytes()[..bytes]);
        (self.held, self.count) = (0, 0);
    }

    /// Whether more came than is allowed.
    pub(crate) fn is_over(&self) -> bool {
        self.out.len() + self.count.div_ceil(8) as usize > self.end
    }
}

/// Takes bits from bytes.
pub(crate) struct Bits<'a> {
    pub(crate) data: &'a [u8],
    /// The next byte to be held.
    pub(crate) at: usize,
    pub(crate) held: u64,
    pub(crate) count: u32,
    /// Whether it ended too early: by the data, or by what is allowed.
    pub(crate) ended: bool,
}

impl Bits<'_> {
    /// Holds at least 32 bits, where there are so many.
    pub(crate) fn refill(&mut self) {
        if let Some(&eight) = self.data.get(self.at..).and_then(|d| d.first_chunk::<8>()) {
            self.held |= u64::from_le_bytes(eight) << self.count;
            let bytes = (63 - self.count) / 8;
            self.at += bytes as usize;
            self.count += 8 * bytes;
            // What does not count must be 0.
            self.held &= (1 << self.count) - 1;
            return;
        }
        while self.count <= 48
            && let Some(&byte) = self.data.get(self.at)
        {
            self.held |= u64::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    pub(crate) fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.refill();
        }
        let Some(left) = self.count.checked_sub(count) else {
            self.ended = true;
            return None;
        };
        self.count = left;
        let value = self.held as u32 & ((1 << count) - 1);
        self.held >>= count;
        Some(value)
    }

    /// Bits that were taken.
    pub(crate) fn position(&self) -> usize {
        8 * self.at - self.count as usize
    }

    /// Goes to the next whole byte, and says which it is. `None` where a bit is set in between.
    pub(crate) fn whole_bytes(&mut self) -> Option<usize> {
        if self.take(self.count % 8)? != 0 {
            return None;
        }
        Some(self.at - (self.count / 8) as usize)
    }
}
