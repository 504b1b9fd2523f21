//! Rhythm: at what distance bytes come again of late, and what the record at that distance says
//! (`spec.md`, section 6.10). It finds records of fixed length wherever they begin and end, such as
//! the tables of a program; the idea is that of PAQ8's record model.

/// The longest distance.
const LONGEST: usize = 64;
/// Bytes between two decisions.
const DECISION: usize = 16;

/// What distance bytes come again at, and what that says of the next byte.
pub(crate) struct Rhythm {
    /// For each distance from the longest on down to 1, how often the byte there was the same: a
    /// mean over the last 32 or so bytes that counted, times 2^16.
    scores: [u16; LONGEST],
    /// The present distance, 0 at first.
    pub(crate) stride: usize,
    /// The position modulo that.
    pub(crate) column: u32,
    /// What the number above says of the next byte, and what a step like the last one says.
    pub(crate) carried: u32,
    pub(crate) stepped: u32,
}

impl Rhythm {
    pub(crate) fn new() -> Self {
        Self {
            scores: [0; LONGEST],
            stride: 0,
            column: 0,
            carried: 0,
            stepped: 0,
        }
    }

    /// Takes in the last byte of `past`, which is all of the stream so far.
    #[inline(always)]
    pub(crate) fn push(&mut self, past: &[u8]) {
        self.count(past);
        if past.len().is_multiple_of(DECISION) {
            self.decide();
        }
        self.column = past.len().checked_rem(self.stride).unwrap_or(0) as u32;
        self.look_above(past);
    }

    /// Counts for each distance whether the byte there is the last one.
    #[inline(always)]
    fn count(&mut self, past: &[u8]) {
        let Some((&last, before)) = past.split_last() else {
            return;
        };
        // A byte like the one before it says nothing about records.
        let Some(before) = before
            .last_chunk::<LONGEST>()
            .filter(|b| b[LONGEST - 1] != last)
        else {
            return;
        };
        for (score, &b) in self.scores.iter_mut().zip(before) {
            *score = *score - (*score >> 5) + if b == last { 2047 } else { 0 };
        }
    }

    /// Goes over to the distance with the highest score, the least of such, if that is clearly higher than
    /// the present one's.
    fn decide(&mut self) {
        let mut best = (0, 0);
        for stride in 2..=LONGEST {
            let score = u32::from(self.scores[LONGEST - stride]);
            if score > best.0 {
                best = (score, stride);
            }
        }
        let present = match self.stride {
            0 => 0,
            stride => u32::from(self.scores[LONGEST - stride]),
        };
        if best.0 > present + present / 8 + 1024 {
            self.stride = best.1;
        }
    }

    /// Numbers of four bytes, the least significant first: the one above and a step on from it.
    #[inline(always)]
    fn look_above(&mut self, past: &[u8]) {
        let (n, stride) = (past.len(), self.stride);
        let k = n % 4;
        if stride < 4 || n < 2 * stride + 4 {
            (self.carried, self.stepped) = (0, 0);
            return;
        }
        let number = |at: usize| {
            let bytes = past[at..at + 4].try_into().expect("four bytes");
            u32::from_le_bytes(bytes)
        };
        let (up, upup) = (number(n - k - stride), number(n - k - 2 * stride));
        let known = (1u32 << (8 * k)) - 1;
        // The last four bytes, without those of the number before.
        let now = (u64::from(number(n - 4)) >> (32 - 8 * k)) as u32;
        let byte = |number: u32| number >> (8 * k) & 255;
        let carry = u32::from(now < up & known);
        self.carried = (byte(up) + carry) << 2 | k as u32;
        let step = up.wrapping_mul(2).wrapping_sub(upup);
        let agrees = u32::from(now == step & known);
        self.stepped = byte(step) << 3 | agrees << 2 | k as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of records: a number that grows, one that stays, and one that has no rule.
    fn records(length: usize, count: u32) -> Vec<u8> {
        let mut table = Vec::new();
        for i in 0..count {
            let mut record = vec![0; length];
            record[..4].copy_from_slice(&(0x2_0000 + 24 * i).to_le_bytes());
            record[4] = 7;
            record[6] = 9;
            record[8] = (i.wrapping_mul(i) >> 3) as u8;
            table.extend(record);
        }
        table
    }

    #[test]
    fn the_length_of_records_is_found_and_lost() {
        let mut stream = records(24, 40);
        let first = stream.len();
        stream.extend(records(20, 60));
        let mut rhythm = Rhythm::new();
        for n in 1..=stream.len() {
            rhythm.push(&stream[..n]);
            if n == first {
                assert_eq!(rhythm.stride, 24);
            }
        }
        assert_eq!(rhythm.stride, 20);
    }

    #[test]
    fn a_number_that_grows_is_foreseen() {
        let stream = records(24, 200);
        let mut rhythm = Rhythm::new();
        for n in 1..stream.len() {
            rhythm.push(&stream[..n]);
            if n > 1000 && n % 24 < 4 {
                let next = u32::from(stream[n]);
                assert_eq!(rhythm.stepped, next << 3 | 4 | (n % 4) as u32);
                if n % 24 > 0 {
                    assert_eq!(rhythm.carried >> 2, next);
                }
            }
        }
    }
}
