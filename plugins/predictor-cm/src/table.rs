//! The shared hash table of bit histories (`spec.md`, section 5).
//!
//! A line is 64 bytes, one cache line, of four rows; a row is a check byte and the 15 states
//! of one nibble under one context. All contexts of a model share one table, so the memory
//! goes where the contexts are.

use memmap2::MmapMut;

/// Bytes of a line.
pub(crate) const LINE: usize = 64;
/// Bytes of a row.
pub(crate) const ROW: usize = 16;

/// Lines of rows, zero at first.
pub(crate) struct Table {
    memory: MmapMut,
    lines: u64,
}

impl Table {
    /// A table of `lines` lines. The pages cost nothing before they are touched.
    pub(crate) fn new(lines: usize) -> Self {
        Self {
            memory: zeroed(lines * LINE),
            lines: lines as u64,
        }
    }

    #[inline]
    fn line_of(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.lines) >> 32) as usize * LINE
    }

    /// Asks for the line of `hash` to be brought near.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u32) {
        crate::simd::prefetch(&self.memory, self.line_of(hash));
    }

    /// The offset of the row of `hash`. The row is taken from the context seen least where
    /// none has the check.
    #[inline]
    pub(crate) fn row(&mut self, hash: u32) -> u32 {
        let start = self.line_of(hash);
        let check = (hash & 255) as u8;
        let line: &mut [u8; LINE] = (&mut self.memory[start..start + LINE])
            .try_into()
            .expect("a line has 64 bytes");
        let (mut victim, mut least) = (0, u8::MAX);
        for row in 0..LINE / ROW {
            // The state of the first node tells how often the row was visited: 0 is empty,
            // and states are in the order of their totals.
            let visits = line[row * ROW + 1];
            if line[row * ROW] == check && visits != 0 {
                return (start + row * ROW) as u32;
            }
            if visits < least {
                (victim, least) = (row, visits);
            }
        }
        let row = &mut line[victim * ROW..(victim + 1) * ROW];
        row.fill(0);
        row[0] = check;
        (start + victim * ROW) as u32
    }

    /// A copy of the row at `at`.
    #[inline]
    pub(crate) fn load(&self, at: u32) -> [u8; ROW] {
        let at = at as usize;
        self.memory[at..at + ROW]
            .try_into()
            .expect("a row has 16 bytes")
    }

    /// Puts a row back.
    #[inline]
    pub(crate) fn store(&mut self, at: u32, row: &[u8; ROW]) {
        let at = at as usize;
        self.memory[at..at + ROW].copy_from_slice(row);
    }
}

/// Zeroed memory, on huge pages where the system has them: rows are far apart, and half the
/// time would go to the page tables otherwise.
fn zeroed(len: usize) -> MmapMut {
    let memory = MmapMut::map_anon(len.max(LINE)).expect("the memory was granted by the limits");
    #[cfg(target_os = "linux")]
    if len >= 4 << 20 {
        // Advice only: where it is refused everything works, slower.
        let _ = memory.advise(memmap2::Advice::HugePage);
    }
    memory
}
