//! From 256 integer logits to a byte distribution, in integers (spec numerics §7).

use umoec_codec::probability::ByteDistribution;

/// Logits per binary order: a byte whose logit is 64 higher is twice as probable.
pub const STEPS: u32 = 64;

/// Smallest logit that a step graph may give.
pub const LOGIT_MIN: i32 = -4096;

/// Largest logit that a step graph may give.
pub const LOGIT_MAX: i32 = 4095;

/// `TABLE[i] = round(2^(30 - i/64))`.
#[rustfmt::skip]
pub const TABLE: [u32; STEPS as usize] = [
    1_073_741_824, 1_062_175_491, 1_050_733_751, 1_039_415_261, 1_028_218_693, 1_017_142_735,
    1_006_186_087, 995_347_464, 984_625_594, 974_019_220, 963_527_098, 953_147_997,
    942_880_699, 932_724_001, 922_676_710, 912_737_649, 902_905_651, 893_179_563,
    883_558_244, 874_040_567, 864_625_413, 855_311_680, 846_098_274, 836_984_114,
    827_968_132, 819_049_271, 810_226_483, 801_498_734, 792_865_000, 784_324_269,
    775_875_538, 767_517_817, 759_250_125, 751_071_493, 742_980_960, 734_977_579,
    727_060_411, 719_228_525, 711_481_005, 703_816_941, 696_235_434, 688_735_596,
    681_316_545, 673_977_412, 666_717_336, 659_535_466, 652_430_958, 645_402_981,
    638_450_708, 631_573_326, 624_770_026, 618_040_012, 611_382_493, 604_796_689,
    598_281_827, 591_837_143, 585_461_881, 579_155_293, 572_916_640, 566_745_190,
    560_640_218, 554_601_009, 548_626_854, 542_717_053,
];

/// The count of each byte: `TABLE[d mod 64] >> (d div 64)` where `d` is how far its logit lies
/// below the greatest; 0 from 31 binary orders on.
#[must_use]
pub fn counts(logits: &[i32; 256]) -> [u32; 256] {
    let mut counts = [0; 256];
    count(logits, &mut counts);
    counts
}

/// [`counts`] where they are to be.
pub fn count(logits: &[i32; 256], counts: &mut [u32; 256]) {
    #[cfg(target_arch = "x86_64")]
    if vectors::are_here() {
        // SAFETY: the machine has the instructions.
        #[allow(unsafe_code, reason = "vector kernel")]
        unsafe {
            vectors::count(logits, counts);
        }
        return;
    }
    one_by_one(logits, counts);
}

/// The definition.
fn one_by_one(logits: &[i32; 256], counts: &mut [u32; 256]) {
    let greatest = logits.iter().copied().fold(i32::MIN, i32::max);
    for (count, &logit) in counts.iter_mut().zip(logits) {
        let below = greatest.abs_diff(logit);
        let entry = TABLE[(below % STEPS) as usize];
        *count = entry.checked_shr(below / STEPS).unwrap_or(0);
    }
}

/// The same with AVX-512: the table is in four registers.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector kernel")]
mod vectors {
    use std::arch::x86_64::*;

    use super::TABLE;
    use crate::fused::Isa;

    /// Whether this machine has it, and nobody wants to do without.
    pub(super) fn are_here() -> bool {
        Isa::chosen().is_ok_and(|isa| isa >= Isa::Avx512)
    }

    /// # Safety
    ///
    /// The machine has the instructions.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn count(logits: &[i32; 256], counts: &mut [u32; 256]) {
        // SAFETY: loads and stores are of 16 elements of arrays that have 16 times as many, and of
        // the table's 64.
        unsafe {
            let table: [__m512i; 4] = std::array::from_fn(|part| {
                _mm512_loadu_si512(TABLE.as_ptr().add(16 * part).cast())
            });
            let load = |part: usize| _mm512_loadu_si512(logits.as_ptr().add(16 * part).cast());
            let mut greatest = load(0);
            for part in 1..16 {
                greatest = _mm512_max_epi32(greatest, load(part));
            }
            let greatest = _mm512_set1_epi32(_mm512_reduce_max_epi32(greatest));
            let high = _mm512_set1_epi32(32);
            for part in 0..16 {
                let below = _mm512_sub_epi32(greatest, load(part));
                // Places in a half of the table are the last five bits.
                let low = _mm512_permutex2var_epi32(table[0], below, table[1]);
                let other = _mm512_permutex2var_epi32(table[2], below, table[3]);
                let entry = _mm512_mask_mov_epi32(low, _mm512_test_epi32_mask(below, high), other);
                // Shifts by 32 places or more give 0.
                let count = _mm512_srlv_epi32(entry, _mm512_srli_epi32::<6>(below));
                _mm512_storeu_si512(counts.as_mut_ptr().add(16 * part).cast(), count);
            }
        }
    }
}

/// The distribution of the next byte.
#[must_use]
pub fn cumulative(logits: &[i32; 256]) -> ByteDistribution {
    ByteDistribution::from_counts(&counts(logits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_is_the_formula() {
        for (i, &entry) in TABLE.iter().enumerate() {
            let exact = (30.0 - i as f64 / 64.0).exp2();
            assert!((f64::from(entry) - exact).abs() <= 0.5, "{i}");
        }
    }

    #[test]
    fn extremes_are_valid() {
        let mut logits = [LOGIT_MIN; 256];
        logits[7] = LOGIT_MAX;
        assert_eq!(cumulative(&logits).interval(7).size, 65_536 - 255);
        let flat = cumulative(&[LOGIT_MIN; 256]);
        assert!((0..=255).all(|byte| flat.interval(byte).size == 256));
        let mut any = [i32::MIN; 256];
        any[0] = i32::MAX;
        assert_eq!(cumulative(&any).interval(0).size, 65_536 - 255);
    }

    #[test]
    fn sixty_four_steps_are_a_factor_of_two() {
        let mut logits = [LOGIT_MIN; 256];
        (logits[0], logits[1]) = (64, 0);
        let counts = counts(&logits);
        assert_eq!((counts[0], counts[1]), (1 << 30, 1 << 29));
    }

    proptest! {
        #[test]
        fn all_kernels_count_the_same(
            logits in prop::collection::vec(prop_oneof![LOGIT_MIN..=LOGIT_MAX, any::<i32>()], 256),
        ) {
            let logits: [i32; 256] = logits.try_into().unwrap();
            let mut defined = [0; 256];
            one_by_one(&logits, &mut defined);
            prop_assert_eq!(counts(&logits), defined);
        }

        #[test]
        fn every_distribution_is_valid(
            logits in prop::collection::vec(LOGIT_MIN..=LOGIT_MAX, 256),
        ) {
            let logits: [i32; 256] = logits.try_into().unwrap();
            let table = cumulative(&logits);
            for byte in 0..=255u8 {
                let interval = table.interval(byte);
                prop_assert!(interval.size >= 1);
                prop_assert_eq!(table.symbol_at(interval.start), byte);
            }
            // A higher logit never has the smaller share, but for one count of rounding.
            for pair in 0..255u8 {
                let [a, b] = [pair, pair + 1].map(|byte| table.interval(byte).size);
                if logits[usize::from(pair)] >= logits[usize::from(pair) + 1] {
                    prop_assert!(a + 1 >= b);
                }
            }
        }
    }
}
