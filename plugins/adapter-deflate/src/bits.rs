//! Bits to bytes, the least significant of a byte first.

/// Appends bits to bytes.
#[derive(Debug)]
pub(crate) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    /// Begins with a whole byte behind `out`.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            held: 0,
            count: 0,
        }
    }

    /// The low `count` bits of `value`, at most 32; the others are 0.
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        self.held |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out.extend((self.held as u32).to_le_bytes());
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

    /// Bytes so far, the last one perhaps not full.
    pub(crate) fn length(&self) -> usize {
        self.out.len() + self.count.div_ceil(8) as usize
    }
}
