//! Few of many numbers: those that are not zero, in an open hash table (Knuth, The Art of Computer Programming 3, 6.4,
//! algorithm L).

/// Numbers by their keys, all zero at first.
pub(crate) struct Sparse<T> {
    /// A key plus one, or 0 where there is none, in a power of two of places, at most half of which are taken.
    keys: Vec<u32>,
    values: Vec<T>,
    taken: usize,
}

impl<T: Copy + Default> Sparse<T> {
    /// Room for so many keys; more make it grow.
    pub(crate) fn new(most: usize) -> Self {
        let places = (2 * most).next_power_of_two().max(16);
        Self {
            keys: vec![0; places],
            values: vec![T::default(); places],
            taken: 0,
        }
    }

    /// The place of a key, or the free one where it belongs.
    #[inline(always)]
    fn place(&self, key: u32) -> usize {
        // 2^32 divided by the golden ratio: the upper bits are mixed best.
        let shift = 32 - self.keys.len().ilog2();
        let mut at = (key.wrapping_mul(0x9E37_79B1) >> shift) as usize;
        while self.keys[at] != 0 && self.keys[at] != key + 1 {
            at = (at + 1) & (self.keys.len() - 1);
        }
        at
    }

    /// The number of a key below 2^32 - 1.
    #[inline(always)]
    pub(crate) fn get(&self, key: u32) -> T {
        // That of a free place is 0.
        self.values[self.place(key)]
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, key: u32, value: T) {
        let at = self.place(key);
        self.values[at] = value;
        if self.keys[at] == 0 {
            self.keys[at] = key + 1;
            self.taken += 1;
            if 2 * self.taken > self.keys.len() {
                self.grow();
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Self::new(self.keys.len());
        let old = std::mem::replace(self, larger);
        for (key, value) in old.keys.into_iter().zip(old.values) {
            if key > 0 {
                self.set(key - 1, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn it_is_a_map_that_grows() {
        let (mut sparse, mut map) = (Sparse::<u16>::new(5), HashMap::new());
        let mut key = 1_u32;
        for step in 0..5000_u32 {
            // Keys come again, and some are next to each other.
            key = key.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (key >> 20) * if step % 3 == 0 { 1 } else { 1_000_003 };
            assert_eq!(sparse.get(at), map.get(&at).copied().unwrap_or(0));
            sparse.set(at, step as u16);
            map.insert(at, step as u16);
        }
        assert!(map.len() > 3000);
        assert_eq!(sparse.taken, map.len());
        for (&key, &value) in &map {
            assert_eq!(sparse.get(key), value);
        }
    }
}
