//! Pseudo-random numbers that never change: vectors are made of them.

/// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high bits of the product: no division, and the bias of 2^-32 is nobody's concern.
        ((u128::from(self.word()) * u128::from(bound)) >> 64) as u64
    }

    /// As [`below`](Self::below), for places in memory.
    pub fn index(&mut self, bound: usize) -> usize {
        self.below(bound as u64) as usize
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        self.word() as u8
    }

    /// About 0, most of the time within `spread` of it: the sum of four.
    pub fn around_zero(&mut self, spread: u64) -> i64 {
        let sum: u64 = (0..4).map(|_| self.below(spread + 1)).sum();
        sum as i64 - 2 * spread as i64
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_is_that_of_the_reference() {
        // The first outputs of Vigna's splitmix64.c for the seed 1234567.
        let mut random = Random::new(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(expected.map(|_| random.word()), expected);
    }

    #[test]
    fn bounds_hold() {
        let mut random = Random::new(0);
        for bound in 1..200 {
            assert!(random.below(bound) < bound);
            assert!(random.around_zero(bound).unsigned_abs() <= 2 * bound);
        }
    }
}
