//! Encoder: Huffman codes, read.

use crate::bits::Bits;

/// Bits of a code that are looked up at once.
const FAST: u32 = 9;

/// A canonical Huffman code.
pub(crate) struct Code {
    /// By the next bits: the symbol and in the low 4 bits its length, or 0 where it is longer.
    fast: [u16; 1 << FAST],
    /// Codes of each length.
    counts: [u16; 16],
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// `None` where there are more codes than fit.
    pub(crate) fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0u16; 16];
        for &length in lengths {
            counts[usize::from(length)] += 1;
        }
        counts[0] = 0;
        let (mut offsets, mut next) = ([0u16; 17], [0u32; 17]);
        let mut left = 1i32;
        for length in 1..16 {
            left = 2 * left - i32::from(counts[length]);
            if left < 0 {
                return None;
            }
            offsets[length + 1] = offsets[length] + counts[length];
            next[length + 1] = (next[length] + u32::from(counts[length])) << 1;
        }
        let mut symbols = vec![0; lengths.len()];
        let mut fast = [0; 1 << FAST];
        for (symbol, &length) in lengths.iter().enumerate().filter(|&(_, &l)| l != 0) {
            let place = usize::from(length);
            symbols[usize::from(offsets[place])] = symbol as u16;
            offsets[place] += 1;
            let code = next[place];
            next[place] += 1;
            if u32::from(length) <= FAST {
                let reversed = code.reverse_bits() >> (32 - u32::from(length));
                for entry in fast.iter_mut().skip(reversed as usize).step_by(1 << length) {
                    *entry = (symbol as u16) << 4 | u16::from(length);
                }
            }
        }
        Some(Self {
            fast,
            counts,
            symbols,
        })
    }

    pub(crate) fn next(&self, bits: &mut Bits<'_>) -> Option<u16> {
        if bits.count < 15 {
            bits.refill();
        }
        let entry = self.fast[(bits.held & ((1 << FAST) - 1)) as usize];
        if entry != 0 {
            bits.take(u32::from(entry & 15))?;
            return Some(entry >> 4);
        }
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for length in 1..16 {
            code |= (bits.held >> (length - 1)) as u32 & 1;
            let count = u32::from(self.counts[length]);
            if code < first + count {
                bits.take(length as u32)?;
                return self.symbols.get((index + code - first) as usize).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}
