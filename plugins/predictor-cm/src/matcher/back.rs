//! A matcher that goes back by rows: lists of points or of edges that are there a second time, the other way round, as
//! the border of two areas is that each goes along on its own.

use super::{AGREE_MAX, LENGTH_MAX, Matcher};

/// Rows of so many bytes are gone back by.
const ROWS: std::ops::RangeInclusive<usize> = 8..=256;

/// The row of a stream whose rows have so many bytes; 0 where they are not gone back by.
pub(super) fn row(bytes: usize) -> usize {
    if ROWS.contains(&bytes) { bytes } else { 0 }
}

impl Matcher {
    /// After a whole byte: follows the pointer through its row, then to the row before; or looks for a new one.
    pub(super) fn push_back(&mut self, history: &[u8]) {
        let (n, row) = (history.len(), self.least);
        if self.follower.pointer > 0 {
            let f = &mut self.follower;
            if history[f.pointer] == history[n - 1] {
                f.length = (f.length + 1).min(LENGTH_MAX);
                f.left -= 1;
                f.pointer += 1;
                if f.left == 0 {
                    f.left = row;
                    // Before the first row, and before the first byte, there is none.
                    f.pointer = f.pointer.saturating_sub(2 * row);
                }
            } else {
                f.pointer = 0;
            }
        }
        if n > row {
            let candidate = self.table.get(self.follower.slot) as usize;
            self.table.set(self.follower.slot, n as u32 - 1);
            // What the row before this byte came after, and whether the byte begins it.
            if self.follower.pointer == 0 && candidate > 2 * row && candidate < n {
                let start = candidate - 2 * row;
                let here = &history[n - 1 - row..n - 1];
                if history[start] == history[n - 1] && history[candidate - row..candidate] == *here
                {
                    self.follower.pointer = start + 1;
                    self.follower.left = row - 1;
                    self.follower.length = met(history, candidate, n - 1, row) as u32;
                }
            }
        }
        self.roll(history[n - 1]);
        let f = &mut self.follower;
        f.expected = (f.pointer > 0).then(|| history[f.pointer]);
    }
}

/// Bytes of rows, at most [`AGREE_MAX`], that were gone through before `here` as they follow `there`, the other way round.
fn met(history: &[u8], there: usize, here: usize, row: usize) -> usize {
    let after = history[there..].chunks_exact(row);
    let before = history[..here - row].rchunks_exact(row);
    let pairs = after.zip(before).take(AGREE_MAX / row);
    row * pairs.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::super::BACK;
    use super::*;

    /// Rows of noise.
    fn rows(count: usize, bytes: usize) -> Vec<Vec<u8>> {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let row = |_| (0..bytes).map(|_| next()).collect();
        (0..count).map(row).collect()
    }

    /// Of how many bytes, from that one on, another was expected, none, and the right one.
    fn foretold(data: &[u8], row: usize, from: usize) -> [usize; 3] {
        let mut matcher = Matcher::new(BACK, row, 16).unwrap();
        let mut counts = [0; 3];
        for n in 1..data.len() {
            matcher.push(&data[..n]);
            if n >= from {
                let right = 256 + u32::from(data[n]);
                let kind = match matcher.expected() {
                    0 => 1,
                    byte => 2 * usize::from(byte == right),
                };
                counts[kind] += 1;
            }
        }
        counts
    }

    #[test]
    fn rows_that_come_back_the_other_way_round_are_expected() {
        for row in [8, 16, 33, 256] {
            let there = rows(40, row);
            let begins = there.concat().len();
            let other = rows(43, row).split_off(40).concat();
            let back = there.iter().rev().flatten().copied();
            // Aligned as before, and not.
            for between in [&other[..0], &other[..5], &other[..]] {
                let data: Vec<u8> = (there.concat().into_iter())
                    .chain(between.iter().copied())
                    .chain(back.clone())
                    .collect();
                let from = begins + between.len();
                let [wrong, none, right] = foretold(&data, row, from);
                // The row that tells where it is, a byte of the next one; and the first row is at no place to point at.
                assert!(none <= 2 * row + 1, "{row}: {none}");
                assert!(wrong <= 1, "{row}: {wrong}");
                assert_eq!(right, data.len() - from - none - wrong);
            }
        }
    }

    #[test]
    fn a_row_that_was_left_for_another_is_given_up() {
        let there = rows(30, 16);
        let mut data = there.concat();
        data.extend(there[10..20].iter().rev().flatten());
        // From here on it goes on elsewhere.
        let from = data.len() + 1;
        data.extend(rows(60, 16).split_off(40).concat());
        let [wrong, _, right] = foretold(&data, 16, from);
        assert_eq!([wrong, right], [0, 0]);
    }

    #[test]
    fn other_rows_are_not_gone_back_by() {
        for row in [0, 1, 7, 257] {
            let there = rows(20, row.max(1));
            let data = [
                there.concat(),
                there.into_iter().rev().collect::<Vec<_>>().concat(),
            ];
            let data = data.concat();
            assert_eq!(foretold(&data, row, 1), [0, data.len() - 1, 0]);
        }
    }
}
