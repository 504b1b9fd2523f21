//! The logistic domain in integers (`spec.md`, section 2).
//!
//! `squash` maps x, the logit `ln(p / (1 - p))` in units of 1/256, to a probability in units
//! of 2^-16; `stretch` is its inverse on 12 bits. Both are tables made by integer arithmetic
//! alone, so they are the same on every machine.

use std::sync::LazyLock;

/// Largest magnitude of a logit: 11.0, where a probability is within one unit of certainty.
pub(crate) const LOGIT_MAX: i32 = 2815;

/// floor(e^(1/256) * 2^62).
const E_256TH: u128 = 4_629_735_647_166_717_428;

/// Fraction bits of the powers of e that the table is made of.
const FRACTION: u32 = 40;

/// The tables, made once per process.
pub(crate) struct Tables {
    /// `squash(x - LOGIT_MAX)`.
    squash: Box<[u16; (2 * LOGIT_MAX + 1) as usize]>,
    /// `stretch(16 * i)`.
    stretch: Box<[i16; 4096]>,
}

pub(crate) static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

impl Tables {
    fn new() -> Self {
        let mut squash = Box::new([0u16; (2 * LOGIT_MAX + 1) as usize]);
        let one = 1u128 << FRACTION;
        let mut power = one;
        for x in 0..=LOGIT_MAX {
            let sum = power + one;
            let p = ((power << 16) + sum / 2) / sum;
            let p = p.min(65_535) as u32;
            squash[(LOGIT_MAX + x) as usize] = p as u16;
            squash[(LOGIT_MAX - x) as usize] = (65_536 - p) as u16;
            power = (power * E_256TH) >> 62;
        }
        let mut stretch = Box::new([0i16; 4096]);
        let mut x = -LOGIT_MAX;
        for (i, slot) in stretch.iter_mut().enumerate() {
            let p = 16 * i as u32 + 8;
            while x < LOGIT_MAX && u32::from(squash[(x + 1 + LOGIT_MAX) as usize]) <= p {
                x += 1;
            }
            *slot = x as i16;
        }
        Self { squash, stretch }
    }

    /// The probability of logit `x`, which is clamped to the domain: 1..=65535.
    #[inline(always)]
    pub(crate) fn squash(&self, x: i32) -> i32 {
        let x = x.clamp(-LOGIT_MAX, LOGIT_MAX);
        i32::from(self.squash[(x + LOGIT_MAX) as usize])
    }

    /// The logit of probability `p` (16 bits, of which the upper 12 count).
    #[inline(always)]
    pub(crate) fn stretch(&self, p: u32) -> i32 {
        i32::from(self.stretch[(p >> 4) as usize & 4095])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_is_the_root_of_e() {
        let exact = (1.0f64 / 256.0).exp() * 2f64.powi(62);
        assert!((exact - E_256TH as f64).abs() < 2048.0);
    }

    #[test]
    fn squash_is_the_logistic_function() {
        for x in -LOGIT_MAX..=LOGIT_MAX {
            let exact = 65_536.0 / (1.0 + (-f64::from(x) / 256.0).exp());
            let p = f64::from(TABLES.squash(x));
            assert!(
                (p - exact.clamp(1.0, 65_535.0)).abs() <= 0.51,
                "{x}: {p} {exact}"
            );
        }
        assert_eq!(TABLES.squash(0), 32_768);
        assert_eq!(TABLES.squash(i32::MIN), 1);
        assert_eq!(TABLES.squash(i32::MAX), 65_535);
    }

    #[test]
    fn stretch_inverts_squash() {
        for i in 0..4096 {
            let x = TABLES.stretch(i * 16);
            assert!(TABLES.squash(x) <= 16 * i as i32 + 8);
            assert!(x == LOGIT_MAX || TABLES.squash(x + 1) > 16 * i as i32 + 8);
        }
    }
}
